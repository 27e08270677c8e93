/**
 * A small strict parser of Prometheus text, version 0.0.4: one HELP and one TYPE before the samples of a family, families in
 * one piece, known types, names and escapes as they must be, no series twice, buckets that ascend and end in +Inf.
 */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly series: Series[];
}

const HELP = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)$/;
const TYPE = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*",?)+)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/gy;
const NUMBER = /^(?:[+-]Inf|NaN|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/;

const numberOf = (text: string, line: string): number => {
  if (!NUMBER.test(text)) throw new Error(`no number: ${line}`);
  return Number(text.replace('Inf', 'Infinity'));
};

const labelsOf = (text: string, line: string): Record<string, string> => {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text);
    if (match === null) throw new Error(`broken labels: ${line}`);
    const [, label = '', value = ''] = match;
    if (labels.has(label)) throw new Error(`a label twice: ${line}`);
    labels.set(
      label,
      value.replaceAll(/\\([\\"n])/g, (_, what: string) => (what === 'n' ? '\n' : what)),
    );
  }
  return Object.fromEntries(labels);
};

const familyOf = (name: string, type: string): string =>
  type === 'histogram' ? name.replace(/_(?:bucket|sum|count)$/, '') : name;

const keyOf = ({ name, labels }: Series, without?: string): string =>
  JSON.stringify([
    name,
    Object.entries(labels)
      .filter(([label]) => label !== without)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  ]);

const checkHistogram = (name: string, { series }: ParsedFamily): void => {
  const ends = new Map<string, Series[]>();
  for (const each of series.filter((one) => one.name === `${name}_bucket`)) {
    const key = keyOf({ ...each, name }, 'le');
    ends.set(key, [...(ends.get(key) ?? []), each]);
  }
  for (const [key, buckets] of ends) {
    const bounds = buckets.map(({ labels }) => numberOf(labels['le'] ?? '', key));
    const values = buckets.map(({ value }) => value);
    const isAscending = (list: number[]): boolean =>
      list.every((each, index) => index === 0 || each >= (list[index - 1] as number));
    if (bounds.at(-1) !== Infinity || !isAscending(bounds) || !isAscending(values))
      throw new Error(`broken buckets: ${key}`);
    const count = series.find((one) => one.name === `${name}_count` && keyOf({ ...one, name }) === key);
    if (count?.value !== values.at(-1)) throw new Error(`buckets and count differ: ${key}`);
    if (!series.some((one) => one.name === `${name}_sum` && keyOf({ ...one, name }) === key))
      throw new Error(`no sum: ${key}`);
  }
};

const checkFamily = (name: string, family: ParsedFamily): void => {
  const { type, series } = family;
  if (series.length === 0) throw new Error(`no series: ${name}`);
  if (type === 'counter' && (!name.endsWith('_total') || series.some(({ value }) => !(value >= 0))))
    throw new Error(`no counter: ${name}`);
  if (new Set(series.map((each) => keyOf(each))).size < series.length) throw new Error(`a series twice: ${name}`);
  if (type === 'histogram') checkHistogram(name, family);
};

/** @throws Error on anything that a scraper might not take. */
export const parseMetrics = (text: string): ReadonlyMap<string, ParsedFamily> => {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ParsedFamily>();
  let current = '';
  let help: RegExpExecArray | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const type = TYPE.exec(line);
    if (line.startsWith('# HELP')) {
      help = HELP.exec(line);
      if (help === null) throw new Error(`broken help: ${line}`);
    } else if (type !== null) {
      [, current = ''] = type;
      if (help?.[1] !== current || families.has(current)) throw new Error(`a type without its help, or twice: ${line}`);
      families.set(current, { type: type[2] as string, help: help[2] as string, series: [] });
    } else {
      const sample = SAMPLE.exec(line);
      const family = families.get(current);
      if (sample === null || family === undefined) throw new Error(`no sample: ${line}`);
      const [, name = '', labels = '', value = ''] = sample;
      if (familyOf(name, family.type) !== current) throw new Error(`a sample in another family: ${line}`);
      family.series.push({ name, labels: labelsOf(labels, line), value: numberOf(value, line) });
    }
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
};
