/** What a shell can complete a value with. */
export type Completion = 'file' | readonly string[];

export interface OptionSpec {
  /** `--tag <tag>`, `--dry-run`. */
  readonly flags: string;
  readonly description: string;
  readonly completes?: Completion;
}

export interface ArgumentSpec {
  /** `<file>`: needed, `[url]`: not. */
  readonly name: string;
  readonly description: string;
  readonly completes?: Completion;
}

export interface Example {
  readonly command: string;
  readonly says: string;
}

export interface CommandSpec {
  /** `['cache', 'clear']` */
  readonly path: readonly string[];
  readonly summary: string;
  /** Paragraphs. */
  readonly description: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** The document of `--json`, in short. */
  readonly document: string;
}

const JSON_OPTION: OptionSpec = { flags: '--json', description: 'one JSON document on standard output' };

/** How every command that talks to a running application finds it. */
export const CONNECTION: readonly OptionSpec[] = [
  { flags: '--url <url>', description: 'of its inspector: http://127.0.0.1:9464 (or HOLDFAST_INSPECTOR_URL)' },
  {
    flags: '--socket <path>',
    description: "its inspector's unix socket (or HOLDFAST_INSPECTOR_SOCKET)",
    completes: 'file',
  },
  {
    flags: '--token-file <file>',
    description: 'a file with its token and nothing else (or HOLDFAST_INSPECTOR_TOKEN)',
    completes: 'file',
  },
  { flags: '--timeout <duration>', description: 'for each request: 500ms, 2s (default: 5s)' },
];

const info: CommandSpec = {
  path: ['info'],
  summary: 'show the version, the configuration of secrets and, of a running application, its caches',
  description: [
    'What the environment configures, without a secret: providers and why they are enabled or not, ttl, hosts, header, retries, the off switch of the cache, the log level.',
    'Of a running application with an inspector, also hit rates, circuits and providers. Without one it shows the rest.',
  ],
  arguments: [],
  options: [...CONNECTION, JSON_OPTION],
  examples: [
    { command: 'holdfast info', says: 'the configuration, and the running application if the environment names one' },
    { command: 'holdfast info --json | jq .app.hitRate', says: 'the hit rate of all caches, for a script' },
  ],
  document:
    '{ version, node, secrets: { providers, allowedHosts, headerName, maxAttempts, isCacheEnabled, logLevel, warnings } | null, secretsProblem?, app: { name, pid, status, hitRate, lookups, providers, caches, circuits } | null, appProblem? }',
};

const doctor: CommandSpec = {
  path: ['doctor'],
  summary: 'check step by step whether secrets can be had and a server accepts them',
  description: [
    'Provider, configuration, authentication, fetch and format of the secret; with a URL also whether its host is allowed and what the server answers to a HEAD request with the credentials. Each failed step says what to do.',
    'With --dry-run no secret is read and no credential sent: the configuration, the host and one HEAD request without credentials, for 10 seconds at most.',
    'MLFLOW_SECRETS_LOG_LEVEL=DEBUG or HOLDFAST_LOG_LEVEL=debug shows what the provider does, on standard error.',
  ],
  arguments: [{ name: '[url]', description: 'a server that the credentials are for' }],
  options: [{ flags: '--dry-run', description: 'read no secret and send no credential' }, JSON_OPTION],
  examples: [
    { command: 'holdfast doctor', says: 'from the configuration to the secret' },
    { command: 'holdfast doctor https://mlflow.example', says: 'and on to a server' },
    { command: 'holdfast doctor --dry-run https://mlflow.example', says: 'the network alone' },
    { command: 'MLFLOW_SECRETS_LOG_LEVEL=DEBUG holdfast doctor', says: 'with what the provider does' },
    {
      command: 'MLFLOW_SECRETS_CACHE_DISABLED=true MLFLOW_SECRETS_MAX_RETRIES=1 holdfast doctor',
      says: 'without a cache, failing faster',
    },
  ],
  document:
    "{ isOk, exitCode, provider, isDryRun, steps: [{ step, status: 'passed' | 'failed' | 'skipped', message, remedy?, exitCode?, ms }], warnings }",
};

const cacheStatus: CommandSpec = {
  path: ['cache', 'status'],
  summary: 'show the caches of the running application',
  description: ['Entries, hit rate, stale answers, failed loads and evictions, cache by cache. No key and no value.'],
  arguments: [],
  options: [...CONNECTION, JSON_OPTION],
  examples: [
    { command: 'holdfast cache status', says: 'a table' },
    {
      command: "holdfast cache status --json | jq '.caches[] | select(.stats.hitRate < 0.8)'",
      says: 'the caches that miss too often',
    },
  ],
  document: '{ app, caches: [{ name, method?, provider?, store?, stats }], lookups, hitRate }',
};

const cacheClear: CommandSpec = {
  path: ['cache', 'clear'],
  summary: 'empty caches of the running application',
  description: [
    'All of them, unless an option names some. A load under way answers its callers and is not kept. Exit code 1 where a store behind a cache could not be told.',
  ],
  arguments: [],
  options: [
    {
      flags: '--provider <kind>',
      description: 'the secrets of one provider: vault, aws, azure, or its name',
      completes: ['vault', 'aws', 'azure'],
    },
    { flags: '--method <name>', description: 'the cache of one method: Catalog.product' },
    { flags: '--tag <tag>', description: 'entries with a tag, in all caches' },
    { flags: '--all', description: 'every cache; what happens without an option, too' },
    ...CONNECTION,
    JSON_OPTION,
  ],
  examples: [
    { command: 'holdfast cache clear', says: 'every cache' },
    { command: 'holdfast cache clear --provider vault', says: 'the secrets of Vault' },
    { command: 'holdfast cache clear --method Catalog.product', says: 'one method' },
    { command: 'holdfast cache clear --tag product:1', says: 'what was tagged' },
  ],
  document: '{ cleared: [{ name, entries?, storeFailed? }] }',
};

const explain: CommandSpec = {
  path: ['explain'],
  summary: "show methods' policies in running order, worst cases and what the advisor warns of",
  description: [
    'Of a file: it is loaded, and so runs, and the classes, instances and functions that it exports are explained. Of the running application with --app.',
    'Node reads decorators only when they have been compiled: give the file that the compiler wrote, or a loader that compiles, such as --import tsx.',
  ],
  arguments: [
    {
      name: '[file]',
      description: 'a module of JavaScript, or of TypeScript where Node can read it',
      completes: 'file',
    },
  ],
  options: [
    { flags: '--app', description: 'explain the running application instead of a file' },
    { flags: '--method <name>', description: 'one method alone: Catalog.product' },
    { flags: '--strict', description: 'end with exit code 1 where the advisor warns of something' },
    { flags: '--import <module>', description: 'load this first, as node --import does: tsx' },
    ...CONNECTION,
    JSON_OPTION,
  ],
  examples: [
    { command: 'holdfast explain dist/catalog.js', says: 'what a module exports' },
    { command: 'holdfast explain --import tsx src/catalog.ts', says: 'compiled while it is loaded' },
    { command: 'holdfast explain --strict dist/catalog.js', says: 'in continuous integration' },
    { command: 'holdfast explain --app --method Catalog.product', says: 'as it runs, with the state of circuits' },
  ],
  document: '{ methods: [{ method, kind, stack, worstCaseMs, amplification, warnings }], notCovered, warnings }',
};

const top: CommandSpec = {
  path: ['top'],
  summary: 'watch the methods of the running application',
  description: [
    'Calls, hit rate, failures, retries, stale answers, circuits and calls under way, the busiest method first. On a terminal the table is renewed until q or Ctrl-C; elsewhere it is printed once.',
  ],
  arguments: [],
  options: [
    { flags: '--interval <duration>', description: 'between two looks: 500ms, 2s (default: 1s)' },
    { flags: '--once', description: 'print the table once, on a terminal too' },
    ...CONNECTION,
    JSON_OPTION,
  ],
  examples: [
    { command: 'holdfast top', says: 'live' },
    { command: 'holdfast top --once | head -5', says: 'the busiest methods' },
    { command: 'holdfast top --socket /run/shop/holdfast.sock --interval 5s', says: 'over a unix socket' },
  ],
  document:
    '{ at, app, status, inFlight, rows: [{ name, calls, hitRate?, failures, retries, staleAnswers, circuit?, inFlight }] }',
};

const completion: CommandSpec = {
  path: ['completion'],
  summary: 'print a script that completes this command in a shell',
  description: ['The script is to be sourced, or kept where the shell looks for completions.'],
  arguments: [{ name: '<shell>', description: 'bash, zsh or fish', completes: ['bash', 'zsh', 'fish'] }],
  options: [JSON_OPTION],
  examples: [
    { command: 'source <(holdfast completion bash)', says: 'in ~/.bashrc' },
    { command: 'source <(holdfast completion zsh)', says: 'in ~/.zshrc, after compinit' },
    { command: 'holdfast completion fish | source', says: 'in ~/.config/fish/config.fish' },
  ],
  document: '{ shell, script }',
};

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [info, doctor, cacheStatus, cacheClear, explain, top, completion];

/** What commands with the same first word are about. */
export const GROUPS: Readonly<Record<string, string>> = {
  cache: 'Look at and empty the caches of the running application',
};

export const SUMMARY =
  'What a running application caches and refuses, how its methods are protected, and whether its secrets can be had.';

export interface Variable {
  readonly name: string;
  readonly says: string;
}

/** What the command itself reads; the configuration of secrets has variables of its own. */
export const VARIABLES: readonly Variable[] = [
  { name: 'HOLDFAST_INSPECTOR_URL', says: 'where the inspector of the running application is' },
  { name: 'HOLDFAST_INSPECTOR_SOCKET', says: 'its unix socket, in the place of a URL' },
  { name: 'HOLDFAST_INSPECTOR_TOKEN', says: 'its token; there is no option for it, for ps would show it to everybody' },
  { name: 'HOLDFAST_DEBUG', says: 'set to anything: errors have their stack traces' },
  { name: 'NO_COLOR', says: 'set to anything: no colours' },
  { name: 'FORCE_COLOR', says: 'set: colours through pipes, too; 0: none' },
  { name: 'LC_ALL, LC_CTYPE, LANG', says: 'without UTF-8: ok, FAILED and - in the place of signs' },
];
