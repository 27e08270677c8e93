import { randomBytes } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { chmod, link, lstat, realpath, rename, unlink } from 'node:fs/promises';
import { type Server, connect } from 'node:net';
import { dirname, resolve } from 'node:path';
import type { ConfigurationError } from '@holdfast/core';
import { wrongIn } from '../options.js';

const wrong = wrongIn('startInspector');

const GROUP_AND_OTHERS_WRITE = 0o022;
const OTHERS_WRITE = 0o002;
/** In such a folder, as /tmp, nobody replaces what is another's. */
const STICKY = 0o1000;
const OWNER_ALONE = 0o600;
/** Longer paths are cut off by some systems. */
const LONGEST_PATH = 103;
const PATIENCE = 1_000;

/** Whoever may write to the folder could put another socket in the place of this one, and hear the token. */
const checkFolder = async (folder: string): Promise<void> => {
  const found = await lstat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw wrong('socketPath', `must be in a folder that exists, and ${folder} is none`);
  if ((found.mode & GROUP_AND_OTHERS_WRITE) !== 0)
    throw wrong('socketPath', `must be in a folder that others may not write to; chmod 700 ${folder}, or take another`);
  const own = process.getuid?.();
  if (own !== undefined && found.uid !== own && found.uid !== 0)
    throw wrong('socketPath', `must be in a folder of this user's; ${folder} is another's`);
  await checkAncestors(dirname(await realpath(folder)));
};

/** @throws ConfigurationError where others could put another folder in the place of the one that was checked. */
const checkAncestors = async (folder: string): Promise<void> => {
  const { mode } = await lstat(folder);
  if ((mode & OTHERS_WRITE) !== 0 && (mode & STICKY) === 0)
    throw wrong('socketPath', `must not be below ${folder}, which others may write to; take another`);
  if (dirname(folder) !== folder) await checkAncestors(dirname(folder));
};

/** How a connection to the socket ends: 'alive', or the code of its error. */
const probe = (path: string): Promise<string> =>
  new Promise((settle) => {
    const socket = connect({ path });
    const end = (what: string): void => {
      socket.destroy();
      settle(what);
    };
    socket.setTimeout(PATIENCE, () => end('ETIMEDOUT'));
    socket.once('connect', () => end('alive'));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'unknown'));
  });

const taken = (path: string, who: string): ConfigurationError =>
  wrong('socketPath', `${path} is taken: ${who}; take another`);
const ALIVE = 'a process listens there already';

/**
 * Removes the socket that was looked at, and no other: of several processes that start together, one may have made room
 * and listen already. Moved aside first, for that is one step, a file can be looked at before it is gone.
 * @throws ConfigurationError where it was another one, which is back in its place then.
 */
export const removeStale = async (path: string, { ino, mtimeNs }: BigIntStats): Promise<void> => {
  const aside = `${path}.${randomBytes(6).toString('hex')}`;
  const isMoved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!isMoved) return;
  const moved = await lstat(aside, { bigint: true });
  const isStale = moved.ino === ino && moved.mtimeNs === mtimeNs;
  if (!isStale) await link(aside, path).catch(() => undefined);
  await unlink(aside);
  if (!isStale) throw taken(path, ALIVE);
};

/** Makes room: a socket whose process has died goes, one that lives stays, and nothing else is ever removed. */
const makeRoom = async (path: string): Promise<void> => {
  const found = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw wrong('socketPath', `cannot be looked at: ${String(error.code)}`);
  });
  if (found === undefined) return;
  if (!found.isSocket())
    throw wrong('socketPath', `is taken by something that is no socket: ${path}; remove it, or take another`);
  const state = await probe(path);
  if (state === 'ENOENT') return;
  if (state === 'alive') throw taken(path, ALIVE);
  if (state !== 'ECONNREFUSED') throw taken(path, `whether its process lives is not known (${state})`);
  await removeStale(path, found);
};

/** The mask of a thread that is not the main one cannot be set; the folder's own rights are its guard until the chmod. */
const withMask = (run: () => void): void => {
  let before: number | undefined;
  try {
    before = process.umask(0o777 & ~OWNER_ALONE);
  } catch {
    // A worker.
  }
  try {
    run();
  } finally {
    if (before !== undefined) process.umask(before);
  }
};

/** Listens on a socket that nobody but its owner ever could open. Resolves to its path. */
export const listenOnSocket = async (server: Server, given: string): Promise<string> => {
  const path = resolve(given);
  if (process.platform === 'win32') throw wrong('socketPath', 'needs a system with unix sockets; take a port');
  if (Buffer.byteLength(path) > LONGEST_PATH) throw wrong('socketPath', `must be at most ${LONGEST_PATH} bytes long`);
  await checkFolder(dirname(path));
  await makeRoom(path);
  await new Promise<void>((done, fail) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      fail(code === 'EADDRINUSE' ? taken(path, ALIVE) : wrong('socketPath', `cannot be had: ${code}; take another`)),
    );
    // The file is made before `listen` returns.
    withMask(() => server.listen({ path, exclusive: true }, () => done()));
  });
  await chmod(path, OWNER_ALONE).catch(({ code }: NodeJS.ErrnoException) => {
    throw wrong('socketPath', `cannot be had: ${code}; take another`);
  });
  return path;
};
