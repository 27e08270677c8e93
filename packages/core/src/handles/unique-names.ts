/** By name; a name that several have gets an ordinal, so that none hides another. */
export const uniqueNames = <State extends { readonly name: string }>(
  states: Iterable<State>,
): ReadonlyMap<string, State> => {
  const named = new Map<string, State>();
  for (const state of states) {
    let label = state.name;
    for (let ordinal = 2; named.has(label); ordinal++) label = `${state.name}#${ordinal}`;
    named.set(label, state);
  }
  return named;
};
