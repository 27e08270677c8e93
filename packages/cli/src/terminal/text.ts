/** Escape sequences of terminals, as this package writes them: colours and styles. */
// eslint-disable-next-line no-control-regex
const STYLES = /\u001B\[[0-9;]*m/g;
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]|[\u202A-\u202E\u2066-\u2069]/g;
const NO_WIDTH = /\p{Mark}|\p{Default_Ignorable_Code_Point}/u;
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

export const withoutStyles = (text: string): string => text.replaceAll(STYLES, '');

/**
 * Text that came from outside, made harmless: names of methods and messages of servers could otherwise move the cursor
 * or recolour the terminal.
 */
export const printable = (text: string): string => text.replaceAll(CONTROLS, '\uFFFD');

/** The same text of JSON without characters that a terminal would obey, or show in another order: as escapes. */
export const printableJson = (json: string): string =>
  json.replaceAll(CONTROLS, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const widthOfCharacter = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

/** How many cells of a terminal text takes, styles not counted. */
export const widthOf = (text: string): number => {
  let width = 0;
  for (const character of withoutStyles(text)) width += widthOfCharacter(character);
  return width;
};

/** The longest beginning of plain text that fits, with `ellipsis` where something is left out. */
export const fit = (text: string, width: number, ellipsis: string): string => {
  if (widthOf(text) <= width) return text;
  const room = width - widthOf(ellipsis);
  if (room < 1 && ellipsis !== '') return fit(text, width, '');
  let kept = '';
  let taken = 0;
  for (const character of text) {
    taken += widthOfCharacter(character);
    if (taken > room) break;
    kept += character;
  }
  return kept + ellipsis;
};

/** Blanks up to `width`, behind the text or, for numbers, before it. */
export const padded = (text: string, width: number, align: 'left' | 'right' = 'left'): string => {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? blanks + text : text + blanks;
};

/** Plain text in lines of at most `width` cells, broken between words; a longer word stays whole. */
export const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
};
