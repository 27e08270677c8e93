const WINDOW = 0;
const PROBATION = 1;
const PROTECTED = 2;
const LISTS = 3;
const VACANT = 3;
const NONE = -1;
/** Of the main region. */
const PROTECTED_SHARE = 0.8;
const MOVES_PER_WRITE = 8;
/**
 * By how much a candidate must have been used more often. It has just been used, the defender is the one whose turn is
 * longest ago: of two keys used equally often the candidate is ahead by one, and would win every time in a loop.
 */
const MARGIN = 1;

/**
 * The order of slots under W-TinyLFU, without keys and counts: three lists in the order of use.
 *
 *   newcomers → [ window ] ─ over its limit → [ probation ] ─ used again → [ protected ]
 *                                                    ↑────── over its limit ─────┘
 *
 * The window lets newcomers show whether they are used again at once; probation and protected together are the main
 * region, where what has proved itself stays. Who has to go is decided between two: the oldest of the window, the
 * candidate for the main region, and the weakest of that region, which defends its place.
 *
 * Invariants: a slot is in at most one list; the lengths are those of the lists. The limits may be exceeded for a while
 * after `setWindow`: slots move over a few at a time, so that no single write pays for all.
 *
 * Lists are doubly linked in typed arrays with one more element each as their two ends; nothing is ever allocated.
 * Source: Einziger, Eytan, Friedman and Manes, Adaptive software cache management (2018); Karedla, Love and Wherry, Caching
 * strategies to improve disk system performance (1994) for probation and protection.
 */
export class SegmentedLru {
  readonly capacity: number;
  /** The list of each slot; VACANT for none. */
  private readonly segments: Uint8Array;
  private readonly lengths = new Uint32Array(LISTS);
  private readonly newer: Uint32Array;
  private readonly older: Uint32Array;
  private windowLimit = 1;
  private protectedLimit = 0;

  constructor(capacity: number, windowShare: number) {
    this.capacity = capacity;
    this.segments = new Uint8Array(capacity);
    this.newer = new Uint32Array(capacity + LISTS);
    this.older = new Uint32Array(capacity + LISTS);
    this.clear();
    this.setWindow(windowShare);
  }

  /**
   * @param share of the entries, 0..1: at 1 there is no main region, and the order is that of use alone.
   * @param entries how many there are room for. Default: the capacity.
   */
  setWindow(share: number, entries = this.capacity): void {
    const most = share < 1 ? entries - 1 : entries;
    this.windowLimit = Math.max(1, Math.min(most, Math.round(entries * share)));
    this.protectedLimit = Math.floor((entries - this.windowLimit) * PROTECTED_SHARE);
  }

  /** A slot in no list becomes the newest of the window. */
  enter(slot: number): void {
    this.push(slot, WINDOW);
    for (let moves = MOVES_PER_WRITE; moves > 0 && this.length(WINDOW) > this.windowLimit; moves--)
      this.move(this.oldest(WINDOW), PROBATION);
    this.demote();
  }

  /** A slot in a list was used. */
  use(slot: number): void {
    const segment = this.segments[slot] as number;
    const list = segment === WINDOW ? WINDOW : PROTECTED;
    if (segment !== list) {
      this.move(slot, list);
      this.demote();
    } else if (this.older[this.capacity + list] !== slot) {
      this.detach(slot);
      this.attach(slot, list);
    }
  }

  /** A slot leaves its list. */
  leave(slot: number): void {
    this.unlink(slot);
    this.segments[slot] = VACANT;
  }

  /**
   * The slot that makes room for a newcomer: the oldest of the window or the weakest of the main region, whichever was
   * used less often. Where the window has room, the main region shrinks for it.
   * @param frequencyOf how often a slot was used lately.
   */
  victim(frequencyOf: (slot: number) => number): number {
    const { defender } = this;
    if (defender !== NONE && this.length(WINDOW) < this.windowLimit) return defender;
    const candidate = this.oldest(WINDOW);
    if (defender === NONE) return candidate;
    return frequencyOf(candidate) > frequencyOf(defender) + MARGIN ? defender : candidate;
  }

  /** The victim leaves and is returned; the candidate that has won against it moves into the main region. */
  evict(victim: number): number {
    if (this.segments[victim] !== WINDOW && this.length(WINDOW) >= this.windowLimit)
      this.move(this.oldest(WINDOW), PROBATION);
    this.leave(victim);
    return victim;
  }

  /** Whether the slot would go because it lost against the main region, which it wanted to enter. */
  isRefused(victim: number): boolean {
    return this.segments[victim] === WINDOW && this.defender !== NONE;
  }

  /** The slot of the main region that goes first; −1 where the region is empty. */
  private get defender(): number {
    if (this.length(PROBATION) > 0) return this.oldest(PROBATION);
    return this.length(PROTECTED) > 0 ? this.oldest(PROTECTED) : NONE;
  }

  /** A slot in no list becomes the newest of the list in which another order has its slot. */
  enterAs(segment: number, slot: number): void {
    this.push(slot, segment);
  }

  holds(slot: number): boolean {
    return this.segments[slot] !== VACANT;
  }

  isInMainRegion(slot: number): boolean {
    const segment = this.segments[slot];
    return segment === PROBATION || segment === PROTECTED;
  }

  segmentOf(slot: number): number {
    return this.segments[slot] as number;
  }

  clear(): void {
    this.segments.fill(VACANT);
    for (let list = 0; list < LISTS; list++) {
      const end = this.endOf(list);
      this.lengths[list] = 0;
      this.newer[end] = end;
      this.older[end] = end;
    }
  }

  /** Slots in the order in which they would have to make room: probation, then the window, then what is protected. */
  *weakestFirst(): Generator<number> {
    for (const list of [PROBATION, WINDOW, PROTECTED]) {
      const end = this.endOf(list);
      for (let slot = this.newer[end] as number; slot !== end; slot = this.newer[slot] as number) yield slot;
    }
  }

  private length(list: number): number {
    return this.lengths[list] as number;
  }

  /** The element beyond both ends of a list: next to it lie the newest and the oldest. */
  private endOf(list: number): number {
    return this.capacity + list;
  }

  private oldest(list: number): number {
    return this.newer[this.capacity + list] as number;
  }

  private demote(): void {
    for (let moves = MOVES_PER_WRITE; moves > 0 && this.length(PROTECTED) > this.protectedLimit; moves--)
      this.move(this.oldest(PROTECTED), PROBATION);
  }

  private move(slot: number, list: number): void {
    this.unlink(slot);
    this.push(slot, list);
  }

  private push(slot: number, list: number): void {
    this.attach(slot, list);
    this.segments[slot] = list;
    this.lengths[list] = this.length(list) + 1;
  }

  private unlink(slot: number): void {
    this.detach(slot);
    const list = this.segments[slot] as number;
    this.lengths[list] = this.length(list) - 1;
  }

  private attach(slot: number, list: number): void {
    const { newer, older } = this;
    const end = this.capacity + list;
    const second = older[end] as number;
    newer[second] = slot;
    older[slot] = second;
    newer[slot] = end;
    older[end] = slot;
  }

  private detach(slot: number): void {
    const { newer, older } = this;
    const next = newer[slot] as number;
    const previous = older[slot] as number;
    newer[previous] = next;
    older[next] = previous;
  }
}
