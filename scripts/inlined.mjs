/**
 * The dependencies that are taken into the bundle, so that a fresh process opens one file instead of several.
 *
 * Of mnemonist only LRUMapWithDelete is wanted; its root import loads some fifty files, and its package exports hide the
 * single file from ES modules. So `import … from 'mnemonist'` is answered with that file. Each CommonJS file on the way
 * becomes an ES module whose value is one call marked as pure: a user's bundler can drop it where no cache is used, which
 * it could not do with the usual CommonJS wrapper.
 *
 * reflect-metadata is required inside of a function, and evaluated there; its copies share one registry.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const namespace = 'inlined';

const asModule = (source) => {
  const names = new Map();
  const body = source.replaceAll(/\brequire\((['"])(.+?)\1\)/g, (_, quote, id) => {
    if (!names.has(id)) names.set(id, `required${names.size}`);
    return names.get(id);
  });
  const imports = [...names].map(([id, name]) => `import ${name} from ${JSON.stringify(id)};\n`).join('');
  return `${imports}export default /* @__PURE__ */ ((module) => {\nvar exports = module.exports;\n${body}\nreturn module.exports;\n})({ exports: {} });\n`;
};

/** The plugin, and the set of files that it has taken in. */
export const inlineDependencies = () => {
  const files = new Set();
  const setup = (build) => {
    const find = async (id, resolveDir) => {
      const { errors, path: file } = await build.resolve(id, {
        kind: 'require-call',
        resolveDir,
        pluginData: namespace,
      });
      if (errors.length > 0) return { errors };
      files.add(file);
      // Named from its package on: the output must not depend on where it was built.
      return { path: file.split(/node_modules[\\/]/).at(-1), namespace, pluginData: file };
    };
    const asItIs = (file) => ({ contents: readFileSync(file, 'utf8'), resolveDir: dirname(file) });
    const load = (file) => ({ contents: asModule(readFileSync(file, 'utf8')), resolveDir: dirname(file) });

    build.onResolve({ filter: /^mnemonist$/, namespace: 'file' }, ({ resolveDir }) => ({
      path: 'mnemonist',
      namespace: 'lru',
      pluginData: resolveDir,
    }));
    build.onLoad({ filter: /.*/, namespace: 'lru' }, ({ pluginData: resolveDir }) => ({
      contents: "export { default as LRUMapWithDelete } from 'mnemonist/lru-map-with-delete.js';",
      resolveDir,
    }));
    build.onResolve(
      { filter: /^reflect-metadata\/lite$/, namespace: 'file' },
      async ({ path, resolveDir, pluginData }) =>
        pluginData === namespace ? undefined : { ...(await find(path, resolveDir)), namespace: 'required' },
    );
    build.onLoad({ filter: /.*/, namespace: 'required' }, ({ pluginData: file }) => asItIs(file));
    build.onResolve({ filter: /.*/, namespace: 'lru' }, ({ path, resolveDir }) => find(path, resolveDir));
    build.onResolve({ filter: /.*/, namespace }, ({ path, resolveDir }) => find(path, resolveDir));
    build.onLoad({ filter: /.*/, namespace }, ({ pluginData: file }) => load(file));
  };
  return { plugin: { name: 'inline-dependencies', setup }, files };
};

const licenceOf = (folder) => {
  const name = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file));
  return name === undefined ? 'No licence file.' : readFileSync(join(folder, name), 'utf8').trim();
};

/** The licences of the packages that these files belong to, as one text; '' for no files. */
export const licencesOf = (files) => {
  const folders = new Set();
  for (const file of files) {
    let folder = dirname(file);
    while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
    folders.add(folder);
  }
  return [...folders]
    .map((folder) => {
      const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      return `${name} ${version}\n\n${licenceOf(folder)}\n`;
    })
    .sort()
    .join('\n----\n\n');
};
