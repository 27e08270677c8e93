import { connect } from '../application/connect.js';
import { type Action, type Context, type Options, exitOf } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { load } from '../explain/load.js';
import { type MethodToPrint, explanationLines } from '../explain/print.js';
import { explainAll, targetsIn } from '../explain/targets.js';
import { Spinner } from '../terminal/spinner.js';
import { listOf } from '../failures.js';

interface Found {
  readonly methods: readonly MethodToPrint[];
  readonly notCovered: readonly { readonly method: string; readonly reason: string }[];
}

const textOf = (value: string | boolean | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined;

const ofApplication = async (context: Context, options: Options): Promise<Found> => {
  const application = await connect(context, options);
  const { methods } = await application.explain(textOf(options['method']));
  return { methods, notCovered: [] };
};

const ofFile = async (file: string, context: Context, options: Options): Promise<Found> => {
  const spinner = new Spinner(context.surroundings.stderr, context.noteTheme);
  spinner.start(`loading ${file}`);
  try {
    const exported = await load(file, textOf(options['import']), context.surroundings);
    const { configure, explain } = await import('@holdfast/core');
    // The advisor's warnings are part of the answer: its voice on the console would double them.
    configure({ logger: false });
    return explainAll(targetsIn(exported), explain);
  } finally {
    spinner.stop();
  }
};

/** One method alone, where one is asked for. */
const chosen = ({ methods, notCovered }: Found, method: string | undefined): Found => {
  if (method === undefined) return { methods, notCovered };
  const named = methods.filter((each) => each.method === method);
  if (named.length > 0) return { methods: named, notCovered: [] };
  throw new Failure(`no method is called ${method}`, {
    exitCode: EXIT.failed,
    code: 'UNKNOWN_METHOD',
    remedy: `known: ${listOf(methods.map((each) => each.method))}`,
  });
};

const nothingIn = (file: string | undefined): Failure =>
  file === undefined
    ? new Failure('the application has no method with policies that was called so far', {
        exitCode: EXIT.failed,
        code: 'NOTHING_TO_EXPLAIN',
        remedy: 'a method is bound by its first call; call one, and ask again',
      })
    : new Failure(`${file} exports no class, instance or function with policies`, {
        code: 'NOTHING_TO_EXPLAIN',
        remedy: 'export the decorated class; what is not exported cannot be seen from outside',
      });

const checkUsage = (file: string | undefined, { app }: Options): void => {
  if ((file === undefined) === (app === true)) return;
  throw new Failure(
    file === undefined ? 'nothing to explain: a file or --app is needed' : 'give a file or --app, not both',
    {
      code: 'USAGE',
      remedy: 'holdfast explain dist/catalog.js, or holdfast explain --app',
    },
  );
};

export const explain: Action = async (context, options, [file]) => {
  checkUsage(file, options);
  const found = file === undefined ? await ofApplication(context, options) : await ofFile(file, context, options);
  if (found.methods.length + found.notCovered.length === 0) throw nothingIn(file);
  const { methods, notCovered } = chosen(found, textOf(options['method']));
  const warnings = methods.flatMap((each) => each.warnings);
  context.answer({ methods, notCovered, warnings }, () => explanationLines(methods, notCovered, context.theme));
  return exitOf(options['strict'] !== true || warnings.length === 0);
};
