import { type ListedCache, isResilienceError } from '@holdfast/core';
import type { Cleared, ClearedCache, RefusalCode, Selection } from '../protocol.js';
import { Refusal, badRequest, internal } from '../server/refusal.js';
import { type InspectedProvider, nameOf, statsOf } from './provider.js';
import type { Subject } from './subject.js';

const WANTED = "one of { all: true }, { method: 'Class.method' }, { tag: 'name' }, { provider: 'kind' }";

/** @throws Refusal on what names nothing, or more than one thing. */
export const selectionFrom = (body: unknown): Selection => {
  const entries = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.entries(body) : [];
  const [[what, which] = [undefined, undefined]] = entries;
  if (entries.length === 1) {
    if (what === 'all' && which === true) return { all: true };
    if (typeof which === 'string' && which !== '') {
      if (what === 'method') return { method: which };
      if (what === 'tag') return { tag: which };
      if (what === 'provider') return { provider: which };
    }
  }
  throw badRequest('the body does not say what to clear', `send ${WANTED}`);
};

const unknown = (code: RefusalCode, what: string, known: readonly string[]): Refusal =>
  new Refusal(404, code, {
    message: `no ${what} has that name`,
    remedy: 'take one of the known names',
    known: [...new Set(known)],
  });

/** Something that can be emptied, and its name. */
interface Clearable {
  readonly name: string;
  clear(): Promise<ClearedCache>;
}

/**
 * Does something to a cache, and finds out whether the store behind it has followed: by default a store that fails is
 * nobody's to see, but for an event, and a guard that is open does not even ask.
 */
const throughStore = async <Result>(
  subject: Subject,
  { method, store }: ListedCache,
  work: () => Promise<Result>,
): Promise<[result: Result, facts: Pick<ClearedCache, 'storeFailed'>]> => {
  if (store === undefined) return [await work(), {}];
  let isFailing = subject.health().store.status === 'degraded';
  const stop = subject.events.on('cache.storeFailed', (event) => {
    if (event.method === method) isFailing = true;
  });
  try {
    const result = await work();
    return [result, isFailing ? { storeFailed: true } : {}];
  } finally {
    stop();
  }
};

const ofCache =
  (subject: Subject) =>
  (cache: ListedCache): Clearable => ({
    name: cache.name,
    clear: async () => {
      const [entries, facts] = await throughStore(subject, cache, () => cache.clear());
      return { name: cache.name, entries, ...facts };
    },
  });

const ofProvider = (provider: InspectedProvider): Clearable => {
  const name = nameOf(provider);
  const clear = async (): Promise<ClearedCache> => {
    const entries = statsOf(provider)?.size;
    await provider.clear();
    return { name, ...(entries !== undefined && { entries }) };
  };
  return { name, clear };
};

/** All are tried. @throws Refusal naming those that could not be cleared, and not why. */
const clearEach = async (what: readonly Clearable[]): Promise<Cleared> => {
  const cleared: ClearedCache[] = [];
  const failed: string[] = [];
  // One after the other: a provider on decorators is emptied with the caches, and its entries are not counted twice.
  for (const each of what) {
    try {
      cleared.push(await each.clear());
    } catch {
      failed.push(each.name);
    }
  }
  if (failed.length > 0) throw internal(`could not be cleared: ${failed.join(', ')}`);
  return { cleared };
};

/** What no entry can have been tagged with. @throws Refusal */
const refuseMistaken = (error: unknown): void => {
  if (isResilienceError(error) && error.code === 'CONFIGURATION') throw badRequest('this cannot be a tag');
};

const clearTag = async (subject: Subject, tag: string): Promise<Cleared> => {
  const cleared: ClearedCache[] = [];
  const failed: string[] = [];
  for (const cache of subject.caches()) {
    try {
      const [held, facts] = await throughStore(subject, cache, () => cache.invalidateTags(tag));
      if (held > 0 || facts.storeFailed === true) cleared.push({ name: cache.name, ...facts });
    } catch (error) {
      refuseMistaken(error);
      failed.push(cache.name);
    }
  }
  if (failed.length > 0) throw internal(`the tag could not be cleared in: ${failed.join(', ')}`);
  if (cleared.length > 0) return { cleared };
  throw new Refusal(404, 'UNKNOWN_TAG', {
    message: 'no entry of this process has that tag; stores behind it were told to forget it',
    remedy: 'tags are compared as they are written, upper and lower case included',
  });
};

/** @throws Refusal 404 with the names there are, where nothing is meant. */
export const clear = async (
  subject: Subject,
  providers: readonly InspectedProvider[],
  selection: Selection,
): Promise<Cleared> => {
  const caches = subject.caches();
  if ('all' in selection) return clearEach([...caches.map(ofCache(subject)), ...providers.map(ofProvider)]);
  if ('tag' in selection) return clearTag(subject, selection.tag);
  if ('method' in selection) {
    const meant = caches.filter(({ name, method }) => name === selection.method || method === selection.method);
    if (meant.length === 0)
      throw unknown(
        'UNKNOWN_METHOD',
        'cached method',
        caches.map(({ method }) => method),
      );
    return clearEach(meant.map(ofCache(subject)));
  }
  const meant = providers.filter((each) => each.kind === selection.provider || nameOf(each) === selection.provider);
  if (meant.length === 0)
    throw unknown(
      'UNKNOWN_PROVIDER',
      'provider',
      providers.map(({ kind }) => kind),
    );
  return clearEach(meant.map(ofProvider));
};
