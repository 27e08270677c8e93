/** Types of the standard (TC39) dialect only. */
import { Retry } from '@holdfast/core';

export class Orders {
  @Retry()
  async #place(id: string): Promise<string> {
    return id;
  }

  place(id: string): Promise<string> {
    return this.#place(id);
  }
}
