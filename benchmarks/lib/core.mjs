import { pathToFileURL } from 'node:url';
import { corePath } from './core-path.mjs';

export const core = await import(pathToFileURL(corePath).href);

/** Its default logger would write about every circuit that is opened on purpose. */
core.configure({ logger: false });
