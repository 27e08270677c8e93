/**
 * The most hits that any cache could have on a trace: Belady's rule, which drops the key whose next use is furthest away.
 * Next uses lie in a heap; one that is out of date is thrown away when it comes up.
 */
const NEVER = 2 ** 31 - 1;

const nextUses = (keys) => {
  const next = new Int32Array(keys.length);
  const seen = new Map();
  for (let at = keys.length - 1; at >= 0; at--) {
    next[at] = seen.get(keys[at]) ?? NEVER;
    seen.set(keys[at], at);
  }
  return next;
};

/** The largest first. */
class Heap {
  items = [];

  push(item) {
    const { items } = this;
    let at = items.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent].use >= item.use) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = item;
  }

  pop() {
    const { items } = this;
    const [first] = items;
    const last = items.pop();
    const { length } = items;
    if (length === 0) return first;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && items[child + 1].use > items[child].use) child += 1;
      if (items[child].use <= last.use) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return first;
  }
}

export const hitsOfOptimum = (keys, size) => {
  const next = nextUses(keys);
  const useOf = new Map();
  const heap = new Heap();
  let hits = 0;
  for (const [at, key] of keys.entries()) {
    if (useOf.has(key)) hits += 1;
    else if (useOf.size === size) {
      let furthest = heap.pop();
      while (useOf.get(furthest.key) !== furthest.use) furthest = heap.pop();
      useOf.delete(furthest.key);
    }
    useOf.set(key, next[at]);
    heap.push({ key, use: next[at] });
  }
  return hits;
};
