import type { EventOf, HoldfastEvent } from '@holdfast/core';
import type { Afternoon } from './afternoon.js';
import { CROWD } from './load.js';
import type { Act } from './script.js';
import { between, promptness } from './tally.js';

/** A line of the story: what, and when. A line about the upstream opens an act. */
export interface StoryLine {
  readonly at: number;
  readonly text: string;
  readonly opensAct: boolean;
}

type Opened = EventOf<'circuit.opened'>;

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;
const percent = (part: number): string => `${Math.round(part * 100)} %`.padStart(5);

const isOpening = (event: HoldfastEvent): event is Opened => event.type === 'circuit.opened';

/** The status where there was an answer, else the code of what went wrong. */
const reasonOf = ({ error }: Opened): string => {
  if (error?.status !== undefined) return `HTTP ${error.status}`;
  return error?.code === 'TIMED_OUT' ? 'timeouts' : (error?.code ?? 'errors');
};

/** Probes fail once a second in an outage: one line for all of an act. */
function openings(events: readonly Opened[]): [event: HoldfastEvent, text: string][] {
  const first = events.filter(({ reason }) => reason !== 'probes-failed');
  const probes = events.filter(({ reason }) => reason === 'probes-failed');
  const lines = first.map((event): [HoldfastEvent, string] => [
    event,
    `circuit opened after ${event.failures} failures in a row (${reasonOf(event)}); next probe in ${seconds(event.retryAfter)}`,
  ]);
  const [probe] = probes;
  if (probe === undefined) return lines;
  const count = probes.length === 1 ? 'a probe failed' : `${probes.length} probes failed`;
  return [...lines, [probe, `${count} (${reasonOf(probe)}): the circuit stays open`]];
}

const closings = (events: readonly HoldfastEvent[]): [HoldfastEvent, string][] =>
  events
    .filter(({ type }) => type === 'circuit.closed')
    .map((event) => [event, '2 probes succeeded: circuit closed, calls go through again']);

/** The first of a kind in the whole afternoon. */
function firsts(events: readonly HoldfastEvent[]): [HoldfastEvent, string][] {
  const behind = events.find((event) => event.type === 'cache.servedStale' && event.reason === 'revalidating');
  const instead = events.find((event) => event.type === 'cache.servedStale' && event.reason !== 'revalidating');
  return [
    ...(behind ? ([[behind, 'first old answer at once, renewed behind it: staleWhileRevalidate']] as const) : []),
    ...(instead ? ([[instead, 'first old answer instead of an error: staleIfError']] as const) : []),
  ].map(([event, text]) => [event, text]);
}

/** Everybody in the crowd but the first finds the same request under way. */
function crowd(events: readonly HoldfastEvent[]): [HoldfastEvent, string][] {
  const joiners = events.filter((event) => event.type === 'cache.coalesced');
  const [first] = joiners.filter(({ keyHash }) => joiners.filter((one) => one.keyHash === keyHash).length > CROWD / 2);
  return first === undefined ? [] : [[first, `${CROWD} people want a new product in the same instant: 1 request`]];
}

function tellAct(act: Act, afternoon: Afternoon): StoryLine[] {
  const { events, startedAt, plain, decorated } = afternoon;
  const isWithin = ({ at }: HoldfastEvent): boolean => act.from <= at - startedAt && at - startedAt < act.to;
  const within = events.filter(isWithin);
  const shares = [plain, decorated].map(({ records }) => percent(promptness(between(records, act.from, act.to))));
  const told = [
    ...openings(within.filter(isOpening)),
    ...closings(within),
    ...[...firsts(events), ...crowd(events)].filter(([event]) => isWithin(event)),
  ].map(([{ at }, text]) => ({ at: at - startedAt, text, opensAct: false }));
  const opening = { at: act.from, text: `${act.says.padEnd(42)}${shares.join('     ')}`, opensAct: true };
  return [opening, ...told.sort((one, other) => one.at - other.at)];
}

/** The afternoon in words, act by act. */
export const tell = (afternoon: Afternoon): StoryLine[] => afternoon.acts.flatMap((act) => tellAct(act, afternoon));
