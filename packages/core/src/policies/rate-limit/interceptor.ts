import type { PolicyStates } from '../../decorate/policy-states.js';
import { withoutStack } from '../../errors/without-stack.js';
import type { Channel } from '../../events/channel.js';
import type { Call } from '../../pipeline/call.js';
import { type Interceptor, type InterceptorFacts, Refusal } from '../../pipeline/interceptor.js';
import type { Binding } from '../../pipeline/policy.js';
import type { Clock } from '../../runtime/clock.js';
import { RateLimitedError, type RateRefusal } from './error.js';
import type { BoundLimiter } from './limiter.js';
import type { RateLimitMachine } from './machine.js';
import type { RateLimitOptions, RateLimitTerms } from './options.js';
import { WaitingCall } from './waiting-call.js';

/** What `stats()` reaches through the interceptor. */
export interface RateLimitHandle {
  /** Of limits by key, of which there may be very many, those that are used up. */
  all(): readonly BoundLimiter[];
}

const served = (): void => undefined;

/** Of subtracting two times, in milliseconds. */
const NOISE = 1e-6;

/** Rounded up, so that whoever waits this long is admitted. */
const wholeMilliseconds = (duration: number): number => Math.max(1, Math.ceil(duration - NOISE));

export class RateLimitInterceptor implements Interceptor {
  readonly policy = 'rate-limit';
  readonly mayLinger: boolean;
  readonly handle: RateLimitHandle;
  private readonly options: Partial<RateLimitOptions>;
  private readonly terms: RateLimitTerms;
  private readonly binding: Binding;
  private readonly clock: Clock;
  private readonly limiters: PolicyStates<BoundLimiter>;
  /** The machine, where all calls share one. */
  private readonly machine: RateLimitMachine | undefined;
  private readonly isShadow: boolean;
  private readonly delayed: Channel<'rateLimit.delayed'>;
  private readonly rejected: Channel<'rateLimit.rejected'>;
  private readonly shadowed: Channel<'shadow.rejected'>;

  constructor(
    options: Partial<RateLimitOptions>,
    terms: RateLimitTerms,
    { limiters, binding }: { limiters: PolicyStates<BoundLimiter>; binding: Binding },
  ) {
    const { events, clock } = binding.runtime;
    this.options = options;
    this.terms = terms;
    this.binding = binding;
    this.clock = clock;
    this.limiters = limiters;
    this.isShadow = options.shadow === true;
    this.mayLinger = terms.maxWait > 0 && !this.isShadow;
    this.machine = limiters.only?.machine;
    this.delayed = events.channel('rateLimit.delayed');
    this.rejected = events.channel('rateLimit.rejected');
    this.shadowed = events.channel('shadow.rejected');
    this.handle = {
      all: () => limiters.all().filter(({ stats }) => options.key === undefined || stats.available === 0),
    };
  }

  enter(call: Call): Refusal | Promise<void> | undefined {
    const now = this.clock.now();
    if (this.machine !== undefined && this.machine.tryTake(now)) return undefined;
    const limiter = this.limiters.only ?? this.limiters.of(call.self, call.args);
    if (this.machine === undefined && limiter.machine.tryTake(now)) return undefined;
    return this.isShadow ? this.goInShadow(limiter, now) : this.holdBack(call, limiter, now);
  }

  /** A retry that would be refused for sure is not slept towards. */
  notBefore(call: Call): number {
    if (this.isShadow) return -Infinity;
    const now = this.clock.now();
    const { machine } = this.limiters.only ?? this.limiters.of(call.self, call.args);
    return now + machine.delay(now) - this.terms.maxWait - NOISE;
  }

  describe(): InterceptorFacts {
    const { shadow, name, scope, key } = this.options;
    const { only } = this.limiters;
    return { options: { ...this.terms, shadow, name, key, scope }, ...(only && { state: only.stats }) };
  }

  /** Nobody waits: what would have been held back goes at once, and later calls pay for it as they would have. */
  private goInShadow(limiter: BoundLimiter, now: number): undefined {
    const { machine, name } = limiter;
    const delay = machine.delay(now);
    if (delay <= this.terms.maxWait) {
      machine.take(now);
      return;
    }
    machine.rejected += 1;
    if (!this.shadowed.isWatched) return;
    const { limit, interval } = machine.rate;
    const retryAfter = wholeMilliseconds(delay - this.terms.maxWait);
    this.shadowed.emit(this.binding.method, { policy: this.policy, limiter: name, limit, interval, retryAfter });
  }

  private holdBack(call: Call, limiter: BoundLimiter, now: number): Refusal | Promise<void> {
    if (call.interruption !== undefined) return new Refusal(call.interruption.reason);
    const delay = limiter.machine.delay(now);
    const patience = this.patienceOf(call, now);
    // A hedge without a token is no refused call: the hedge tells of it.
    if (delay > patience && call.more?.isSpeculative === true) return new Refusal(this.errorFor(limiter, delay));
    if (delay > patience) return new Refusal(this.reported(this.refused(limiter, delay - patience)));
    const waiting = new WaitingCall(call, limiter, {
      deadline: now + this.terms.maxWait,
      delay,
      onExpired: () => this.refused(limiter, limiter.machine.delay(limiter.now) - this.terms.maxWait),
    });
    limiter.enqueue(waiting);
    this.reportDelay(limiter, delay);
    return waiting.promise.then(served, (reason: unknown) => this.failed(waiting, reason));
  }

  /** How long this call may be held back. One that outlasts its caller's patience would be held back for nothing. */
  private patienceOf(call: Call, now: number): number {
    const { maxWait } = this.terms;
    if (maxWait === 0 || call.more?.isSpeculative === true) return 0;
    // What may yet turn out to be synchronous cannot wait.
    return this.binding.kind === 'async' ? Math.min(maxWait, call.remaining(now)) : 0;
  }

  /** Runs in the async context of the call, as whatever ended the wait may not. */
  private failed({ refusal }: WaitingCall, reason: unknown): never {
    throw refusal instanceof RateLimitedError ? this.reported(refusal) : reason;
  }

  private refused(limiter: BoundLimiter, delay: number): RateLimitedError {
    limiter.machine.rejected += 1;
    return this.errorFor(limiter, delay);
  }

  private errorFor({ name, machine }: BoundLimiter, delay: number): RateLimitedError {
    const { limit, interval } = machine.rate;
    const refusal: RateRefusal = { limiter: name, limit, interval, retryAfter: wholeMilliseconds(delay) };
    const { method, runtime } = this.binding;
    return withoutStack(() => new RateLimitedError(method, refusal), runtime.settings.captureStacks);
  }

  private reported(error: RateLimitedError): RateLimitedError {
    if (!this.rejected.isWatched) return error;
    const { limiter, limit, interval, retryAfter } = error;
    this.rejected.emit(this.binding.method, { limiter, limit, interval, retryAfter: retryAfter as number });
    return error;
  }

  private reportDelay({ name, machine }: BoundLimiter, delay: number): void {
    if (!this.delayed.isWatched) return;
    const { limit, interval } = machine.rate;
    const facts = { limiter: name, limit, interval, delay: wholeMilliseconds(delay), waiting: machine.waiting };
    this.delayed.emit(this.binding.method, facts);
  }
}
