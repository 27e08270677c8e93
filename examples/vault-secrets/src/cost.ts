import { VaultSecrets } from '@holdfast/secrets';
import { PATH, fakeLab } from './lab.js';
import { plainClient } from './plain-client.js';

export interface Cost {
  readonly operation: string;
  readonly requests: number;
  /** Milliseconds per read. */
  readonly latency: number;
  readonly requestsSaved: number;
  /** Milliseconds in all. */
  readonly saved: number;
}

export const READS = 1_000;
const CREDENTIALS = 'database/creds/app';

const measure = async (operation: string, path: string): Promise<Cost> => {
  const lab = await fakeLab({ latency: 'typical', roles: { [CREDENTIALS]: {} } });
  const { address, auth, fetch, runtime, fake } = lab;
  const plain = plainClient(address, fetch);
  const dynamic = (): Promise<unknown> => fetch(`${address}/v1/${path}`, { headers: { 'X-Vault-Token': 'root' } });
  const vault = new VaultSecrets({ address, auth, fetch, runtime });
  const times = async (read: () => Promise<unknown>): Promise<{ took: number; requests: number }> => {
    const [began, before] = [lab.now(), fake.requests.count];
    for (let n = 0; n < READS; n += 1) await lab.ended(read());
    return { took: lab.now() - began, requests: fake.requests.count - before };
  };
  const without = await times(path === PATH ? () => plain.get(path) : dynamic);
  const cached = await times(() => vault.get(path));
  await fake.close();
  return {
    operation,
    requests: without.requests,
    latency: without.took / READS,
    requestsSaved: without.requests - cached.requests,
    saved: without.took - cached.took,
  };
};

/** What a thousand reads cost, and what of it the cache saves. */
export const measureCosts = async (): Promise<Cost[]> => [
  await measure('Secret read', PATH),
  await measure('Dynamic secret', CREDENTIALS),
];

export const costTable = (costs: readonly Cost[]): string[] => [
  `${`per ${READS.toLocaleString('en')} reads`.padEnd(19)}${'latency'.padStart(10)}${'requests'.padStart(11)}${'saved'.padStart(8)}${'time saved'.padStart(13)}`,
  ...costs.map(
    ({ operation, latency, requests, requestsSaved, saved }) =>
      operation.padEnd(19) +
      `${latency.toFixed(1)} ms`.padStart(10) +
      `${requests}`.padStart(11) +
      `${requestsSaved}`.padStart(8) +
      `${(saved / 1_000).toFixed(1)} s`.padStart(13),
  ),
];
