/** Types of the legacy dialect (`experimentalDecorators`) only. */
import { Cached, CircuitBreaker, Resilient, Retry } from '@holdfast/core';

type Equal<One, Other> =
  (<Probe>() => Probe extends One ? 1 : 2) extends <Probe>() => Probe extends Other ? 1 : 2 ? true : false;
const is = <Condition extends true>(...proof: Condition extends true ? [] : [never]): void => void proof;

/** A decorator of somebody else's, as frameworks of this dialect type theirs. */
const Get =
  (path: string): MethodDecorator =>
  (target, key, descriptor) =>
    void [path, target, key, descriptor];
const Param =
  (name: string): ParameterDecorator =>
  (target, key, index) =>
    void [name, target, key, index];

@Resilient({ timeout: '2s' })
export class Orders {
  @Get('/orders/:id')
  @Retry()
  @Cached({
    key: (id) => {
      is<Equal<typeof id, string>>();
      return id;
    },
  })
  async find(@Param('id') id: string): Promise<string> {
    return id;
  }

  @Retry()
  @Get('/')
  async all(): Promise<void> {}

  // @ts-expect-error -- the type of a getter is that of its value
  @CircuitBreaker()
  get size(): number {
    return 1;
  }
}

export class WrongParameter {
  readonly id: string;

  // @ts-expect-error -- no parameter decorator
  constructor(@Retry() id: string) {
    this.id = id;
  }
}

/** What this dialect's own decorator type accepts can be handed on. */
const handedOn: MethodDecorator = Retry() as MethodDecorator;

export class HandedOn {
  @handedOn
  async place(id: string): Promise<string> {
    return id;
  }
}
