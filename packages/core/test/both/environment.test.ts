import {
  Cached,
  Chaos,
  CircuitBreaker,
  Retry,
  Timeout,
  configureFromEnv,
  configure,
  explain,
  resetConfiguration,
} from '../../src/index.js';
import { environmentVariables } from '../../src/environment.js';
import { thrownBy } from '../support/dialect.js';
import { virtualWorld } from '../support/virtual-world.js';

class Everything {
  @Cached()
  @Retry()
  @CircuitBreaker()
  @Timeout({ attempt: '9s', total: '9m' })
  async find(): Promise<void> {}

  @Cached()
  async cached(): Promise<void> {}

  @Chaos({ fault: 503 })
  async disturbed(): Promise<void> {}
}

/** Timeouts come from the environment where the method leaves them open; so half of each is left open here. */
class Timed {
  @Timeout({ attempt: '9s' })
  async total(): Promise<void> {}
  @Timeout({ total: '9m' })
  async attempt(): Promise<void> {}
}

const optionsWith = (environment: Record<string, string>) => {
  const world = virtualWorld();
  world.runtime.configureFromEnv(environment);
  const stacks = [Everything, Timed].flatMap((Class) => explain(world.own(new (Class as new () => object)())).methods);
  const options: Record<string, unknown> = {};
  for (const { method, stack } of stacks)
    for (const policy of stack)
      for (const [name, value] of Object.entries(policy.options))
        options[`${method.includes('Timed') ? method.slice(method.indexOf('.') + 1) : ''}${policy.policy}.${name}`] ??=
          value;
  return options;
};

describe('the environment sets', () => {
  const rows: [string, string, string, unknown][] = [
    ['HOLDFAST_CACHE_TTL', '2m', 'cached.ttl', 120_000],
    ['HOLDFAST_CACHE_TTL', '1500', 'cached.ttl', 1500],
    ['HOLDFAST_CACHE_TTL', 'Infinity', 'cached.ttl', Infinity],
    ['HOLDFAST_CACHE_MAX_SIZE', '17', 'cached.maxSize', 17],
    ['HOLDFAST_CACHE_STALE_WHILE_REVALIDATE', '30s', 'cached.staleWhileRevalidate', 30_000],
    ['HOLDFAST_CACHE_STALE_IF_ERROR', '1d', 'cached.staleIfError', 86_400_000],
    ['HOLDFAST_CACHE_STALE_IF_ERROR', '0', 'cached.staleIfError', 0],
    ['HOLDFAST_CACHE_DISABLED', 'true', 'cached.isEnabled', false],
    ['HOLDFAST_CACHE_DISABLED', 'ON', 'cached.isEnabled', false],
    ['HOLDFAST_CACHE_DISABLED', '1', 'cached.isEnabled', false],
    ['HOLDFAST_CACHE_DISABLED', ' no ', 'cached.isEnabled', true],
    ['HOLDFAST_CACHE_DISABLED', '0', 'cached.isEnabled', true],
    ['HOLDFAST_RETRY_MAX_ATTEMPTS', '7', 'retry.maxAttempts', 7],
    ['HOLDFAST_RETRY_DELAY', '250ms', 'retry.delay', 250],
    ['HOLDFAST_RETRY_DELAY', '0', 'retry.delay', 0],
    ['HOLDFAST_RETRY_MAX_DELAY', '9s', 'retry.maxDelay', 9000],
    ['HOLDFAST_RETRY_BACKOFF', 'linear', 'retry.backoff', 'linear'],
    ['HOLDFAST_RETRY_JITTER', 'none', 'retry.jitter', 'none'],
    ['HOLDFAST_CIRCUIT_FAILURE_THRESHOLD', '9', 'circuit-breaker.failureThreshold', 9],
    ['HOLDFAST_CIRCUIT_RECOVERY_TIMEOUT', '45s', 'circuit-breaker.recoveryTimeout', 45_000],
    ['HOLDFAST_CIRCUIT_SUCCESS_THRESHOLD', '1', 'circuit-breaker.successThreshold', 1],
    ['HOLDFAST_TIMEOUT_ATTEMPT', '3s', 'attempttimeout.attempt', 3000],
    ['HOLDFAST_TIMEOUT_TOTAL', '20s', 'totaltotal-timeout.total', 20_000],
    ['HOLDFAST_CHAOS_ENABLED', 'true', 'chaos.enabled', true],
    ['HOLDFAST_CHAOS_ENABLED', 'off', 'chaos.enabled', false],
    ['HOLDFAST_CHAOS_RATE', '0.25', 'chaos.rate', { fault: 0.25, latency: 0, result: 0 }],
  ];

  test.each(rows)('%s=%s', (name, text, option, value) => {
    expect(optionsWith({ [name]: text })[option]).toEqual(value);
  });

  test('every variable that there is has a row above', () => {
    expect(
      environmentVariables()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...new Set(rows.map(([name]) => name))].sort());
  });

  test('several at once', () => {
    expect(optionsWith({ HOLDFAST_RETRY_DELAY: '1s', HOLDFAST_RETRY_MAX_ATTEMPTS: '4' })).toMatchObject({
      'retry.delay': 1000,
      'retry.maxAttempts': 4,
    });
  });

  test('nothing for a variable that is empty, or of others', () => {
    const plain = optionsWith({});
    expect(
      optionsWith({
        HOLDFAST_CACHE_TTL: '',
        HOLDFAST_CACHE_DISABLED: ' ',
        HOLDFAST_ENABLED: '',
        HOLDFAST_LOG_LEVEL: '',
        CACHE_TTL: '1s',
        holdfast_cache_ttl: '1s',
        PATH: '/bin',
      }),
    ).toEqual(plain);
  });
});

describe('HOLDFAST_ENABLED and HOLDFAST_LOG_LEVEL', () => {
  test.each([
    ['false', 0],
    ['off', 0],
    ['true', 5],
  ])('HOLDFAST_ENABLED=%s leaves %i policies', (text, count) => {
    const world = virtualWorld();
    world.runtime.configureFromEnv({ HOLDFAST_ENABLED: text });
    expect(explain(world.own(new Everything())).methods[0]?.stack).toHaveLength(count);
  });

  test('HOLDFAST_LOG_LEVEL sets the level of the logger', async () => {
    const lines: string[] = [];
    const world = virtualWorld({ logger: { debug: (line) => lines.push(line), info: (line) => lines.push(line) } });
    world.runtime.configureFromEnv({ HOLDFAST_LOG_LEVEL: ' Info ' });
    await world.own(new Everything()).cached();
    expect(lines).toEqual([]);
    world.runtime.configureFromEnv({ HOLDFAST_LOG_LEVEL: 'debug' });
    await world.own(new Everything()).cached();
    expect(lines).not.toEqual([]);
  });
});

describe('the environment', () => {
  test('is weaker than configure, whichever is read last', () => {
    const { runtime, own } = virtualWorld({ defaults: { retry: { maxAttempts: 5 } } });
    runtime.configureFromEnv({ HOLDFAST_RETRY_MAX_ATTEMPTS: '7', HOLDFAST_RETRY_DELAY: '7ms' });
    expect(
      explain(own(new Everything())).methods[0]?.stack.find(({ policy }) => policy === 'retry')?.options,
    ).toMatchObject({
      maxAttempts: 5,
      delay: 7,
    });
  });

  test('is weaker than configure in what has no policy, too, whichever is read last', async () => {
    const lines: string[] = [];
    const say = (line: string): unknown => lines.push(line);
    const world = virtualWorld({ enabled: true, logLevel: 'error', logger: { debug: say, info: say, warn: say } });
    world.runtime.configureFromEnv({ HOLDFAST_ENABLED: 'false', HOLDFAST_LOG_LEVEL: 'debug' });
    await world.own(new Everything()).cached();
    expect(explain(world.own(new Everything())).methods[0]?.stack).not.toEqual([]);
    expect(lines).toEqual([]);
  });

  test('switches everything off, until it is read again without that', () => {
    const { runtime, own } = virtualWorld();
    const length = (): number | undefined => explain(own(new Everything())).methods[0]?.stack.length;
    const before = length();
    runtime.configureFromEnv({ HOLDFAST_ENABLED: 'false' });
    runtime.configure({ logger: false });
    expect(length()).toBe(0);
    runtime.configureFromEnv({});
    expect(length()).toBe(before);
  });

  test('read again replaces what it said before', () => {
    const { runtime, own } = virtualWorld();
    runtime.configureFromEnv({ HOLDFAST_RETRY_MAX_ATTEMPTS: '7' });
    runtime.configureFromEnv({});
    expect(explain(own(new Everything())).methods[0]?.amplification).toBe(3);
  });

  test('that does not parse changes nothing', () => {
    const { runtime, own } = virtualWorld();
    runtime.configureFromEnv({ HOLDFAST_RETRY_MAX_ATTEMPTS: '7' });
    expect(() => runtime.configureFromEnv({ HOLDFAST_RETRY_MAX_ATTEMPTS: '8', HOLDFAST_CACHE_TTL: 'x' })).toThrow();
    expect(explain(own(new Everything())).methods[0]?.amplification).toBe(7);
  });

  test('of the process is read by default', () => {
    process.env['HOLDFAST_RETRY_MAX_ATTEMPTS'] = '6';
    try {
      configure({ logger: false });
      configureFromEnv();
      expect(explain(Everything).methods[0]?.amplification).toBe(6);
    } finally {
      delete process.env['HOLDFAST_RETRY_MAX_ATTEMPTS'];
      resetConfiguration();
    }
  });
});

describe('the environment is refused, naming the variable', () => {
  const durations = "must be a duration such as 500, '500ms', '5m'";
  test.each([
    ['HOLDFAST_CACHE_TTL', 'soon', `${durations}, got 'soon'`],
    ['HOLDFAST_CACHE_TTL', '5 minutes', `${durations}, got '5 minutes'`],
    ['HOLDFAST_CACHE_TTL', '-1', `${durations}, got '-1'`],
    ['HOLDFAST_CACHE_TTL', 'NaN', `${durations}, got 'NaN'`],
    [
      'HOLDFAST_CACHE_TTL',
      '0',
      '0 is ambiguous here; to switch the cache off set HOLDFAST_CACHE_DISABLED=true, for entries without end use Infinity',
    ],
    [
      'HOLDFAST_CACHE_TTL',
      '0s',
      '0 is ambiguous here; to switch the cache off set HOLDFAST_CACHE_DISABLED=true, for entries without end use Infinity',
    ],
    ['HOLDFAST_CACHE_MAX_SIZE', '0', "must be a whole number >= 1, got '0'"],
    ['HOLDFAST_CACHE_MAX_SIZE', '2.5', "must be a whole number >= 1, got '2.5'"],
    ['HOLDFAST_CACHE_MAX_SIZE', 'many', "must be a whole number >= 1, got 'many'"],
    ['HOLDFAST_CACHE_DISABLED', 'maybe', "must be true or false, got 'maybe'"],
    ['HOLDFAST_RETRY_MAX_ATTEMPTS', 'Infinity', "must be a whole number >= 1, got 'Infinity'"],
    ['HOLDFAST_RETRY_DELAY', 'Infinity', "must be finite, got 'Infinity'"],
    ['HOLDFAST_RETRY_MAX_DELAY', 'Infinity', "must be finite, got 'Infinity'"],
    ['HOLDFAST_RETRY_BACKOFF', 'expo', "must be 'exponential', 'linear', 'constant', 'decorrelated', got 'expo'"],
    [
      'HOLDFAST_RETRY_JITTER',
      'some',
      "must be 'full', 'equal', 'proportional', 'additive', 'decorrelated', 'none', got 'some'",
    ],
    ['HOLDFAST_CIRCUIT_RECOVERY_TIMEOUT', '0', "must be longer than 0, got '0'"],
    ['HOLDFAST_TIMEOUT_ATTEMPT', '0ms', "must be longer than 0, got '0ms'"],
    ['HOLDFAST_TIMEOUT_TOTAL', '0', "must be longer than 0, got '0'"],
    ['HOLDFAST_ENABLED', 'perhaps', "must be true or false, got 'perhaps'"],
    ['HOLDFAST_LOG_LEVEL', 'loud', "must be 'debug', 'info', 'warn', 'error' or 'silent', got 'loud'"],
    ['HOLDFAST_RETRY_ATTEMPTS', '3', 'is not a variable of Holdfast; did you mean HOLDFAST_RETRY_MAX_ATTEMPTS?'],
    ['HOLDFAST_CACHE_TLL', '3', 'is not a variable of Holdfast; did you mean HOLDFAST_CACHE_TTL?'],
    ['HOLDFAST_constructor', '3', 'is not a variable of Holdfast'],
    ['HOLDFAST_', '3', 'is not a variable of Holdfast'],
  ])('%s=%s', (name, text, problem) => {
    const { runtime } = virtualWorld();
    expect(thrownBy(() => runtime.configureFromEnv({ [name]: text }))).toMatchObject({
      name: 'ConfigurationError',
      code: 'CONFIGURATION',
      option: name,
      message: `${name}: ${problem}`,
    });
  });
});
