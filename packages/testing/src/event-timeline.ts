import type { HoldfastEvent } from '@holdfast/core';

/** Told in columns of their own, or not worth a column. */
const OWN_COLUMNS = new Set(['type', 'method', 'at', 'error']);

/**
 * Events as aligned text, one line each: `+250 ms  Catalog.product  retry.scheduled  attempt=1 delay=250`. The time is
 * wall time since the first event; an error reads `error=HttpError/503`.
 */
export function formatTimeline(events: readonly HoldfastEvent[]): string {
  const start = events[0]?.at ?? 0;
  const rows = events.map(
    (event) => [`+${rounded(event.at - start)} ms`, event.method, event.type, factsOf(event)] as const,
  );
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return rows
    .map(([time, ...rest]) =>
      [time.padStart(widths[0] as number), ...rest.map((cell, index) => cell.padEnd(widths[index + 1] ?? 0))]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

function factsOf(event: HoldfastEvent): string {
  const facts = Object.entries(event)
    .filter(([name, value]) => !OWN_COLUMNS.has(name) && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  if (event.error !== undefined) facts.push(`error=${errorLabel(event.error)}`);
  return facts.join(' ');
}

const errorLabel = ({ name, code, status }: NonNullable<HoldfastEvent['error']>): string =>
  [name, code, status].filter((part) => part !== undefined).join('/');
