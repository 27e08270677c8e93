import type { Environment } from './terminal/theme.js';

/** Variables whose values nobody should see. Their names end like this; the path of a secret is none. */
const SENSITIVE = /(?:TOKEN|PASSWORD|PASSWD|SECRET_ID|ACCESS_KEY|CLIENT_SECRET|API_?KEY|CREDENTIALS?)$/i;
/** Shorter ones are found in ordinary words. */
const SHORTEST = 6;

/** Messages of others, such as those of a module that failed to load, may quote what the environment keeps secret. */
export const withoutSecrets = (text: string, environment: Environment): string =>
  Object.entries(environment)
    .filter(([name, value]) => SENSITIVE.test(name) && value !== undefined && value.length >= SHORTEST)
    .reduce((rest, [, value]) => rest.replaceAll(value as string, '[redacted]'), text);
