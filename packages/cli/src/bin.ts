#!/usr/bin/env node
import { main } from './main.js';

/** Whoever reads no further, as `head` does, has what it wanted: no failure. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit();
    throw error;
  });
}

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
