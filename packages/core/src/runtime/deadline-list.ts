import type { Clock, Timer } from './clock.js';
import { outsideAnyContext } from './system.js';

/** Something that is due at a time. The node is the record itself: linking allocates nothing. */
export interface DeadlineNode {
  dueAt: number;
  previous: DeadlineNode | undefined;
  next: DeadlineNode | undefined;
  /** Called once when the time has come; the node is already unlinked. */
  onDue(now: number): void;
}

/**
 * All waits of one duration share one timer: equal durations fall due in the order in which they began, so a linked list
 * needs no sorting; adding and removing are O(1). The timer keeps the process alive exactly while somebody waits.
 */
export class DeadlineList {
  private readonly clock: Clock;
  private readonly duration: number;
  private readonly fire = (): void => this.onTimer();
  private head: DeadlineNode | undefined;
  private tail: DeadlineNode | undefined;
  private timer: Timer | undefined;
  private isReferenced = true;

  constructor(clock: Clock, duration: number) {
    this.clock = clock;
    this.duration = duration;
  }

  get isEmpty(): boolean {
    return this.head === undefined;
  }

  add(node: DeadlineNode): void {
    node.dueAt = this.clock.now() + this.duration;
    const tail = this.tail;
    node.previous = tail;
    node.next = undefined;
    this.tail = node;
    if (tail !== undefined) tail.next = node;
    else this.begin(node);
  }

  /** Harmless for a node that is not linked. */
  remove(node: DeadlineNode): void {
    const { previous, next } = node;
    if (previous === undefined && this.head !== node) return;
    if (previous === undefined) this.head = next;
    else previous.next = next;
    if (next === undefined) this.tail = previous;
    else next.previous = previous;
    node.previous = undefined;
    node.next = undefined;
    if (this.head === undefined) this.rest();
  }

  private begin(node: DeadlineNode): void {
    this.head = node;
    if (this.timer === undefined) {
      this.arm(this.duration);
    } else if (!this.isReferenced) {
      this.timer.ref();
      this.isReferenced = true;
    }
  }

  private rest(): void {
    if (this.timer === undefined || !this.isReferenced) return;
    this.timer.unref();
    this.isReferenced = false;
  }

  private onTimer(): void {
    this.timer = undefined;
    const now = this.clock.now();
    try {
      while (this.head !== undefined && this.head.dueAt <= now) {
        const due = this.head;
        this.remove(due);
        due.onDue(now);
      }
    } finally {
      this.rearm(now);
    }
  }

  private rearm(now: number): void {
    if (this.head === undefined || this.timer !== undefined) return;
    // At least a millisecond: Node's timers round down and would otherwise fire again before the deadline.
    this.arm(Math.max(1, Math.ceil(this.head.dueAt - now)));
  }

  /** The timer is everybody's: armed in one caller's context it would pin that, and others would be woken in it. */
  private arm(delay: number): void {
    this.timer = outsideAnyContext(() => this.clock.setTimer(this.fire, delay));
    this.isReferenced = true;
  }
}

/** The lists of one runtime, one per duration. Many durations are a sign that some are computed: idle lists go first. */
export class TimerPool {
  private readonly lists = new Map<number, DeadlineList>();
  private readonly clock: Clock;
  private static readonly LIMIT = 1_000;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  of(duration: number): DeadlineList {
    let list = this.lists.get(duration);
    if (list === undefined) {
      list = new DeadlineList(this.clock, duration);
      if (this.lists.size >= TimerPool.LIMIT) this.dropIdle();
      this.lists.set(duration, list);
    }
    return list;
  }

  private dropIdle(): void {
    for (const [duration, list] of this.lists) if (list.isEmpty) this.lists.delete(duration);
  }
}
