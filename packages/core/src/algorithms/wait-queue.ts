/** A place in a queue. The member is the node itself: queueing allocates nothing. */
export interface QueueMember {
  ahead: QueueMember | undefined;
  behind: QueueMember | undefined;
  isQueued: boolean;
}

/** First come, first served; whoever has enough of waiting leaves at once, wherever he stands. Everything is O(1). */
export class WaitQueue<Member extends QueueMember> {
  size = 0;
  first: Member | undefined;
  private last: Member | undefined;

  add(member: Member): void {
    member.isQueued = true;
    member.ahead = this.last;
    member.behind = undefined;
    if (this.last === undefined) this.first = member;
    else this.last.behind = member;
    this.last = member;
    this.size += 1;
  }

  /** Returns whether the member was queued. */
  remove(member: Member): boolean {
    if (!member.isQueued) return false;
    const { ahead, behind } = member;
    if (ahead === undefined) this.first = behind as Member | undefined;
    else ahead.behind = behind;
    if (behind === undefined) this.last = ahead as Member | undefined;
    else behind.ahead = ahead;
    member.isQueued = false;
    // A member that has gone keeps no other in memory.
    member.ahead = undefined;
    member.behind = undefined;
    this.size -= 1;
    return true;
  }

  /** Removes and returns the one who has waited longest. */
  shift(): Member | undefined {
    const { first } = this;
    if (first !== undefined) this.remove(first);
    return first;
  }

  *[Symbol.iterator](): Generator<Member> {
    for (let member = this.first; member !== undefined; member = member.behind as Member | undefined) yield member;
  }
}
