import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FLEETS, type FleetName } from './fleet.js';
import { plot } from './plot.js';
import { intro, report } from './report.js';
import { SCENARIO } from './scenario.js';
import { type Course, simulate } from './simulate.js';

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

print(intro(SCENARIO));
const courses: Course[] = [];
for (const name of Object.keys(FLEETS) as FleetName[]) courses.push(await simulate(name));
print(report(SCENARIO, courses));

const picture = fileURLToPath(new URL('../overload.svg', import.meta.url));
writeFileSync(picture, plot(SCENARIO, courses));
print([`  The picture: ${picture}`, '']);
