/** Without the entries that are undefined: options that are not given have their defaults. */
export const given = <Options extends object>(options: {
  readonly [Name in keyof Options]?: Options[Name] | undefined;
}): Partial<Options> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Options>;
