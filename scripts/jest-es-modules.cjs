/** Makes an ES module of a dependency one that Jest can require: see jest.config.ts. */
const { transformSync } = require('esbuild');

exports.process = (source) => ({ code: transformSync(source, { format: 'cjs', target: 'node20' }).code });
