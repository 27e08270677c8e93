#!/usr/bin/env node
import { EXIT } from './exit-codes.js';
import { main } from './main.js';

/** Whoever reads no further, as `head` does, has what it wanted: no failure. A full disk has not the answer. */
process.stdout.on('error', ({ code = 'unknown error' }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit();
  process.stderr.write(`holdfast: standard output cannot be written: ${code}\n`);
  process.exit(EXIT.failed);
});
/** Who cannot be told still has the exit code. */
process.stderr.on('error', () => undefined);

// What libraries warn programmers of is noise to who runs a command.
if ((process.env['HOLDFAST_DEBUG'] ?? '') === '') process.removeAllListeners('warning');

/** The line of whoever waited is not left behind. `top` gives its screen back by itself when the process ends. */
process.once('SIGINT', () => {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  process.exit(130);
});

const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    stream.write('', () => resolve());
  });

const run = async (): Promise<void> => {
  process.exitCode = await main(process.argv.slice(2), {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    folder: process.cwd(),
  });
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // A module that was explained, or a connection that was kept, may hold the process otherwise.
  process.exit();
};

void run();
