/** Types of the legacy dialect (`experimentalDecorators`) only. */
import { Retry } from '@holdfast/core';

const decorate: MethodDecorator = Retry() as MethodDecorator;

export class Orders {
  @decorate
  async place(id: string): Promise<string> {
    return id;
  }
}
