/** Types of the standard (TC39) dialect only. */
import { Cached, CircuitBreaker, Fallback, Resilient, Retry, Timeout } from '@holdfast/core';

type Equal<One, Other> =
  (<Probe>() => Probe extends One ? 1 : 2) extends <Probe>() => Probe extends Other ? 1 : 2 ? true : false;
const is = <Condition extends true>(...proof: Condition extends true ? [] : [never]): void => void proof;

export class Orders {
  readonly tenant: string = 'a';

  @Retry({ retryOnResult: (result) => result.length === 0 })
  @Cached({
    key(id) {
      is<Equal<typeof this, Orders>>();
      is<Equal<typeof id, string>>();
      return `${this.tenant}${id}`;
    },
    scope: (self) => self.tenant,
  })
  async #place(id: string): Promise<string> {
    return id;
  }

  place(id: string): Promise<string> {
    return this.#place(id);
  }

  @Fallback((_error, id) => id.length)
  static #count(id: string): number {
    return id.length;
  }

  static count(id: string): number {
    return Orders.#count(id);
  }

  // @ts-expect-error -- private methods are checked like others
  @Timeout('1s')
  #synchronous(): number {
    return 1;
  }

  synchronous(): number {
    return this.#synchronous();
  }

  // @ts-expect-error -- no method
  @Cached()
  accessor auto = 1;

  // @ts-expect-error -- no method either
  @CircuitBreaker()
  field = 1;
}

/** Class expressions: mixins. */
export const Saving = <Base extends abstract new (...args: any[]) => object>(Parent: Base) => {
  @Resilient({ retry: true, exclude: ['load'] })
  abstract class Mixed extends Parent {
    @Retry()
    @Cached({ key: (id) => id.toUpperCase() })
    async save(id: string): Promise<string> {
      return id;
    }

    async load(): Promise<void> {}
  }
  return Mixed;
};

export const Anonymous = class {
  @Retry()
  async find(): Promise<void> {}
};
