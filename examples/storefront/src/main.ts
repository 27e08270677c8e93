import { configure } from '@holdfast/core';
import { playDay } from './day.js';
import { intro, outro, report } from './report.js';

const print = (lines: readonly string[]): void => void process.stdout.write(`${lines.join('\n')}\n`);

configure({ logger: false });
print(intro());
print(report(await playDay()));
print(outro());
