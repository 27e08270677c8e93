import { createServer, type Server } from 'node:net';
import { LoopbackListener } from './loopback-listener.js';

const listenerWith = (patience: number): LoopbackListener =>
  new LoopbackListener(() => undefined, { unref: true, patience });

async function occupied(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return server;
}

const released = (server: Server): Promise<unknown> => new Promise((resolve) => server.close(resolve));

test('a shut listener opens again on its port', async () => {
  const listener = listenerWith(0);
  await listener.open();
  const { port } = listener;
  await listener.open();
  await listener.shut();
  await listener.shut();
  expect(listener.isOpen).toBe(false);
  await listener.open();
  expect([listener.isOpen, listener.port]).toEqual([true, port]);
  await listener.shut();
});

test('a port that somebody borrowed is waited for', async () => {
  const listener = listenerWith(2_000);
  await listener.open();
  await listener.shut();
  const borrower = await occupied(listener.port);
  const opening = listener.open();
  await new Promise((resolve) => setTimeout(resolve, 1));
  await released(borrower);
  await opening;
  expect(listener.isOpen).toBe(true);
  await listener.shut();
});

test('a port that stays taken is an error once patience ends', async () => {
  const listener = listenerWith(2);
  await listener.open();
  await listener.shut();
  const borrower = await occupied(listener.port);
  await expect(listener.open()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await released(borrower);
});

test('a listener that is ended stops waiting for its port', async () => {
  const listener = listenerWith(60_000);
  await listener.open();
  await listener.shut();
  const borrower = await occupied(listener.port);
  const opening = listener.open();
  listener.end();
  await opening;
  expect(listener.isOpen).toBe(false);
  await released(borrower);
});
