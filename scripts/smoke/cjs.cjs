const core = require('../../packages/core/dist/cjs/index.js');
const testing = require('../../packages/testing/dist/cjs/index.js');
const { checkCore, checkNames } = require('./checks.cjs');

checkNames(testing);
void checkCore(core);
