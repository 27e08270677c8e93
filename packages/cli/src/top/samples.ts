/** One line of Prometheus text. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/s;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/gs;
const ESCAPED: Readonly<Record<string, string>> = { n: '\n' };

const labelsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(LABEL)].map(([, name = '', value = '']) => [
      name,
      value.replaceAll(/\\(.)/gs, (_, escaped: string) => ESCAPED[escaped] ?? escaped),
    ]),
  );

/** The samples of Prometheus text, version 0.0.4; lines that are none are passed over. */
export const samplesOf = (text: string): Sample[] =>
  text.split('\n').flatMap((line) => {
    const [, name, labels = '', value] = LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) return [];
    const number = Number(value.replace(/^\+?Inf$/, 'Infinity').replace(/^-Inf$/, '-Infinity'));
    return [{ name, labels: labelsOf(labels), value: number }];
  });
