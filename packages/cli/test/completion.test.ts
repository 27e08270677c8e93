/** The completion scripts, run by the shells that they are for. */
import { spawnSync } from 'node:child_process';
import { bashScript } from '../src/completion/bash.js';
import { fishScript } from '../src/completion/fish.js';
import { zshScript } from '../src/completion/zsh.js';
import { type BuiltCli, builtCli } from './support/built-cli.js';
import { runProgram } from './support/run.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

let cli: BuiltCli;

beforeAll(async () => {
  cli = await builtCli();
});
afterAll(() => cli.remove());

const has = (shell: string): boolean => spawnSync(shell, ['-c', 'exit 0']).status === 0;
const withShell = (shell: string): jest.It => (has(shell) ? test : test.skip);

/** What bash offers for a line that ends at the cursor. */
const offered = async (line: string): Promise<string[]> => {
  const script = `source <('${process.execPath}' '${cli.bin}' completion bash)
    COMP_WORDS=(${line}); [[ "${line}" == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _holdfast; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = await runProgram('bash', ['-c', script]);
  // compopt has a word to say outside of a completion.
  expect(stderr.replaceAll(/.*compopt: not currently executing completion function\n/g, '')).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
};

withShell('bash')('bash registers the function', async () => {
  const script = `source <('${process.execPath}' '${cli.bin}' completion bash); complete -p holdfast`;
  const { code, stdout } = await runProgram('bash', ['-c', script]);
  expect(stdout).toBe('complete -o default -F _holdfast holdfast\n');
  expect(code).toBe(0);
});

withShell('bash')('bash completes commands, options and values', async () => {
  expect(await offered('holdfast ')).toEqual(
    expect.arrayContaining(['info', 'doctor', 'cache', 'explain', 'top', 'completion', 'help']),
  );
  expect(await offered('holdfast do')).toEqual(['doctor']);
  expect(await offered('holdfast cache ')).toEqual(['status', 'clear', '--help']);
  expect(await offered('holdfast cache clear --pro')).toEqual(['--provider']);
  expect(await offered('holdfast cache clear --provider ')).toEqual(['vault', 'aws', 'azure']);
  expect(await offered('holdfast completion ')).toEqual(['bash', 'zsh', 'fish']);
  expect(await offered('holdfast top --on')).toEqual(['--once']);
  expect(await offered('holdfast explain --app --str')).toEqual(['--strict']);
  expect(await offered('holdfast cache clear --tag ')).toEqual([]);
});

withShell('zsh')('zsh reads its script', async () => {
  const script = `autoload -U compinit && compinit -u -d '${cli.folder}/zcompdump'; source <('${process.execPath}' '${cli.bin}' completion zsh) && print $_comps[holdfast]`;
  const { stdout, stderr } = await runProgram('zsh', ['-f', '-c', script]);
  expect(stderr).toBe('');
  expect(stdout).toBe('_holdfast\n');
});

withShell('fish')('fish completes commands, options and values', async () => {
  mkdirSync(join(cli.folder, 'fish'), { recursive: true });
  writeFileSync(join(cli.folder, 'fish/holdfast.fish'), fishScript());
  const complete = async (line: string): Promise<string[]> => {
    const { stdout, stderr } = await runProgram('fish', [
      '-N',
      '-c',
      `source '${cli.folder}/fish/holdfast.fish'; complete -C '${line}'`,
    ]);
    expect(stderr).toBe('');
    return stdout.split('\n').flatMap((each) => (each === '' ? [] : [each.split('\t')[0] as string]));
  };
  expect(await complete('holdfast do')).toEqual(['doctor']);
  expect(await complete('holdfast cache ')).toEqual(['clear', 'status']);
  expect(await complete('holdfast cache clear --provider ')).toEqual(['aws', 'azure', 'vault']);
  expect(await complete('holdfast top --on')).toEqual(['--once']);
});

test.each([
  ['bash', bashScript],
  ['zsh', zshScript],
  ['fish', fishScript],
])('the script for %s has every command and option', (_, script) => {
  const text = script();
  for (const word of ['doctor', 'status', 'clear', 'token-file', 'dry-run', 'provider', 'strict', 'interval'])
    expect(text).toContain(word);
});
