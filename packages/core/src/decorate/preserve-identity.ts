/**
 * A wrapper that other tools take for the method: name, length, own properties and everything that reflect-metadata
 * holds for the function (routes, guards, schedules).
 */

const NOT_COPIED: ReadonlySet<PropertyKey> = new Set(['prototype', 'arguments', 'caller']);

interface MetadataReader {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

const copyMetadata = (from: object, to: object): void => {
  const reflect = Reflect as MetadataReader;
  for (const key of reflect.getOwnMetadataKeys?.(from) ?? [])
    reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, from), to);
};

export const preserveIdentity = (original: object, wrapper: object): void => {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Reflect.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined && !NOT_COPIED.has(key)) Object.defineProperty(wrapper, key, descriptor);
  }
  copyMetadata(original, wrapper);
};
