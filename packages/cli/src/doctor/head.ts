import { performance } from 'node:perf_hooks';
import { EXIT } from '../exit-codes.js';
import { type Diagnostics, diagnose } from './diagnosis.js';
import { type Outcome, failed, passed } from './step.js';

const LIMIT = 10_000;

type Fetch = typeof globalThis.fetch;

/** One HEAD request that follows nothing and reads nothing. */
const head = async (fetch: Fetch, url: URL): Promise<{ readonly status: number; readonly ms: number }> => {
  const started = performance.now();
  const response = await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(LIMIT) });
  await response.body?.cancel();
  return { status: response.status, ms: performance.now() - started };
};

const serverTrouble = (status: number): Outcome =>
  failed(EXIT.failed, `the server answered ${status}`, 'the server was reached and is not well: ask those who run it');

/** Without credentials: any answer that is no trouble of the server's own says that it can be reached. */
export const plainHead = async (url: URL, diagnostics: Diagnostics): Promise<Outcome> => {
  try {
    const { status } = await head(globalThis.fetch, url);
    if (status >= 500) return serverTrouble(status);
    const wants = status === 401 || status === 403 ? ': it wants credentials, as it should' : '';
    return passed(`the server answered ${status}${wants}`);
  } catch (error) {
    return diagnose(error, { name: url.host, whereFrom: 'the URL' }, diagnostics);
  }
};

/** With the credentials: the server has to take them. */
export const authenticatedHead = async (url: URL, fetch: Fetch, diagnostics: Diagnostics): Promise<Outcome> => {
  try {
    const { status } = await head(fetch, url);
    if (status === 401 || status === 403)
      return failed(
        EXIT.failed,
        `the server refuses the credentials: ${status}`,
        status === 401
          ? 'the secret is not what the server wants: look at its value, the header and the scheme (holdfast info)'
          : 'the server knows who asks and says no: ask for the rights, or for other credentials',
      );
    return status >= 500 ? serverTrouble(status) : passed(`the server answered ${status}`);
  } catch (error) {
    return diagnose(error, { name: url.host, whereFrom: 'the URL' }, diagnostics);
  }
};
