import { remember } from './known-secrets.js';

const SHOWN = '[secret]';
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/**
 * A value that no print path shows: text, templates, JSON, `console.log`, spreading and `structuredClone` give
 * `[secret]` or nothing. `reveal()` is the one way to it, easy to find in a code review. It protects against accidents,
 * not against who can read the process's memory.
 */
export class Secret<Value = string> {
  readonly #value: Value;

  constructor(value: Value) {
    this.#value = value;
    // `redact` finds it for as long as it is there.
    remember(this, value);
  }

  /** The value itself. Do not keep it, do not log it. */
  reveal(): Value {
    return this.#value;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [Symbol.toPrimitive](): string {
    return SHOWN;
  }

  [INSPECT](): string {
    return SHOWN;
  }
}

export const revealed = (secret: string | Secret): string => (typeof secret === 'string' ? secret : secret.reveal());
