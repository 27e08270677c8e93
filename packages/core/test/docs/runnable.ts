/** Makes a module of a snippet, and checks of its comments `// → value`. */
import ts from 'typescript';
import type { Snippet } from './snippet.js';

const ARROW = /^[ \t]*\/\/ → (.*)/;
const THROWN = /^throws (.*)$/;

const parse = (code: string): ts.SourceFile => ts.createSourceFile('snippet.ts', code, ts.ScriptTarget.ES2022, true);

/** Names that the import brings, with what each is called where it comes from. */
const importsOf = (statement: ts.ImportDeclaration): readonly ts.ImportSpecifier[] => {
  const bindings = statement.importClause?.namedBindings;
  return bindings !== undefined && ts.isNamedImports(bindings) ? [...bindings.elements] : [];
};

const importedNames = (file: ts.SourceFile): Set<string> =>
  new Set(
    file.statements.filter(ts.isImportDeclaration).flatMap((each) => importsOf(each).map(({ name }) => name.text)),
  );

/** The setup without the imports that the snippet has itself. */
const withoutImports = (setup: string, names: ReadonlySet<string>): string => {
  const file = parse(setup);
  const seen = new Set(names);
  return file.statements
    .map((statement) => {
      if (!ts.isImportDeclaration(statement) || importsOf(statement).length === 0) return statement.getFullText();
      const kept = importsOf(statement).filter(({ name }) => !seen.has(name.text));
      for (const { name } of kept) seen.add(name.text);
      const from = statement.moduleSpecifier.getText();
      return kept.length === 0 ? '' : `\nimport { ${kept.map((each) => each.getText()).join(', ')} } from ${from};`;
    })
    .join('');
};

interface Expectation {
  readonly statement: ts.Statement;
  readonly expected: string;
}

const expectationsIn = (file: ts.SourceFile): Expectation[] =>
  file.statements.flatMap((statement) => {
    const match = ARROW.exec(file.text.slice(statement.end));
    return match === null ? [] : [{ statement, expected: (match[1] as string).trim() }];
  });

const checkOf = ({ statement, expected }: Expectation, at: string): string => {
  const thrown = THROWN.exec(expected)?.[1];
  if (ts.isExpressionStatement(statement)) {
    const expression = statement.expression.getText();
    return thrown === undefined
      ? `checkIs((${expression}), (${expected}), ${at});`
      : `await checkThrows(async () => (${expression}), ${JSON.stringify(thrown)}, ${at});`;
  }
  const names = ts.isVariableStatement(statement) ? statement.declarationList.declarations.map(({ name }) => name) : [];
  const [name] = names;
  if (names.length !== 1 || name === undefined || !ts.isIdentifier(name) || thrown !== undefined)
    throw new Error(`${at}: '// →' belongs to an expression or to a constant`);
  return `${statement.getText()} checkIs(${name.text}, (${expected}), ${at});`;
};

/** Comments with an arrow that no statement owns would be claims that nobody checks. */
const countArrows = (code: string): number => code.match(/\/\/ → /g)?.length ?? 0;

const withChecks = ({ name, code }: Snippet): string => {
  const file = parse(code);
  const expectations = expectationsIn(file);
  if (expectations.length !== countArrows(code)) throw new Error(`${name}: '// →' must follow a top-level statement`);
  return [...expectations].reverse().reduce((text, expectation) => {
    const { statement, expected } = expectation;
    const line = file.getLineAndCharacterOfPosition(statement.getStart()).line;
    const check = checkOf(expectation, JSON.stringify(`line ${line + 1} of the snippet: ${expected}`));
    return text.slice(0, statement.getStart()) + check + text.slice(statement.end);
  }, code);
};

const joined = (snippet: Snippet, code: string): string =>
  `${withoutImports(snippet.setup, importedNames(parse(snippet.code)))}\nexport {};\n${code}`;

/** For the compiler: as written. */
export const toCheck = (snippet: Snippet): string => joined(snippet, snippet.code);

/** For running: with checks of what its comments promise. */
export const toRun = (snippet: Snippet): string => joined(snippet, withChecks(snippet));
