import { performance } from 'node:perf_hooks';
import type { Action, Context } from '../context.js';
import { Checks, type Consultation } from '../doctor/checks.js';
import { loggingTo } from '../doctor/log.js';
import { stepLines, summaryLines } from '../doctor/report.js';
import type { Done, Failed, Step } from '../doctor/step.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { Spinner } from '../terminal/spinner.js';

/** The text is not repeated: it may have a password in it. */
const urlOf = (text: string | undefined): URL | undefined => {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url;
  throw new Failure('the URL must begin with https:// or http:// and have no credentials in it', {
    code: 'USAGE',
    remedy: 'such as https://mlflow.example',
  });
};

const perform = async ({ name, run }: Step): Promise<Done> => {
  const started = performance.now();
  const outcome = await run();
  return { ...outcome, step: name, ms: Math.round((performance.now() - started) * 10) / 10 };
};

/** The level that the environment asks for; one that does not parse is told by the check of the configuration. */
const levelIn = ({ secrets, environment }: Consultation): string | undefined => {
  try {
    return secrets.describeEnvironment(environment).logLevel;
  } catch {
    return undefined;
  }
};

const runAll = async (context: Context, checks: Checks, spinner: Spinner): Promise<Done[]> => {
  const all: Done[] = [];
  for (const step of checks.steps) {
    spinner.start(step.doing);
    const done = await perform(step);
    spinner.stop();
    all.push(done);
    context.tell(stepLines(done, context.theme));
  }
  return all;
};

/** That of the first failure: what comes after it may follow from it. */
const exitCodeOf = (steps: readonly Done[]): ExitCode =>
  steps.find((each): each is Done & Failed => each.status === 'failed')?.exitCode ?? EXIT.ok;

const consultation = async (context: Context, url: URL | undefined, isDryRun: boolean): Promise<Consultation> => {
  const [{ classifyError, isResilienceError }, secrets] = await Promise.all([
    import('@holdfast/core'),
    import('@holdfast/secrets'),
  ]);
  const diagnostics = { classify: classifyError, isOurs: isResilienceError };
  return { environment: context.environment, secrets, diagnostics, url, isDryRun };
};

export const doctor: Action = async (context, options, [text]) => {
  const url = urlOf(text);
  const isDryRun = options['dryRun'] === true;
  const given = await consultation(context, url, isDryRun);
  const spinner = new Spinner(context.surroundings.stderr, context.noteTheme);
  const { configure } = await import('@holdfast/core');
  configure(loggingTo(context, spinner, levelIn(given)));
  const checks = new Checks(given);
  try {
    const steps = await runAll(context, checks, spinner);
    const exitCode = exitCodeOf(steps);
    const { warnings, provider } = checks;
    const document = {
      isOk: exitCode === EXIT.ok,
      exitCode,
      provider: provider?.kind ?? null,
      isDryRun,
      steps,
      warnings,
    };
    context.answer(document, () => summaryLines(steps, warnings, context.theme));
    return exitCode;
  } finally {
    spinner.stop();
    // That secrets are forgotten in the end is no news.
    configure({ logger: false });
    await checks.close();
  }
};
