import { virtualClock } from '../../../testing/src/index.js';
import {
  Circuit,
  CircuitOpenError,
  ConfigurationError,
  configure,
  createRuntime,
  events,
  resetConfiguration,
} from '../../src/index.js';
import { coded, errorOf, settledOf, virtualWorld, withStatus } from '../support/virtual-world.js';

const outage = (): Promise<never> => Promise.reject(coded('ECONNRESET'));

const circuitWith = (options: ConstructorParameters<typeof Circuit>[0] = {}) => {
  const world = virtualWorld();
  return { ...world, circuit: new Circuit({ runtime: world.runtime, name: 'bank', failureThreshold: 2, ...options }) };
};

afterEach(() => resetConfiguration());

describe('new Circuit', () => {
  test('runs what it admits, and opens when that fails too often', async () => {
    const { circuit } = circuitWith();
    expect(await circuit.call(() => 1)).toBe(1);
    expect(await circuit.call(async () => 2)).toBe(2);
    await settledOf(circuit.call(outage));
    await settledOf(
      circuit.call(() => {
        throw coded('EPIPE');
      }),
    );
    expect(circuit.state).toBe('open');
    let runs = 0;
    const error = await errorOf(circuit.call(() => (runs += 1)));
    expect(error).toBeInstanceOf(CircuitOpenError);
    expect(error).toMatchObject({ circuit: 'bank', cause: { name: 'Error', code: 'EPIPE' }, retryAfter: 30_000 });
    expect(runs).toBe(0);
  });

  test('gives a permit where begin and end lie apart, and settles it once', async () => {
    const { circuit, clock } = circuitWith({ recoveryTimeout: 1_000, successThreshold: 1 });
    const permits = [circuit.admit(), circuit.admit()];
    for (const permit of permits) {
      permit.fail(coded('ECONNRESET'));
      permit.fail(coded('ECONNRESET'));
    }
    expect(circuit.state).toBe('open');
    expect(() => circuit.admit()).toThrow(CircuitOpenError);
    await clock.advance(1_000);
    const probe = circuit.admit();
    probe.succeed();
    probe.fail(coded('ECONNRESET'));
    expect(circuit.state).toBe('closed');
  });

  test('judges an error as its options say', async () => {
    const { circuit, events: seen } = circuitWith({
      failureThreshold: 1,
      failureIf: () => {
        throw new Error('mine');
      },
      ignoreOn: [404],
    });
    circuit.admit().fail(withStatus(404));
    expect(circuit.state).toBe('closed');
    circuit.admit().fail(withStatus(400));
    expect(circuit.state).toBe('open');
    expect(seen.of('listener.failed')).toMatchObject([{ source: 'Circuit failureIf', method: 'bank' }]);
  });

  test('takes reports of calls made elsewhere; while open they change nothing', async () => {
    const { circuit, clock } = circuitWith({ recoveryTimeout: 1_000, successThreshold: 1 });
    circuit.recordFailure();
    circuit.recordSuccess();
    circuit.recordFailure(new DOMException('x', 'AbortError'));
    circuit.recordFailure(coded('ECONNRESET'));
    expect(circuit.metrics).toMatchObject({ state: 'closed', failureCount: 1, neutral: 1 });
    circuit.recordFailure();
    circuit.recordSuccess();
    expect(circuit.state).toBe('open');
    await clock.advance(1_000);
    circuit.recordSuccess();
    expect(circuit.state).toBe('closed');
  });

  test('is isolated by hand, says so, and reports it', async () => {
    const { circuit, events: seen } = circuitWith();
    circuit.isolate();
    expect(await errorOf(circuit.call(() => 1))).toMatchObject({
      message: expect.stringContaining('is isolated') as string,
    });
    expect(seen.of('circuit.rejected')).toHaveLength(1);
    circuit.close();
    expect(await circuit.call(() => 1)).toBe(1);
  });

  test('reports a slow call', async () => {
    const { circuit, clock, events: seen } = circuitWith({ slowCall: { duration: 100, rate: 1 } });
    await clock.until(circuit.call(() => clock.sleep(200)));
    expect(seen.of('circuit.slowCall')).toMatchObject([{ circuit: 'bank', durationMs: 200 }]);
  });

  test('uses the default runtime, and is called circuit, where nothing is said', async () => {
    configure({ logger: false });
    const heard: string[] = [];
    events.on('circuit.isolated', ({ circuit }) => heard.push(circuit));
    new Circuit().isolate();
    expect(heard).toEqual(['circuit']);
  });

  test('refuses wrong options', () => {
    expect(() => new Circuit({ failureThreshold: 0 })).toThrow(ConfigurationError);
    expect(() => new Circuit({ failureThreshold: 0 })).toThrow('new Circuit: failureThreshold must be >= 1');
  });

  test('keeps its summary of the last failure frozen through JSON', () => {
    const runtime = createRuntime({ clock: virtualClock(), logger: false });
    const circuit = new Circuit({ runtime });
    circuit.recordFailure(coded('ECONNRESET'));
    const copy = new Circuit({ runtime });
    copy.restore(JSON.parse(JSON.stringify(circuit)));
    copy.open();
    const cause = ((): unknown => {
      try {
        return copy.admit();
      } catch (error) {
        return (error as Error).cause;
      }
    })();
    expect(cause).toMatchObject({ code: 'ECONNRESET' });
    expect(Object.isFrozen(cause)).toBe(true);
  });

  test('in shadow mode passes what it would have refused, uncounted, and reports it', async () => {
    const { circuit, ...world } = circuitWith({ failureThreshold: 1, shadow: true });
    circuit.recordFailure(coded('ECONNRESET'));
    expect(await circuit.call(() => 'answer')).toBe('answer');
    expect(circuit.metrics).toMatchObject({ state: 'open', rejected: 1 });
    expect(world.events.of('shadow.rejected')).toMatchObject([{ policy: 'circuit-breaker', circuit: 'bank' }]);
  });
});
