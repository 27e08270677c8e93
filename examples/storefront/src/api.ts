import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Catalog } from './catalog.js';

const send = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

/** GET /products/:id, GET /categories/:name, PUT /products/:id/price?to=30 */
async function answer(catalog: Catalog, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://shop');
  const [, kind, name = '', field] = pathname.split('/');
  if (request.method === 'PUT' && kind === 'products' && field === 'price') {
    await catalog.setPrice(name, Number(searchParams.get('to')));
    return send(response, 204, undefined);
  }
  const page = kind === 'products' ? await catalog.product(name) : await catalog.category(name);
  return page === undefined ? send(response, 404, { error: 'no such page' }) : send(response, 200, page);
}

export interface Api {
  readonly url: string;
  close(): Promise<void>;
}

/** The shop's pages on a port of their own. */
export async function serve(catalog: Catalog): Promise<Api> {
  const server: Server = createServer((request, response) => {
    answer(catalog, request, response).catch(() => send(response, 503, { error: 'try again later' }));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
