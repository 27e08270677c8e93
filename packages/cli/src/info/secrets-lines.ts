import type { DescribedEnvironment, DescribedProvider } from '@holdfast/secrets';
import { padded, printable, wrapped } from '../terminal/text.js';
import type { Theme } from '../terminal/theme.js';
import { counted, duration } from '../terminal/units.js';

const NAME_WIDTH = 9;

export const row = (name: string, text: string, { paint }: Theme): string =>
  `  ${paint.dim(padded(name, NAME_WIDTH))}  ${text}`;

const ttlOf = (ttl: number): string => (ttl === 0 ? 'kept for ever' : `ttl ${duration(ttl)}`);

/** Whether it is used, and why it is not. */
const providerLine = (provider: DescribedProvider, used: DescribedProvider | undefined, theme: Theme): string => {
  const { kind, isEnabled, isConfigured, missing, place, ttl, scheme } = provider;
  const { paint } = theme;
  const lacks = missing.map(printable).join('; ');
  if (!isEnabled) return row(kind, `off${lacks === '' ? ': switched off' : `: not set: ${lacks}`}`, theme);
  if (!isConfigured) return row(kind, paint.red(`enabled, and lacks ${lacks}`), theme);
  const facts = [place, ttlOf(ttl), `scheme ${scheme}`].filter((each) => each !== undefined).map(printable);
  const state =
    provider === used ? paint.green('enabled') : `enabled, not used: ${used?.kind ?? 'another one'} comes first`;
  return row(kind, [state, ...facts].join(', '), theme);
};

/** Not a word of it is a secret: what the environment says, and what that means. */
export const secretsLines = (settings: DescribedEnvironment, theme: Theme): string[] => {
  const { providers, allowedHosts, headerName, maxAttempts, isCacheEnabled, logLevel, warnings } = settings;
  const { paint, symbols } = theme;
  const used = providers.find(({ isEnabled, isConfigured }) => isEnabled && isConfigured);
  const hosts = allowedHosts === undefined ? 'any' : allowedHosts.map(printable).join(', ') || 'none';
  return [
    ...providers.map((each) => providerLine(each, used, theme)),
    row('hosts', hosts, theme),
    row('header', printable(headerName), theme),
    row('attempts', `${maxAttempts} (${counted(maxAttempts - 1, 'retry', 'retries')})`, theme),
    row('cache', isCacheEnabled ? 'on' : paint.yellow('off, by the environment'), theme),
    row('log level', logLevel ?? 'not set', theme),
    ...(settings.isEnabled
      ? warnings.flatMap((each) =>
          wrapped(printable(each), Math.max(30, (theme.columns ?? Infinity) - 4)).map((line, index) =>
            index === 0 ? `  ${paint.yellow(symbols.warning)} ${line}` : `    ${line}`,
          ),
        )
      : []),
  ];
};
