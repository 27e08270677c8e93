import type { IncomingMessage } from 'node:http';
import { clear, selectionFrom } from '../app/clearing.js';
import { explained } from '../app/explained.js';
import { cacheRows, infoOf } from '../app/report.js';
import type { Subject } from '../app/subject.js';
import { healthWithoutKeys, statsWithoutKeys } from '../app/without-keys.js';
import type { Metrics } from '../metrics/metrics.js';
import { PATHS } from '../protocol.js';
import { type Answer, json } from './answer.js';
import { readJson } from './body.js';
import { badRequest } from './refusal.js';
import type { Settings } from './settings.js';

export interface Route {
  readonly method: 'GET' | 'POST';
  /** The parameters it may have. */
  readonly query: readonly string[];
  answer(request: IncomingMessage, query: URLSearchParams): Answer | Promise<Answer>;
}

const get = (answer: (query: URLSearchParams) => Answer, query: readonly string[] = []): Route => ({
  method: 'GET',
  query,
  answer: (_request, given) => answer(given),
});

/** A parameter that is given once, or not at all. @throws Refusal */
const parameter = (query: URLSearchParams, name: string): string | undefined => {
  const values = query.getAll(name);
  if (values.length > 1 || values[0] === '') throw badRequest(`the parameter ${name} must be given once`);
  return values[0];
};

/** What may be asked, by path. */
export const routesOf = (subject: Subject, settings: Settings, metrics: Metrics): ReadonlyMap<string, Route> => {
  const startedAt = settings.clock.wall();
  const { providers } = settings;
  return new Map<string, Route>([
    [PATHS.info, get(() => json(infoOf(subject, settings, startedAt)))],
    [PATHS.health, get(() => json(healthWithoutKeys(subject.health())))],
    [PATHS.stats, get(() => json(statsWithoutKeys(subject.stats())))],
    [PATHS.caches, get(() => json(cacheRows(subject, settings)))],
    [PATHS.explain, get((query) => json(explained(subject, parameter(query, 'method'))), ['method'])],
    [PATHS.metrics, get(() => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: metrics.text }))],
    [
      PATHS.clear,
      {
        method: 'POST',
        query: [],
        answer: async (request) => json(await clear(subject, providers, selectionFrom(await readJson(request)))),
      },
    ],
  ]);
};
