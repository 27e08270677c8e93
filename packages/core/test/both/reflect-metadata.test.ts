import { Cached, METADATA_KEY, explain } from '../../src/index.js';

/** No file here loads reflect-metadata before the class below is defined. */
const hasReflectMetadata = (): boolean => typeof (Reflect as { metadata?: unknown }).metadata === 'function';

const atImport = hasReflectMetadata();

class Orders {
  @Cached({ scope: 'class' })
  named(): string {
    return 'x';
  }
}

const once = (Reflect as { metadata?: unknown }).metadata;

class Others {
  @Cached({ scope: 'class' })
  named(): string {
    return 'x';
  }
}

describe('reflect-metadata', () => {
  test('comes with the first decorator, not with the package', () => {
    expect(atImport).toBe(false);
    expect(hasReflectMetadata()).toBe(true);
  });

  test('comes once', () => {
    expect(new Others().named()).toBe('x');
    expect((Reflect as { metadata?: unknown }).metadata).toBe(once);
  });

  test('is there in time for what the compiler says about that very method', async () => {
    const { dialect, emitsTypes } = await import('../support/dialect.js');
    expect(explain(Orders).methods.map(({ kind }) => kind)).toEqual([emitsTypes ? 'sync' : 'unknown']);
    if (dialect === 'legacy') expect(Reflect.getMetadata(METADATA_KEY, Orders.prototype, 'named')).toHaveLength(1);
  });
});
