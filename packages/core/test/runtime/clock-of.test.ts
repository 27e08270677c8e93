import { virtualClock } from '../../../testing/src/index.js';
import { clockOf, configure, createRuntime, resetConfiguration, withRuntime } from '../../src/index.js';

afterEach(resetConfiguration);

test('clockOf gives the clock of an object’s runtime, of the code around it, or of the default runtime', () => {
  const [own, around, standard] = [virtualClock(), virtualClock(), virtualClock()];
  const instance = withRuntime({}, createRuntime({ clock: own, logger: false }));
  configure({ clock: standard, logger: false });
  expect([clockOf(instance), clockOf({}), clockOf()]).toEqual([own, standard, standard]);
  expect(clockOf()).toBe(standard);
  expect(createRuntime({ clock: around, logger: false }).run(() => clockOf())).toBe(around);
  expect(clockOf(instance)).toBe(own);
});
