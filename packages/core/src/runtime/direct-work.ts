import { Work } from './work.js';

/** So many names, and what has another one is counted as one: names may be made up call by call. */
const MOST_NAMES = 1000;

/** Work under way that belongs to no method, by the name it goes by. */
export class DirectWork {
  private readonly byName = new Map<string, Work>();
  private readonly others = new Work();

  of(name: string): Work {
    let work = this.byName.get(name);
    if (work === undefined) {
      if (this.byName.size >= MOST_NAMES) return this.others;
      this.byName.set(name, (work = new Work()));
    }
    return work;
  }

  *[Symbol.iterator](): IterableIterator<{ readonly label: string; readonly work: Work }> {
    for (const [label, work] of this.byName) yield { label, work };
    yield { label: 'others', work: this.others };
  }
}
