import type { Scenario } from './scenario.js';
import { type Course, goodput, recoveryTime } from './simulate.js';

const phasesOf = ({ troubleFrom, troubleUntil, length }: Scenario) =>
  [
    ['before', 0, troubleFrom],
    ['trouble', troubleFrom, troubleUntil],
    ['10 s after', troubleUntil, troubleUntil + 10],
    ['the last 10 s', length - 10, length],
  ] as const;
const LEVELS = ' ▁▂▃▄▅▆▇█';

const strip = ({ scenario, seconds }: Course): string =>
  seconds.map(({ good }) => LEVELS[Math.min(8, Math.round((good / scenario.demand) * 8))]).join('');

const recovered = (course: Course): string => {
  const time = recoveryTime(course);
  return time === Infinity ? 'never' : `${time} s`;
};

export const intro = ({ clients, processes, demand, capacity, troubleFrom, troubleUntil }: Scenario): string[] => [
  '',
  `  ${clients} clients in ${processes} processes make ${demand} calls a second, each in up to three attempts of a second.`,
  `  Their back end gives ${capacity} answers a second, and from second ${troubleFrom} to ${troubleUntil} a quarter of that.`,
  '',
];

/** What each fleet got: answers in time per second, in four phases, and how long recovery took. */
export const report = (scenario: Scenario, courses: readonly Course[]): string[] => {
  const phases = phasesOf(scenario);
  return [
    `  ${''.padEnd(18)}${phases.map(([name]) => name.padStart(14)).join('')}${'recovered after'.padStart(17)}`,
    ...courses.map((course) => {
      const rates = phases.map(([, from, until]) => String(Math.round(goodput(course, from, until))).padStart(14));
      return `  ${course.name.padEnd(18)}${rates.join('')}${recovered(course).padStart(17)}`;
    }),
    '',
    '  answers in time, a column per second, full height is all of the demand',
    ...courses.map((course) => `  ${course.name.padEnd(18)} ${strip(course)}`),
    `  ${''.padEnd(18)} ${'trouble'.padStart(scenario.troubleFrom + 7)}`,
    '',
  ];
};
