/** A guarded door into a running application. */
export {};
