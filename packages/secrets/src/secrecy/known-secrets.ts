/**
 * What is secret in this process, as far as this package has made it: values of `Secret` and data of envelopes, for as
 * long as anybody else holds them. Nothing lives longer for being known here.
 */
const values = new WeakMap<object, unknown>();
const owners = new Set<WeakRef<object>>();
const gone = new FinalizationRegistry<WeakRef<object>>((reference) => owners.delete(reference));

/** Names of what stands beside secrets and is none: redacting those would take the sense out of a log. */
const OPEN_NAME =
  /^(?:\w{0,32}[_-])?(?:host|hostname|user|username|login|port|region|engine|database|db_?name|schema|scheme|type|email)$/i;
const DEEPEST = 6;

/** @param value must not refer to `owner`: it would never go. */
export const remember = (owner: object, value: unknown): void => {
  const reference = new WeakRef(owner);
  values.set(owner, value);
  owners.add(reference);
  gone.register(owner, reference);
};

const textsIn = (value: unknown, depth: number): string[] => {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array) return [Buffer.from(value).toString('base64'), Buffer.from(value).toString('hex')];
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  return Object.entries(value).flatMap(([name, each]) => (OPEN_NAME.test(name) ? [] : textsIn(each, depth - 1)));
};

/** Every text that is secret now. */
export const knownSecrets = (): string[] =>
  [...owners].flatMap((reference) => {
    const owner = reference.deref();
    return owner === undefined ? [] : textsIn(values.get(owner), DEEPEST);
  });
