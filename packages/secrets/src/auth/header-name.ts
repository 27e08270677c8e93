/** A token of RFC 9110. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;

export const isHeaderName = (name: unknown): name is string => typeof name === 'string' && HEADER_NAME.test(name);
