import { VaultSecrets, maskSecret } from '@holdfast/secrets';
import { type Lab, PATH, type Print } from './lab.js';

const ORDINALS = ['First', 'Second', 'Third'];

/** Exercise 3: cache and retry together. The fake Vault fails once, so that there is something to retry. */
export const resilientDemo = async (lab: Lab, print: Print): Promise<void> => {
  const { address, auth, runtime } = lab;
  let attempt = 0;
  const fetch: typeof globalThis.fetch = (input, init) => {
    const isRead = (input as string).includes('/v1/secret/');
    if (isRead) print(`[VAULT] Fetching ${PATH} (attempt ${(attempt += 1)})`);
    // Once, where it is the secret that is asked for.
    if (isRead && attempt === 1) lab.fake?.failNext({ status: 503, errors: ['Vault is sealed'] });
    return lab.fetch(input, init);
  };
  await using vault = new VaultSecrets({ address, auth, runtime, fetch, ttl: '30s', retry: { maxAttempts: 3 } });
  runtime.events.on('cache.hit', ({ method }) => {
    if (method.endsWith('.read')) print(`[CACHE] Returning cached value for ${PATH}`);
  });
  runtime.events.on('retry.scheduled', ({ error }) => print(`[RETRY] Failed: ${error?.name} ${error?.status}`));

  for (const ordinal of ORDINALS) {
    print(`--- ${ordinal} call ---`);
    const { db_host: host, db_pass: password } = await lab.ended(vault.get<Record<string, string>>(PATH));
    print(`Result: db_host ${host}, db_pass ${maskSecret(password ?? '')}`);
  }
  print('Observation: only the first call asks Vault; those that follow use the cache.');
};
