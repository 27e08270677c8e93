import type { Action } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { gather } from '../info/gather.js';
import { infoLines } from '../info/lines.js';

/** Shows what there is to be shown, whatever is wrong: to check is the doctor's. */
export const info: Action = async (context, options) => {
  const facts = await gather(context, options);
  context.answer(facts, () => infoLines(facts, context.theme));
  return EXIT.ok;
};
