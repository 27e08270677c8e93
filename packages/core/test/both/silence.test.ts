import {
  CircuitBreaker,
  Resilient,
  Retry,
  type Warning,
  createRuntime,
  explain,
  resilient,
  withRuntime,
} from '../../src/index.js';
import { recordEvents } from '../../../testing/src/index.js';
import { thrownBy } from '../support/dialect.js';

class Orders {
  @Retry()
  @CircuitBreaker()
  async place(): Promise<void> {}
}

class Known {
  @Resilient({ retry: true, circuitBreaker: true, silence: ['RETRIES_A_WRITE'] })
  async place(): Promise<void> {}
}

const codes = (warnings: readonly Warning[]): string[] => warnings.map(({ code }) => code);

describe('advice is silenced', () => {
  test('for all methods, by code', async () => {
    const runtime = createRuntime({ logger: false, advisor: { silence: ['RETRIES_A_WRITE'] } });
    const recorder = recordEvents(runtime, 'advisor.warned');
    const orders = withRuntime(new Orders(), runtime);
    await orders.place();
    const said = recorder.events.flatMap((event) => (event.type === 'advisor.warned' ? [event.code] : []));
    expect(said).toEqual(['BREAKER_WITHOUT_TIMEOUT']);
    expect(codes(explain(orders).warnings)).toEqual(['BREAKER_WITHOUT_TIMEOUT']);
  });

  test('for all methods at once', async () => {
    const runtime = createRuntime({ logger: false, advisor: false });
    const recorder = recordEvents(runtime, 'advisor.warned');
    const orders = withRuntime(new Orders(), runtime);
    await orders.place();
    expect([recorder.events, explain(orders).warnings]).toEqual([[], []]);
  });

  test('for one method, where it is meant so', () => {
    expect(codes(explain(withRuntime(new Known(), createRuntime({ logger: false }))).warnings)).toEqual([
      'BREAKER_WITHOUT_TIMEOUT',
    ]);
  });

  test('until configured otherwise', () => {
    const runtime = createRuntime({ logger: false, advisor: false });
    runtime.configure({ advisor: { silence: [] } });
    expect(codes(explain(withRuntime(new Orders(), runtime)).warnings)).toEqual([
      'RETRIES_A_WRITE',
      'BREAKER_WITHOUT_TIMEOUT',
    ]);
  });

  test('by codes that exist', () => {
    expect(thrownBy(() => createRuntime({ advisor: { silence: ['RETRIES_WRITE' as never] } }))).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/advisor\.silence.* \(did you mean 'RETRIES_A_WRITE'\?\)/),
    });
    expect(
      thrownBy(() => resilient(async () => 1, { retry: true, silence: 'RETRIES_A_WRITE' as never })),
    ).toMatchObject({
      message: expect.stringContaining('silence must be an array'),
    });
  });
});
