interface StackLimit {
  stackTraceLimit?: number;
}

/**
 * Makes an error without capturing a stack: refusals and timeouts are expected, come in masses during an outage, and
 * their place is the policy, not the line.
 */
export const withoutStack = <Made extends Error>(make: () => Made, captureStacks: boolean): Made => {
  const holder = Error as StackLimit;
  const limit = holder.stackTraceLimit;
  if (captureStacks || limit === undefined || limit === 0) return make();
  holder.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    holder.stackTraceLimit = limit;
  }
};
