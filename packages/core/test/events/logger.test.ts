import createDebug from 'debug';
import {
  CircuitBreaker,
  Retry,
  circuitOf,
  configure,
  createRuntime,
  resetConfiguration,
  withRuntime,
} from '../../src/index.js';
import { virtualClock } from '../../../testing/src/index.js';
import { coded, settledOf, virtualWorld } from '../support/virtual-world.js';

class Api {
  @Retry({ maxAttempts: 2, delay: 1 })
  @CircuitBreaker({ failureThreshold: 2, recoveryTimeout: 1_000 })
  async load(): Promise<void> {
    throw Object.assign(coded('ECONNRESET', 'password=hunter2'), { status: 503 });
  }
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const loggerOf = (
  lines: string[],
  levels: readonly (typeof LEVELS)[number][] = LEVELS,
): Record<string, (line: string) => void> =>
  Object.fromEntries(levels.map((level) => [level, (line: string) => void lines.push(`${level} ${line}`)]));

afterEach(() => {
  resetConfiguration();
  jest.restoreAllMocks();
});

describe('a logger of the user’s', () => {
  test('hears every event, each at its level, without the message of any error', async () => {
    const lines: string[] = [];
    const { own, clock } = virtualWorld({ logger: loggerOf(lines) });
    await clock.until(settledOf(own(new Api()).load()));
    expect(lines.filter((line) => !line.includes('advisor.'))).toEqual([
      'warn holdfast: retry.scheduled Api.load attempt=1 delay=0.63 errorClass=transient (Error ECONNRESET 503)',
      expect.stringMatching(
        /^warn holdfast: circuit\.opened Api\.load circuit=Api\.load reason=consecutive-failures openings=1 retryAfter=1000 /,
      ),
      'error holdfast: retry.exhausted Api.load attempts=2 reason=attempts (Error ECONNRESET 503)',
      expect.stringMatching(
        /^error holdfast: call\.failed Api\.load durationMs=\S+ attempts=2 \(Error ECONNRESET 503\)$/,
      ),
    ]);
    expect(lines.join()).not.toContain('hunter2');
  });

  test('hears what its level lets through, and needs no method of another level', async () => {
    const lines: string[] = [];
    const { own, clock } = virtualWorld({ logger: loggerOf(lines, ['error']), logLevel: 'error' });
    await clock.until(settledOf(own(new Api()).load()));
    expect(lines.map((line) => line.split(' ')[2])).toEqual(['retry.exhausted', 'call.failed']);
  });

  test('is called as a method, with the event', async () => {
    class Logger {
      heard: unknown[] = [];
      error(_line: string, event: unknown): void {
        this.heard.push(event);
      }
    }
    const logger = new Logger();
    const { own, clock, events } = virtualWorld({ logger });
    await clock.until(settledOf(own(new Api()).load()));
    expect(logger.heard[0] === events.of('retry.exhausted')[0]).toBe(true);
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mine');
      },
    ],
    ['rejects', () => Promise.reject(new Error('mine'))],
  ])('that %s changes no call', async (_name, fail) => {
    const { own, clock, events } = virtualWorld({ logger: { warn: fail, error: fail } });
    const settled = await clock.until(settledOf(own(new Api()).load()));
    await clock.settle();
    expect(settled).toMatchObject({ error: { code: 'ECONNRESET' } });
    expect(events.count('listener.failed')).toBeGreaterThan(0);
  });

  test('whose method cannot be read changes no call', async () => {
    let throws = false;
    const logger = {
      get error(): () => void {
        if (throws) throw new Error('mine');
        return () => undefined;
      },
    };
    const { own, clock } = virtualWorld({ logger });
    throws = true;
    expect(await clock.until(settledOf(own(new Api()).load()))).toMatchObject({ error: { code: 'ECONNRESET' } });
  });
});

describe('the default logger', () => {
  const spies = (): string[] => {
    const lines: string[] = [];
    for (const level of LEVELS)
      jest.spyOn(console, level).mockImplementation((...parts: unknown[]) => void lines.push(String(parts[0])));
    return lines;
  };

  test('writes changes of state only: one line per change, none per call', async () => {
    const lines = spies();
    const clock = virtualClock();
    const runtime = createRuntime({ clock });
    const api = withRuntime(new Api(), runtime);
    for (let call = 0; call < 50; call += 1) await clock.until(settledOf(api.load()));
    circuitOf(api, 'load').close();
    circuitOf(api, 'load').isolate();
    circuitOf(api, 'load').disable();
    circuitOf(api, 'load').close();
    const circuit = lines.filter((line) => !line.includes('advisor.'));
    expect(circuit.map((line) => line.split(' ')[1])).toEqual([
      'circuit.opened',
      'circuit.closed',
      'circuit.isolated',
      'circuit.closed',
    ]);
    expect(circuit[0]).toContain('(Error ECONNRESET 503)');
    expect(lines.join()).not.toContain('hunter2');
  });

  test('falls silent after twenty lines a minute, says so, and goes on afterwards', async () => {
    const lines = spies();
    const clock = virtualClock();
    const api = withRuntime(new Api(), createRuntime({ clock }));
    const circuit = circuitOf(api, 'load');
    const flap = (times: number): void => {
      for (let each = 0; each < times; each += 1) {
        circuit.open();
        circuit.close();
      }
    };
    flap(100);
    expect(lines).toHaveLength(20);
    expect(lines.at(-1)).toBe('holdfast: more changes of state follow; silent for a minute');
    await clock.advance(60_000);
    flap(1);
    expect(lines).toHaveLength(22);
  });

  test('keeps to its level, and to silence', () => {
    const lines = spies();
    for (const logLevel of ['warn', 'silent'] as const) {
      const api = withRuntime(new Api(), createRuntime({ logLevel }));
      circuitOf(api, 'load').open();
      circuitOf(api, 'load').close();
    }
    expect(lines.map((line) => line.split(' ')[1]).filter((type) => type !== 'advisor.warned')).toEqual([
      'circuit.opened',
    ]);
  });

  test('that cannot write changes nothing', () => {
    for (const level of LEVELS) {
      jest.spyOn(console, level).mockImplementation(() => {
        throw new Error('EPIPE');
      });
    }
    const api = withRuntime(new Api(), createRuntime());
    circuitOf(api, 'load').open();
    expect(circuitOf(api, 'load').state).toBe('open');
  });

  test('is silent with logger: false', () => {
    const lines = spies();
    configure({ logger: false });
    const api = new Api();
    circuitOf(api, 'load').open();
    expect(lines).toEqual([]);
  });
});

describe('debug', () => {
  const enabled = process.env['DEBUG'];
  afterEach(() => {
    createDebug.disable();
    if (enabled !== undefined) createDebug.enable(enabled);
  });

  test('has one namespace per area, and no message of any error', async () => {
    const lines: string[] = [];
    createDebug.enable('holdfast:retry,holdfast:call');
    const log = createDebug.log;
    createDebug.log = (...parts: unknown[]) => void lines.push(parts.join(' '));
    const { own, clock, events } = virtualWorld();
    events.stop();
    await clock.until(settledOf(own(new Api()).load()));
    createDebug.log = log;
    expect(lines.map((line) => /retry\.scheduled|retry\.exhausted|call\.failed|circuit/.exec(line)?.[0])).toEqual([
      'retry.scheduled',
      'retry.exhausted',
      'call.failed',
    ]);
    expect(lines.join()).not.toContain('hunter2');
  });

  test('is nobody’s business while DEBUG names others', async () => {
    const lines: string[] = [];
    createDebug.enable('express:*');
    const log = createDebug.log;
    createDebug.log = (...parts: unknown[]) => void lines.push(parts.join(' '));
    const { own, clock, events } = virtualWorld();
    events.stop();
    await clock.until(settledOf(own(new Api()).load()));
    createDebug.log = log;
    expect(lines).toEqual([]);
  });

  test('prints what happened before it was loaded; a log function that throws changes nothing', async () => {
    const lines: string[] = [];
    createDebug.enable('holdfast:*,-holdfast:advisor');
    const log = createDebug.log;
    createDebug.log = (...parts: unknown[]) => {
      lines.push(parts.join(' '));
      throw new Error('disk full');
    };
    const { own } = virtualWorld();
    const api = own(new Api());
    circuitOf(api, 'load').open();
    expect(lines).toEqual([]);
    await expect(api.load()).rejects.toThrow(/circuit/i);
    createDebug.log = log;
    expect(lines.filter((line) => line.includes('circuit.opened'))).toHaveLength(1);
  });
});
