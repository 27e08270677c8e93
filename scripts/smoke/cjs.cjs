const assert = require('node:assert/strict');
const core = require('../../packages/core/dist/cjs/index.js');
const inspector = require('../../packages/inspector/dist/cjs/index.js');
const secrets = require('../../packages/secrets/dist/cjs/index.js');
const testing = require('../../packages/testing/dist/cjs/index.js');
const { checkCore, checkNames } = require('./checks.cjs');

checkNames(testing);
checkNames(secrets);
checkNames(inspector);
const isOfDebug = (file) => /[\\/]debug[\\/]src[\\/]/.test(file);
if (process.env.DEBUG === undefined) assert.equal(Object.keys(require.cache).some(isOfDebug), false, 'debug is loaded');
void checkCore(core);
