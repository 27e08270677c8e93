/** References: what a user would write without any library. */
import { defineClass } from '../lib/driver.mjs';

const create = (Class) => new Class();

/** The method that all policies are put around. */
export const BARE = 'async m(id) { return id + 1; }';

export const bareMethod = { name: 'bare async method', make: (index) => create(defineClass(`Bare${index}`, BARE)) };

/** A hedge as one writes it by hand: a timer and a race for each call. */
export const plainHedge = {
  name: 'setTimeout + Promise.race',
  make: (index) =>
    create(
      defineClass(
        `PlainHedge${index}`,
        `async inner(id) { return id + 1; }
        m(id) {
          let timer;
          const first = this.inner(id);
          const hedge = new Promise((resolve, reject) => {
            timer = setTimeout(() => this.inner(id).then(resolve, reject), 2_000);
          });
          return Promise.race([first, hedge]).finally(() => clearTimeout(timer));
        }`,
      ),
    ),
};

/** The least that whoever must see the outcome can do: one derived promise, no closure. */
export const oneThen = {
  name: 'floor: one then',
  make: (index) =>
    create(
      defineClass(
        `OneThen${index}`,
        'async inner(id) { return id + 1; } m(id) { return this.inner(id).then(pass, fail); }',
        {
          pass: (value) => value,
          fail: (error) => {
            throw error;
          },
        },
      ),
    ),
};
