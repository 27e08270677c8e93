/** The command line of Holdfast, for those who embed it. Everybody else runs `holdfast`. */

export { main } from './main.js';
export type { Surroundings } from './context.js';
export { EXIT, type ExitCode } from './exit-codes.js';
export { VERSION } from './version.js';
