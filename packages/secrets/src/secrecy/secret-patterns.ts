/** What looks like a secret, whoever made it. Each expression is linear in the length of the text. */

const MASK = '[redacted]';

const SENSITIVE = String.raw`pass(?:word|wd|phrase)?|pwd|secret|token|(?:api|access|private)[-_]?key|credentials?|authorization|cookie`;

/** Of the name of a field or a header. */
export const SENSITIVE_NAME = new RegExp(
  String.raw`(?:pass(?:word|wd|phrase)?|pwd)$|secret|token|(?:api|access|private)[-_]?key|credential|(?:^|-)authorization$|(?:^|-)cookie$`,
  'i',
);

const VALUE = String.raw`\[redacted\]|"(?:[^"\\]|\\.){0,4096}"|'(?:[^'\\]|\\.){0,4096}'|[^\s,;&}\]"']+`;

type Rule = readonly [RegExp, (match: string, ...groups: string[]) => string];

/** Prose such as "basic functionality" has neither capitals nor digits. */
const isBase64 = (text: string): boolean => /[A-Z\d=]/.test(text);

const RULES: readonly Rule[] = [
  // Headers whose whole line is the secret: schemes of other names than below, several cookies.
  [
    /\b((?:proxy-)?authorization|(?:set-)?cookie)([ \t]{0,4}:[ \t]{0,4})(?!(?:bearer|basic)\s)[^\s"'][^\r\n"']{0,4096}/gi,
    (_, name, colon) => `${name}${colon}${MASK}`,
  ],
  // In URLs: whatever stands before the last @ of the authority.
  [/([a-z][a-z\d+.-]{0,31}:\/\/)[^\s/?#]{1,1024}@/gi, (_, scheme) => `${scheme}${MASK}@`],
  [/\b(bearer)(\s+)[\w+/=.~:-]{6,}/gi, (_, scheme, blank) => `${scheme}${blank}${MASK}`],
  [/\b(basic)(\s+)([\w+/=-]{6,})/gi, (all, scheme, blank, text) => (isBase64(text) ? `${scheme}${blank}${MASK}` : all)],
  [/\beyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*/g, () => MASK],
  [/\bhv[sbr]\.[\w-]{10,}/g, () => MASK],
  [
    new RegExp(`((["']?)[\\w.-]{0,32}(?:${SENSITIVE})\\2\\s{0,4}[=:]\\s{0,4})(?:${VALUE})`, 'gi'),
    (_, name) => `${name}${MASK}`,
  ],
];

/** The text without what looks like a credential: bearers, passwords in URLs, tokens, `name=value` of telling names. */
export const withoutPatterns = (text: string): string =>
  RULES.reduce((rest, [pattern, replacement]) => rest.replaceAll(pattern, replacement), text);
