/** Where the inspector listens, and where it does not. */
import { ConfigurationError } from '@holdfast/core';
import { build } from 'esbuild';
import { spawn } from 'node:child_process';
import { chmod, lstat, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InspectorUnreachableError, type InspectorOptions, connectInspector, startInspector } from '../src/index.js';
import { removeStale } from '../src/server/socket-file.js';
import { CERTIFICATE } from './certificate.js';
import { TOKEN, atEnd, endAll, inspected, send } from './support.js';

afterEach(endAll);

const refusalOf = async (options: InspectorOptions): Promise<ConfigurationError> => {
  const started: unknown = await startInspector({ token: TOKEN, environment: {}, ...options }).catch(
    (error: unknown) => error,
  );
  if (started instanceof ConfigurationError) return started;
  if (!(started instanceof Error)) await (started as { close(): Promise<void> }).close();
  throw new Error('the options were expected to be refused', { cause: started });
};

const folder = async (mode = 0o700): Promise<string> => {
  const made = await mkdtemp(join(tmpdir(), 'inspector-'));
  await chmod(made, mode);
  atEnd(() => rm(made, { recursive: true, force: true }));
  return made;
};

const listening = (path: string): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((socket) => void socket.destroy()).listen(path, () => resolve(server));
    atEnd(() => new Promise((closed) => server.close(closed)));
  });

/** What a process leaves behind that was killed. */
const staleSocket = async (path: string): Promise<void> => {
  const server = await listening(`${path}.live`);
  await rename(`${path}.live`, path);
  await new Promise((closed) => server.close(closed));
};

describe('addresses', () => {
  test('it is a free port of 127.0.0.1', async () => {
    const { inspector } = await inspected();
    expect(inspector.url).toMatch(/^http:\/\/127\.0\.0\.1:\d{2,5}$/);
    expect(inspector.socketPath).toBeUndefined();
  });

  test('::1 may be taken where the machine has it', async () => {
    const started = await startInspector({ host: '::1', token: TOKEN, environment: {} }).catch((error: unknown) =>
      String(error),
    );
    if (typeof started === 'string') {
      expect(started).toContain('EADDRNOTAVAIL');
      return;
    }
    atEnd(() => started.close());
    expect(started.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await send(started)).status).toBe(200);
    expect((await connectInspector({ url: started.url, token: TOKEN, environment: {} }).health()).status).toBe(
      'healthy',
    );
  });

  test.each(['0.0.0.0', '::', '192.0.2.1', 'example.org', ''])('%j needs TLS and a word', async (host) => {
    for (const options of [{}, { tls: CERTIFICATE }, { allowRemote: true }, { tls: CERTIFICATE, allowRemote: false }]) {
      const { message, option } = await refusalOf({ host, ...options });
      expect([option, message]).toEqual(['host', expect.stringContaining("bind '127.0.0.1'") as unknown]);
      expect(message).toContain('tls: { cert, key } and allowRemote: true');
    }
  });

  test('with TLS and the word any address is bound, and answers to the names that were given', async () => {
    const options = { host: '0.0.0.0', tls: CERTIFICATE, allowRemote: true };
    expect((await refusalOf(options)).option).toBe('allowedHosts');
    const { inspector } = await inspected({ ...options, allowedHosts: ['admin.internal'] });
    const { port } = new URL(inspector.url);
    const client = connectInspector({
      url: `https://127.0.0.1:${port}`,
      token: TOKEN,
      ca: CERTIFICATE.cert,
      environment: {},
    });
    expect((await client.health()).status).toBe('healthy');
  });

  test.each(['localhost', '127.0.0.2'])('%s is refused: a hosts file or another process may have it', async (host) => {
    expect((await refusalOf({ host })).message).toContain("must be '127.0.0.1' or '::1'");
  });

  test('a port that is taken is told, with the remedy', async () => {
    const { inspector } = await inspected();
    const { message, option } = await refusalOf({ port: Number(new URL(inspector.url).port) });
    expect([option, message]).toEqual(['port', expect.stringMatching(/EADDRINUSE; 0 takes a free one$/) as unknown]);
  });
});

describe('unix sockets', () => {
  test('only the owner may open it, and it goes with the inspector', async () => {
    const path = join(await folder(), 'inspector.sock');
    const before = process.umask();
    const { inspector, client } = await inspected({ socketPath: path });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(process.umask()).toBe(before);
    expect([inspector.url, inspector.socketPath]).toEqual(['http://localhost', path]);
    expect((await client.health()).status).toBe('healthy');
    expect((await send(inspector, { headers: { host: 'evil.example' } })).status).toBe(403);
    await inspector.close();
    await expect(lstat(path)).rejects.toThrow('ENOENT');
  });

  test.each([0o777, 0o1777, 0o770, 0o702])('a folder of mode %i is refused', async (mode) => {
    const { message } = await refusalOf({ socketPath: join(await folder(mode), 'inspector.sock') });
    expect(message).toContain('others may not write to; chmod 700');
  });

  test('a socket whose process has died is replaced', async () => {
    const path = join(await folder(), 'inspector.sock');
    await staleSocket(path);
    const { client } = await inspected({ socketPath: path });
    expect((await client.health()).status).toBe('healthy');
  });

  test.each([true, false])(
    'of several that start together one gets the socket (a stale one there: %s)',
    async (isStale) => {
      const path = join(await folder(), 'inspector.sock');
      if (isStale) await staleSocket(path);
      const starting = Array.from({ length: 5 }, () =>
        startInspector({ token: TOKEN, environment: {}, socketPath: path }),
      );
      const outcomes = await Promise.allSettled(starting);
      const errors: unknown[] = [];
      for (const outcome of outcomes)
        if (outcome.status === 'fulfilled') atEnd(() => outcome.value.close());
        else errors.push(outcome.reason);
      expect(errors).toHaveLength(4);
      for (const error of errors) expect(error).toBeInstanceOf(ConfigurationError);
      const client = connectInspector({ socketPath: path, token: TOKEN, environment: {} });
      expect((await client.health()).status).toBe('healthy');
    },
  );

  test('a socket that has come in the place of the stale one meanwhile is not removed', async () => {
    const path = join(await folder(), 'inspector.sock');
    await staleSocket(path);
    const stale = await lstat(path, { bigint: true });
    const { client } = await inspected({ socketPath: path });
    await expect(removeStale(path, stale)).rejects.toThrow('a process listens there already');
    expect((await client.health()).status).toBe('healthy');
  });

  test('a socket whose process lives is left alone', async () => {
    const path = join(await folder(), 'inspector.sock');
    const { client } = await inspected({ socketPath: path });
    expect((await refusalOf({ socketPath: path })).message).toContain('a process listens there already');
    expect((await client.health()).status).toBe('healthy');
  });

  test('what is no socket is never removed: a file, a folder, a link to a socket', async () => {
    const place = await folder();
    await writeFile(join(place, 'file'), 'mine');
    await mkdir(join(place, 'folder'));
    await staleSocket(join(place, 'socket'));
    await symlink(join(place, 'socket'), join(place, 'link'));
    for (const name of ['file', 'folder', 'link']) {
      expect((await refusalOf({ socketPath: join(place, name) })).message).toContain(
        'is taken by something that is no socket',
      );
      expect((await lstat(join(place, name))).isSocket()).toBe(false);
    }
  });

  test('a folder below one in which others may replace it is refused', async () => {
    const open = await folder(0o777);
    await mkdir(join(open, 'own'), { mode: 0o700 });
    const { message } = await refusalOf({ socketPath: join(open, 'own', 'inspector.sock') });
    expect(message).toContain('which others may write to');
  });

  test('a folder that is none, a path that is too long, and both kinds of place are refused', async () => {
    const place = await folder();
    expect((await refusalOf({ socketPath: join(place, 'none', 'inspector.sock') })).message).toContain(
      'a folder that exists',
    );
    expect((await refusalOf({ socketPath: join(place, 'x'.repeat(100)) })).message).toContain('103 bytes');
    expect((await refusalOf({ socketPath: join(place, 'a'), port: 1 })).message).toContain('excludes host and port');
  });
});

describe('the environment', () => {
  test('says where and as whom, on both sides, and options win', async () => {
    const path = join(await folder(), 'inspector.sock');
    const environment = { HOLDFAST_INSPECTOR_SOCKET: path, HOLDFAST_INSPECTOR_TOKEN: TOKEN };
    const bySocket = await startInspector({ environment });
    atEnd(() => bySocket.close());
    expect([bySocket.socketPath, bySocket.token]).toEqual([path, TOKEN]);
    expect(connectInspector({ environment }).address).toBe(path);
    expect((await connectInspector({ environment }).health()).status).toBe('healthy');

    const byPort = await startInspector({ environment, port: 0, token: `${TOKEN}-too` });
    atEnd(() => byPort.close());
    const client = connectInspector({ environment, url: byPort.url, token: byPort.token });
    expect((await client.health()).status).toBe('healthy');
  });

  test('a URL gives host and port', async () => {
    const { inspector } = await inspected();
    const { url } = inspector;
    await inspector.close();
    const environment = {
      HOLDFAST_INSPECTOR_URL: url.replace('127.0.0.1', 'localhost'),
      HOLDFAST_INSPECTOR_TOKEN: TOKEN,
    };
    const started = await startInspector({ environment });
    atEnd(() => started.close());
    expect(started.url).toBe(url);
    expect((await connectInspector({ environment: { ...environment, HOLDFAST_INSPECTOR_URL: url } }).info()).pid).toBe(
      process.pid,
    );
  });

  test.each([
    ['nonsense', 'must be a URL'],
    ['http://user:hunter2@127.0.0.1:1', 'without credentials'],
    ['https://127.0.0.1:1', 'give tls'],
    ['http://0.0.0.0:1', 'can be reached from other machines'],
  ])('%s is refused', async (url, problem) => {
    const { message } = await refusalOf({ environment: { HOLDFAST_INSPECTOR_URL: url } });
    expect(message).toContain(problem);
    expect(message).not.toContain('hunter2');
  });
});

describe('options', () => {
  test.each<[string, object, string]>([
    ['one that nobody knows', { hots: '::1' }, 'hots is no option; known options: allowRemote'],
    ['a short token', { token: 'hunter2' }, 'token must be 32 to 4096 characters'],
    ['a token that no header can hold', { token: 'x'.repeat(4_097) }, 'token must be 32 to 4096 characters'],
    ['a token with a line in it', { token: `${TOKEN}\r\nx: y` }, 'token must be'],
    ['a port that is none', { port: 65_536 }, 'port must be a whole number'],
    ['a name that is none', { name: '' }, 'name must be'],
    ['a host that is none', { host: 1 }, 'host must be'],
    ['a socket that is none', { socketPath: '' }, 'socketPath must be'],
    ['hosts that are none', { allowedHosts: ['http://admin.internal'] }, 'allowedHosts must be'],
    ['a host list that is none', { allowedHosts: 'admin.internal' }, 'allowedHosts must be'],
    ['providers that are none', { providers: [{ kind: 'vault' }] }, 'providers must be'],
    ['a certificate without its key', { tls: { cert: 'x' } }, 'tls must be'],
    ['a word that is none', { allowRemote: 'yes' }, 'allowRemote must be'],
    ['a listener that is none', { onReady: true }, 'onReady must be'],
    ['limits that are none', { limits: 5 }, 'limits must be an object'],
    ['a limit that nobody knows', { limits: { connection: 5 } }, 'limits.connection is no option'],
    [
      'a time that a timer would take for none',
      { limits: { headersTimeout: 2 ** 40 } },
      'limits.headersTimeout must be at most 2147483647 milliseconds',
    ],
    ['no connections', { limits: { connections: 0 } }, 'limits.connections must be a whole number >= 1'],
  ])('%s is refused', async (_what, options, problem) => {
    const { message } = await refusalOf(options);
    expect(message).toContain(`startInspector: ${problem}`);
    expect(message).not.toMatch(/hunter2|a-token/);
  });

  test('a listener that writes to a file is waited for, and closes the door where it fails', async () => {
    const told: string[] = [];
    const inspector = await startInspector({
      token: TOKEN,
      environment: {},
      onReady: async ({ url }) => {
        await new Promise(setImmediate);
        told.push(url);
      },
    });
    expect(told).toEqual([inspector.url]);
    await inspector.close();
    const full = async (): Promise<void> => {
      await new Promise(setImmediate);
      throw new Error('no space left');
    };
    await expect(startInspector({ token: TOKEN, environment: {}, onReady: full })).rejects.toThrow('no space left');
  });

  test('a listener that throws closes the door again', async () => {
    let url = '';
    const starting = startInspector({
      token: TOKEN,
      environment: {},
      onReady: (ready) => {
        ({ url } = ready);
        throw new Error('not ready');
      },
    });
    await expect(starting).rejects.toThrow('not ready');
    const client = connectInspector({ url, token: TOKEN, environment: {} });
    await expect(client.health()).rejects.toThrow(InspectorUnreachableError);
  });
});

test('await using closes it', async () => {
  let url = '';
  {
    await using inspector = await startInspector({ token: TOKEN, environment: {} });
    ({ url } = inspector);
    expect((await send(inspector)).status).toBe(200);
  }
  await expect(connectInspector({ url, token: TOKEN, environment: {} }).health()).rejects.toThrow(
    'nothing listens there',
  );
});

test('it listens to no events before it is started and after it is closed', async () => {
  const { runtime, inspector } = await inspected();
  const bus = runtime.events as unknown as { listenerCount(): number };
  expect(bus.listenerCount()).toBeGreaterThan(0);
  await inspector.close();
  expect(bus.listenerCount()).toBe(0);
});

test('a process that has nothing else to do ends, and takes its socket with it or leaves one that is replaced', async () => {
  const place = await folder();
  const program = join(place, 'program.mjs');
  const script = `
    import { startInspector } from '../src/index.js';
    const { socketPath } = await startInspector({ socketPath: process.argv[2], token: '${TOKEN}' });
    console.log(socketPath);`;
  await build({
    stdin: { contents: script, resolveDir: __dirname },
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    conditions: ['@holdfast/source'],
    external: ['debug'],
    logLevel: 'error',
  });
  const path = join(place, 'inspector.sock');
  const run = (): Promise<{ code: unknown; printed: string }> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let printed = '';
      child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
      child.on('close', (code) => resolve({ code, printed }));
    });
  const ended = { code: 0, printed: `${path}\n` };
  expect([await run(), await run()]).toEqual([ended, ended]);
});
