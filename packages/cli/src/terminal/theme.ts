/** What decides about colours: a stream's terminal and the environment. */
export interface StreamFacts {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

type Painter = (text: string) => string;

export interface Paint {
  readonly bold: Painter;
  readonly dim: Painter;
  readonly red: Painter;
  readonly green: Painter;
  readonly yellow: Painter;
  readonly cyan: Painter;
}

export interface Symbols {
  readonly passed: string;
  readonly failed: string;
  readonly skipped: string;
  readonly warning: string;
  readonly remedy: string;
  readonly ellipsis: string;
  readonly none: string;
  readonly separator: string;
  readonly frames: readonly string[];
}

const UNICODE: Symbols = {
  passed: '✓',
  failed: '✗',
  skipped: '–',
  warning: '!',
  remedy: '→',
  ellipsis: '…',
  none: '–',
  separator: '·',
  frames: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
};

const ASCII: Symbols = {
  passed: 'ok',
  failed: 'FAILED',
  skipped: '-',
  warning: '!',
  remedy: '->',
  ellipsis: '...',
  none: '-',
  separator: '|',
  frames: ['|', '/', '-', '\\'],
};

/** How to write to one stream. */
export interface Theme {
  readonly isTerminal: boolean;
  readonly hasColours: boolean;
  readonly paint: Paint;
  readonly symbols: Symbols;
  /** Cells in a line; undefined where lines may be of any length. */
  readonly columns: number | undefined;
}

const OFF = new Set(['0', 'false', 'no']);
const DUMB = 'dumb';

/** `FORCE_COLOR` decides where it is set, then `NO_COLOR`, then whether the stream is a terminal that knows colours. */
export const hasColours = (stream: StreamFacts, environment: Environment): boolean => {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = environment;
  if (forced !== undefined && forced !== '') return !OFF.has(forced.toLowerCase());
  if (refused !== undefined && refused !== '') return false;
  return stream.isTTY === true && terminal !== DUMB;
};

/** By the locale, as the terminal's own programs go by it. The console of Linux itself has no font for the symbols. */
export const hasUnicode = (environment: Environment, platform: NodeJS.Platform): boolean => {
  if (platform === 'win32') return environment['WT_SESSION'] !== undefined || environment['TERM_PROGRAM'] !== undefined;
  if (environment['TERM'] === 'linux' || environment['TERM'] === DUMB) return false;
  const locale = [environment['LC_ALL'], environment['LC_CTYPE'], environment['LANG']].find(
    (each) => each !== undefined && each !== '',
  );
  return /utf-?8/i.test(locale ?? '');
};

const painter =
  (isOn: boolean, from: number, to: number): Painter =>
  (text) =>
    isOn && text !== '' ? `\u001B[${from}m${text}\u001B[${to}m` : text;

const paintOf = (isOn: boolean): Paint => ({
  bold: painter(isOn, 1, 22),
  dim: painter(isOn, 2, 22),
  red: painter(isOn, 31, 39),
  green: painter(isOn, 32, 39),
  yellow: painter(isOn, 33, 39),
  cyan: painter(isOn, 36, 39),
});

export const themeOf = (
  stream: StreamFacts,
  environment: Environment,
  platform: NodeJS.Platform = process.platform,
): Theme => {
  const colours = hasColours(stream, environment);
  const isTerminal = stream.isTTY === true;
  return {
    isTerminal,
    hasColours: colours,
    paint: paintOf(colours),
    symbols: hasUnicode(environment, platform) ? UNICODE : ASCII,
    // A pseudo-terminal that was never told its size says 0.
    columns: isTerminal && (stream.columns ?? 0) > 0 ? stream.columns : isTerminal ? 80 : undefined,
  };
};
