/** Alone in its file: a compiler that writes CommonJS makes `require` of it, which not every module can be loaded with. */
export const importModule = (url: string): Promise<Readonly<Record<string, unknown>>> =>
  import(url) as Promise<Readonly<Record<string, unknown>>>;
