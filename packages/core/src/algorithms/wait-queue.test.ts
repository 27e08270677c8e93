import fc from 'fast-check';
import { type QueueMember, WaitQueue } from './wait-queue.js';

interface Named extends QueueMember {
  readonly name: string;
}

const named = (name: string): Named => ({ name, ahead: undefined, behind: undefined, isQueued: false });
const namesIn = (queue: WaitQueue<Named>): string => [...queue].map(({ name }) => name).join('');

test('first come, first served', () => {
  const queue = new WaitQueue<Named>();
  for (const name of 'abc') queue.add(named(name));
  expect([queue.size, namesIn(queue)]).toEqual([3, 'abc']);
  expect([queue.shift()?.name, queue.shift()?.name, queue.shift()?.name, queue.shift()]).toEqual([
    'a',
    'b',
    'c',
    undefined,
  ]);
  expect([queue.size, queue.first]).toEqual([0, undefined]);
});

test('who has left keeps no other in memory, and may come again', () => {
  const queue = new WaitQueue<Named>();
  const members = [...'abc'].map(named);
  for (const member of members) queue.add(member);
  const [, middle] = members as [Named, Named, Named];
  expect([queue.remove(middle), queue.remove(middle)]).toEqual([true, false]);
  expect(middle).toEqual(named('b'));
  queue.add(middle);
  expect(namesIn(queue)).toBe('acb');
});

test('property: as a list would do it', () => {
  const step = fc.oneof(fc.constant('add'), fc.constant('shift'), fc.nat({ max: 9 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const queue = new WaitQueue<Named>();
      const list: Named[] = [];
      for (const [index, each] of steps.entries()) {
        if (each === 'add') {
          const member = named(`${index},`);
          queue.add(member);
          list.push(member);
        } else if (each === 'shift') expect(queue.shift()).toBe(list.shift());
        else if (list.length > 0) queue.remove(list.splice(each % list.length, 1)[0] as Named);
        expect([queue.size, queue.first, namesIn(queue)]).toEqual([
          list.length,
          list[0],
          list.map(({ name }) => name).join(''),
        ]);
      }
    }),
  );
});
