import type { Warning } from '@holdfast/core';
import { printable, wrapped } from '../terminal/text.js';
import type { Theme } from '../terminal/theme.js';
import { counted, duration } from '../terminal/units.js';

/** A method as core explains it, or as an inspector tells it. */
export interface MethodToPrint {
  readonly method: string;
  readonly kind: string;
  readonly stack: readonly {
    readonly policy: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly state?: unknown;
  }[];
  /** null or Infinity: nothing bounds it. */
  readonly worstCaseMs: number | null;
  readonly amplification: number;
  readonly warnings: readonly Pick<Warning, 'code' | 'message' | 'remedy' | 'docs'>[];
}

const show = (value: unknown): string => {
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return JSON.stringify(value) ?? '{}';
  return String(value);
};

const optionsOf = (options: Readonly<Record<string, unknown>>): string =>
  Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${show(value)}`)
    .join(' ');

const STATE_COLOURS: Readonly<Record<string, 'green' | 'red' | 'yellow'>> = {
  closed: 'green',
  open: 'red',
  isolated: 'red',
  'half-open': 'yellow',
};

const stateOf = (state: unknown, { paint }: Theme): string => {
  if (typeof state !== 'string') return '';
  const colour = Object.hasOwn(STATE_COLOURS, state) ? STATE_COLOURS[state] : undefined;
  const text = `[${printable(state)}]`;
  return ` ${colour === undefined ? text : paint[colour](text)}`;
};

/** Text behind a heading of its own, its further lines below its first. */
const hanging = (text: string, indent: number, { columns }: Theme): string[] => {
  const width = Math.max(20, (columns ?? Infinity) - indent);
  return wrapped(printable(text), width).map((line, index) => (index === 0 ? line : ' '.repeat(indent) + line));
};

const stackLines = ({ stack }: MethodToPrint, theme: Theme): string[] => {
  const width = Math.max(0, ...stack.map(({ policy }) => policy.length));
  return stack.flatMap(({ policy, options, state }) => {
    const name = printable(policy).padEnd(width);
    const lines = hanging(optionsOf(options), width + 6, theme);
    const head = `    ${theme.paint.cyan(name)}`;
    const now = stateOf(state, theme);
    return [`${head}  ${lines[0] ?? ''}${now}`.trimEnd(), ...lines.slice(1)];
  });
};

const warningLines = ({ warnings }: MethodToPrint, theme: Theme): string[] => {
  const { paint, symbols } = theme;
  return warnings.flatMap(({ code, message, remedy, docs }) => [
    `    ${paint.yellow(`${symbols.warning} ${printable(code)}`)}`,
    `      ${hanging(message, 6, theme).join('\n')}`,
    `      ${symbols.remedy} ${hanging(remedy, 8, theme).join('\n')}`,
    `      ${paint.dim(printable(docs))}`,
  ]);
};

const headOf = ({ method, kind, worstCaseMs, amplification }: MethodToPrint, { paint, symbols }: Theme): string => {
  const isBounded = worstCaseMs !== null && Number.isFinite(worstCaseMs);
  const worst = isBounded ? duration(worstCaseMs) : 'unbounded';
  const runs = amplification === 1 ? '1 run' : `up to ${counted(amplification, 'run')}`;
  return `${paint.bold(printable(method))} (${printable(kind)})  worst case ${worst} ${symbols.separator} ${runs} per call`;
};

const summaryOf = (methods: readonly MethodToPrint[], { paint }: Theme): string => {
  const warnings = methods.reduce((sum, each) => sum + each.warnings.length, 0);
  const found = warnings === 0 ? paint.green('no warnings') : paint.yellow(counted(warnings, 'warning'));
  return `${counted(methods.length, 'method')}, ${found}`;
};

/** Method by method: the policies in running order, outermost first, and what the advisor warns of. */
export const explanationLines = (
  methods: readonly MethodToPrint[],
  notCovered: readonly { readonly method: string; readonly reason: string }[],
  theme: Theme,
): string[] => [
  ...methods.flatMap((each) => [headOf(each, theme), ...stackLines(each, theme), ...warningLines(each, theme), '']),
  ...notCovered.map(({ method, reason }) => printable(`${method}: not covered by the class, ${reason}`)),
  ...(notCovered.length > 0 ? [''] : []),
  summaryOf(methods, theme),
];
