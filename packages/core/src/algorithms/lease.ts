/**
 * How long a leased value may be used: until `margin` before the lease ends, so that a caller who takes it then has time
 * to use it; of a lease too short for that the half, and at most `min`. From a lease of `margin + min` on it is exactly
 * lease − margin; it grows with the lease, and never reaches its end.
 */
export const termOfLease = (
  lease: number,
  { margin, min }: { readonly margin: number; readonly min: number },
): number => Math.max(lease - margin, Math.min(min, lease / 2));
