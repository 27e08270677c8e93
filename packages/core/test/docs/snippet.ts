/**
 * Snippets of the documentation: every fenced block of TypeScript, as a module that can be compiled and run.
 *
 *   <!-- page setup: … -->   code that stands before every snippet of the page
 *   <!-- setup: … -->        code that stands before the next snippet
 *   ```ts                    a snippet in the standard dialect; ```ts legacy: with experimentalDecorators
 *   ```text                  directly after a snippet: what it prints
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Dialect = 'standard' | 'legacy';

export interface Snippet {
  /** `docs/order.md:12`, the line of its first line of code. */
  readonly name: string;
  readonly dialect: Dialect;
  readonly setup: string;
  readonly code: string;
  /** What the page shows as its output. */
  readonly output: string | undefined;
}

const SNIPPET = /^ts(?: (legacy))?$/;
/** Blocks that are shown and not run. */
const OTHER_FENCES = new Set(['sh', 'text', 'json', 'python', 'promql', 'yaml']);
const COMMENT = /^<!-- (page setup|setup):$/;

interface Fence {
  readonly info: string;
  readonly line: number;
  readonly body: string;
}

interface Draft extends Omit<Snippet, 'output'> {
  output: string | undefined;
}

class Page {
  readonly snippets: Draft[] = [];
  readonly #file: string;
  readonly #lines: readonly string[];
  #line = 0;
  #pageSetup = '';
  #setup = '';
  /** The snippet whose output may follow. */
  #printer: Draft | undefined;

  constructor(file: string, text: string) {
    this.#file = file;
    this.#lines = text.split('\n');
    while (this.#line < this.#lines.length) this.#read();
    if (this.#setup !== '') throw this.#error('a setup without a snippet');
  }

  #read(): void {
    const line = this.#lines[this.#line] as string;
    const comment = COMMENT.exec(line);
    if (comment !== null) return this.#readSetup(comment[1] as string);
    if (line.startsWith('```')) return this.#readFence(line.slice(3));
    if (line.trim() !== '') {
      if (this.#setup !== '') throw this.#error('a setup must stand directly before its snippet');
      this.#printer = undefined;
    }
    this.#line += 1;
  }

  #readSetup(kind: string): void {
    const body = this.#until('-->');
    if (kind === 'page setup') this.#pageSetup += body;
    else this.#setup += body;
  }

  #readFence(info: string): void {
    const line = this.#line + 2;
    const fence = { info, line, body: this.#until('```') };
    const snippet = SNIPPET.exec(info);
    if (snippet !== null) return this.#addSnippet(fence, snippet[1] === 'legacy' ? 'legacy' : 'standard');
    if (!OTHER_FENCES.has(info)) throw this.#error(`a fence of unknown kind '${info}'`);
    if (info === 'text' && this.#printer !== undefined) this.#printer.output = fence.body;
    this.#printer = undefined;
  }

  #addSnippet({ line, body }: Fence, dialect: Dialect): void {
    const setup = this.#pageSetup + this.#setup;
    this.#printer = { name: `${this.#file}:${line}`, dialect, setup, code: body, output: undefined };
    this.#setup = '';
    this.snippets.push(this.#printer);
  }

  /** The lines between the present one and the next that is `end`; moves behind it. */
  #until(end: string): string {
    const from = this.#line + 1;
    const to = this.#lines.indexOf(end, from);
    if (to < 0) throw this.#error(`no '${end}' for the line`);
    this.#line = to + 1;
    return this.#lines
      .slice(from, to)
      .map((line) => `${line}\n`)
      .join('');
  }

  #error(problem: string): Error {
    return new Error(`${this.#file}:${this.#line + 1}: ${problem}`);
  }
}

/** The snippets of one page, in order. @throws Error with file and line on a page that is not well-formed. */
export const snippetsOf = (root: string, file: string): readonly Snippet[] =>
  new Page(file, readFileSync(join(root, file), 'utf8')).snippets;
