const sorted = (values) => [...values].sort((a, b) => a - b);

/** The value below which `share` of the values lie, interpolated. */
export const quantile = (values, share) => {
  const ordered = sorted(values);
  const at = (ordered.length - 1) * share;
  const low = ordered[Math.floor(at)];
  const high = ordered[Math.ceil(at)];
  return low + (high - low) * (at - Math.floor(at));
};

export const median = (values) => quantile(values, 0.5);

/** In place. */
export const shuffle = (items) => {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
  return items;
};
