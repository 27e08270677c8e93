/** One group in one mode, in a process of its own: `child.mjs <file> <export> <options as JSON>`. */
const [, , file, name, options] = process.argv;

const { [name]: group } = await import(new URL(`../groups/${file}`, import.meta.url).href);
const rows = await group.run(JSON.parse(options));
process.send(rows, () => process.exit());
