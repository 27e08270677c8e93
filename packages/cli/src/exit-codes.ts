/** What the command's exit code says. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'all is well'],
  [EXIT.failed, 'a check failed, or something asked for is not there'],
  [EXIT.usage, 'wrong usage or configuration: nothing was checked'],
  [EXIT.unreachable, 'the application or the server could not be reached'],
];
