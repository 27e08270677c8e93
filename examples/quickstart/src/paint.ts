/** Colours, where the reader has them. The text says everything without. */
export interface Paint {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
}

const escape = (on: number, off: number) => (text: string) => (text === '' ? '' : `\u001B[${on}m${text}\u001B[${off}m`);
const plainly = (text: string): string => text;

export const colours: Paint = {
  bold: escape(1, 22),
  dim: escape(2, 22),
  green: escape(32, 39),
  yellow: escape(33, 39),
  red: escape(31, 39),
};

export const noColours: Paint = { bold: plainly, dim: plainly, green: plainly, yellow: plainly, red: plainly };
