import type { MethodRecord } from './method-record.js';

const classNameOf = (owner: object | null): string | undefined => {
  if (typeof owner === 'function') return owner.name;
  const constructor: unknown = owner === null ? undefined : (owner as { constructor?: unknown }).constructor;
  return typeof constructor === 'function' ? constructor.name : undefined;
};

/** `Class.method`, with an ordinal where another one has that name. */
export const labelOf = (record: MethodRecord, owner: object | null, labels: Map<string, number>): string => {
  const className = classNameOf(owner);
  const plain = className === undefined || className === '' ? record.name : `${className}.${record.name}`;
  const ordinal = (labels.get(plain) ?? 0) + 1;
  labels.set(plain, ordinal);
  return ordinal === 1 ? plain : `${plain}#${ordinal}`;
};
