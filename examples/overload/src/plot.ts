import type { Scenario } from './scenario.js';
import type { Course } from './simulate.js';

const WIDTH = 960;
const HEIGHT = 480;
const LEFT = 70;
const RIGHT = 190;
const TOP = 60;
const BOTTOM = 60;
/** Of the Okabe–Ito palette, told apart by colour-blind eyes too. */
const COLOURS = ['#d55e00', '#e69f00', '#0072b2', '#009e73', '#cc79a7'];
/** Where two courses coincide, both are seen. */
const DASHES = ['none', 'none', 'none', 'none', '5 5'];
const TICKS_X = 10;

/** Where on the picture a second and a rate lie. */
interface Scale {
  readonly tick: number;
  readonly highest: number;
  readonly x: (second: number) => number;
  readonly y: (rate: number) => number;
}

const scaleOf = ({ length, capacity }: Scenario): Scale => {
  const tick = capacity / 6;
  // A queue that drains is answered at full speed, and a little faster where a second ends between two steps.
  const highest = Math.ceil((capacity * 1.1) / tick) * tick;
  return {
    tick,
    highest,
    x: (second) => LEFT + (second / length) * (WIDTH - LEFT - RIGHT),
    y: (rate) => HEIGHT - BOTTOM - (rate / highest) * (HEIGHT - TOP - BOTTOM),
  };
};

const steps = (until: number, by: number): number[] => Array.from({ length: until / by + 1 }, (_, step) => step * by);

const text = (at: readonly [number, number], words: string, more = ''): string =>
  `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${words}</text>`;

const line = (from: readonly [number, number], to: readonly [number, number], more: string): string =>
  `<line x1="${from[0].toFixed(1)}" y1="${from[1].toFixed(1)}" x2="${to[0].toFixed(1)}" y2="${to[1].toFixed(1)}" ${more}/>`;

const axes = ({ length }: Scenario, { tick, highest, x, y }: Scale): string[] => [
  ...steps(highest, tick).flatMap((rate) => [
    line([LEFT, y(rate)], [x(length), y(rate)], 'stroke="#ddd"'),
    text([LEFT - 8, y(rate) + 4], String(rate), 'text-anchor="end"'),
  ]),
  ...steps(length, TICKS_X).flatMap((second) => [
    line([x(second), y(0)], [x(second), y(0) + 5], 'stroke="#333"'),
    text([x(second), y(0) + 20], String(second), 'text-anchor="middle"'),
  ]),
  line([LEFT, y(0)], [x(length), y(0)], 'stroke="#333"'),
  text([x(length / 2), HEIGHT - 15], 'time in seconds', 'text-anchor="middle"'),
  text(
    [0, 0],
    'answers in time, per second',
    `text-anchor="middle" transform="translate(20 ${y(highest / 2)}) rotate(-90)"`,
  ),
];

const trouble = ({ troubleFrom, troubleUntil }: Scenario, { x, y }: Scale): string[] => [
  `<rect x="${x(troubleFrom)}" y="${TOP}" width="${x(troubleUntil) - x(troubleFrom)}" height="${y(0) - TOP}" fill="#f3f3f3"/>`,
  text(
    [(x(troubleFrom) + x(troubleUntil)) / 2, TOP - 8],
    'a quarter of the capacity',
    'text-anchor="middle" fill="#666"',
  ),
];

/** Each second's rate stands at its middle. */
const curve = ({ seconds }: Course, index: number, { x, y }: Scale): string => {
  const points = seconds.map(({ good }, second) => `${x(second + 0.5).toFixed(1)},${y(good).toFixed(1)}`);
  return `<polyline points="${points.join(' ')}" fill="none" stroke="${COLOURS[index]}" stroke-width="2.5" stroke-dasharray="${DASHES[index]}"/>`;
};

const legend = ({ name }: Course, index: number): string[] => {
  const at = TOP + 20 + index * 24;
  const from = WIDTH - RIGHT + 20;
  const stroke = `stroke="${COLOURS[index]}" stroke-width="3" stroke-dasharray="${DASHES[index]}"`;
  return [line([from, at], [from + 26, at], stroke), text([from + 34, at + 4], name)];
};

/** The courses as a picture: answers in time over time. */
export const plot = (scenario: Scenario, courses: readonly Course[]): string => {
  const { clients, demand } = scenario;
  const scale = scaleOf(scenario);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="13" fill="#222">`,
    `<title>Goodput of ${clients} clients before, during and after ten seconds of overload</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    text([LEFT, 26], `${clients} clients, ${demand} calls a second, one overloaded back end`, 'font-size="17"'),
    ...trouble(scenario, scale),
    ...axes(scenario, scale),
    ...courses.map((course, index) => curve(course, index, scale)),
    ...courses.flatMap(legend),
    '</svg>',
    '',
  ].join('\n');
};
