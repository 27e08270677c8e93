/**
 * Adds reflect-metadata to `Reflect`, unless someone has done so. Called by every decorator that is written, which is
 * before the compiler's own `__metadata` lines for that method are evaluated: those add nothing where it is missing.
 * Loading the package alone changes nothing global. The build takes the file into the bundle, and evaluates it here.
 */
export const ensureReflectMetadata = (): void => {
  if (typeof Reflect.defineMetadata !== 'function') require('reflect-metadata/lite');
};
