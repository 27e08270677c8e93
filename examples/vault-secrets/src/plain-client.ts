/** A client of Vault as it is written first: one request, and its error. */
export const plainClient = (address: string, fetch: typeof globalThis.fetch, token = 'root') => ({
  get: async (path: string): Promise<unknown> => {
    const [mount, ...rest] = path.split('/');
    const response = await fetch(`${address}/v1/${mount}/data/${rest.join('/')}`, {
      headers: { 'X-Vault-Token': token },
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const body = (await response.json()) as { data: { data: unknown } };
    return body.data.data;
  },
});
