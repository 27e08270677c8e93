/** Types that hold in both decorator dialects. Compiled, never run: by `npm run typecheck` and by every supported compiler. */
import { Retry } from '@holdfast/core';

export class Orders {
  @Retry()
  async place(id: string): Promise<string> {
    return id;
  }
}
