import type { Action } from '../context.js';
import { bashScript } from '../completion/bash.js';
import { fishScript } from '../completion/fish.js';
import { zshScript } from '../completion/zsh.js';
import { EXIT } from '../exit-codes.js';
import { Failure } from '../failure.js';

const SCRIPTS: Readonly<Record<string, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

export const completion: Action = async (context, _options, [shell = '']) => {
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (script === undefined)
    throw new Failure(`no completion for '${shell}'`, { code: 'USAGE', remedy: 'bash, zsh and fish are known' });
  const text = script();
  context.answer({ shell, script: text }, () => [text.trimEnd()]);
  return EXIT.ok;
};
