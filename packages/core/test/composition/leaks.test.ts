import fc from 'fast-check';
import { configure } from '../../src/index.js';
import { NOTHING_LEFT, play, playedOut } from './leak-world.js';

/**
 * Whatever policies a stack has, in whatever order, however its runs end and whoever leaves: when all is over, every call
 * has ended, and no slot, place in a queue, probe, count or timer is left behind.
 */
const SETTINGS = { numRuns: 150, seed: 20_261 };

const nothingIsLeft = async (): Promise<void> => {
  await fc.assert(
    fc.asyncProperty(play, async (given) => {
      expect(await playedOut(given)).toEqual(NOTHING_LEFT);
    }),
    SETTINGS,
  );
};

test('every call ends, and nothing is left behind', nothingIsLeft);

test('nor is it with async context on', async () => {
  configure({ context: true, logger: false });
  await nothingIsLeft();
});
