/** A program in a pseudo-terminal, and its screen as a picture. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root } from '../pnpm.mjs';

const ofTheCli = createRequire(join(root, 'packages/cli/package.json'));
const { spawn } = ofTheCli('@lydell/node-pty');
const { Terminal } = ofTheCli('@xterm/headless');

/** Runs a program until `isDone` says so of its screen, or until it ends; then types `keys`. */
export const watch = async (file, args, { columns, rows, env, isDone = () => false, keys = '' }) => {
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true });
  const child = spawn(file, args, {
    name: 'xterm-256color',
    cols: columns,
    rows,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LANG: 'C.UTF-8', ...env },
  });
  const ended = new Promise((resolve) => {
    child.onExit(({ exitCode }) => terminal.write('', () => resolve(exitCode)));
  });
  const done = new Promise((resolve) => {
    child.onData((data) => {
      terminal.write(data, () => {
        if (isDone(textOf(terminal))) resolve();
      });
    });
  });
  await Promise.race([done, ended]);
  // The screen is the one before the keys, which may end it.
  const seen = { screen: cellsOf(terminal), text: textOf(terminal) };
  if (keys !== '') child.write(keys);
  return { ...seen, exitCode: await ended };
};

const linesOf = ({ buffer: { active }, rows }) =>
  Array.from({ length: rows }, (_, row) => active.getLine(active.viewportY + row));

const textOf = (terminal) =>
  linesOf(terminal)
    .map((line) => line?.translateToString(true) ?? '')
    .join('\n')
    .trimEnd();

/** Each line as runs of cells that look the same. */
const cellsOf = (terminal) =>
  linesOf(terminal).map((line) => {
    const runs = [];
    for (let column = 0; column < terminal.cols; column += 1) {
      const cell = line?.getCell(column);
      const style = {
        colour: cell?.isFgPalette() ? cell.getFgColor() : undefined,
        bold: Boolean(cell?.isBold()),
        dim: Boolean(cell?.isDim()),
      };
      const characters = cell?.getChars() || ' ';
      const last = runs.at(-1);
      if (last && JSON.stringify(last.style) === JSON.stringify(style)) last.text += characters;
      else runs.push({ column, style, text: characters });
    }
    return runs;
  });

const COLOURS = { 1: '#f7768e', 2: '#9ece6a', 3: '#e0af68', 6: '#7dcfff' };
const [WIDTH, HEIGHT, PADDING, SIZE] = [8.4, 19, 16, 14];

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const wordsOf = ({ column, style, text }) =>
  [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: words, index }) => ({ column: column + index, style, text: words }));

const textAt = ({ column, style: { colour, bold, dim }, text }, y) => {
  const attributes = [
    `x="${(PADDING + column * WIDTH).toFixed(1)}"`,
    `y="${y}"`,
    // Whatever the font: each character in its cell.
    `textLength="${([...text].length * WIDTH).toFixed(1)}"`,
    colour === undefined ? '' : `fill="${COLOURS[colour] ?? '#c0caf5'}"`,
    bold ? 'font-weight="bold"' : '',
    dim ? 'opacity="0.6"' : '',
  ];
  return `<text ${attributes.filter((each) => each !== '').join(' ')}>${escaped(text)}</text>`;
};

/** The screen below the line that was typed, with a title for those who do not see it. */
export const pictureOf = ({ screen }, { command, title, columns }) => {
  const used = screen.findLastIndex((runs) => runs.some(({ text }) => text.trim() !== '')) + 1;
  const lines = [
    [
      { column: 0, style: { dim: true }, text: '$ ' },
      { column: 2, style: { bold: true }, text: command },
    ],
  ];
  lines.push([], ...screen.slice(0, used));
  const [width, height] = [Math.ceil(columns * WIDTH + 2 * PADDING), lines.length * HEIGHT + 2 * PADDING];
  const body = lines.flatMap((runs, row) =>
    runs.flatMap(wordsOf).map((words) => textAt(words, PADDING + row * HEIGHT + SIZE)),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#1a1b26"/>`,
    `<g fill="#c0caf5" font-size="${SIZE}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" xml:space="preserve">`,
    ...body,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
};
