import * as core from '../../packages/core/dist/esm/index.js';
import * as inspector from '../../packages/inspector/dist/esm/index.js';
import * as secrets from '../../packages/secrets/dist/esm/index.js';
import * as testing from '../../packages/testing/dist/esm/index.js';
import { checkCore, checkNames } from './checks.cjs';

await checkCore(core);
checkNames(testing);
checkNames(secrets);
checkNames(inspector);
