/**
 * What a vendor's package exports. A CommonJS package whose names nobody can tell beforehand hands them all over in
 * `default`, as happens in what bundlers split into chunks.
 */
export const namesOf = <Names extends object>(module: Names, known: keyof Names): Names =>
  known in module ? module : ((module as { readonly default?: Names }).default ?? module);
