import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { page } from './support/page.js';

test('docs/cli.md is what scripts/cli-docs.mjs makes of the commands', () => {
  expect(readFileSync(join(__dirname, '../../../docs/cli.md'), 'utf8')).toBe(page());
});

test.each(['top', 'doctor'])('the page has a picture of %s', (name) => {
  const picture = readFileSync(join(__dirname, `../../../docs/images/${name}.svg`), 'utf8');
  expect(page()).toContain(`(images/${name}.svg)`);
  expect(picture).toContain(`holdfast ${name}`);
});
