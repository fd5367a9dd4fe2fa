import path from 'node:path';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';

const config = jest.requireActual<Linter.Config[]>('../eslint.config.js');

const root = path.resolve(__dirname, '..');
const linter = new Linter({ configType: 'flat', cwd: root });

/** Lints a file that does not exist, at a path that decides which rooms it may know: the rules that reported. */
function reports(file: string, code: string): string[] {
  // Type-aware rules need a file that exists; the walls need none.
  const withoutTypes = {
    files: ['**/*.ts'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: { parserOptions: { projectService: false } },
  };
  const messages = linter.verify(code, [...config, withoutTypes] as Linter.Config[], {
    filename: path.join(root, file),
  });
  return messages.map((message) => message.ruleId ?? message.message);
}

describe('walls of the house', () => {
  it.each([
    ['config/probe.ts', "import '../scripts/lib/errors';"],
    ['constructs/probe.ts', "import '../scripts/lib/errors';"],
    ['constructs/probe.ts', "import '../stacks/main';"],
    ['scripts/lib/probe.ts', "import '../tables/plan';"],
    ['scripts/tables/probe.ts', "import '../rebalance/plan';"],
    ['scripts/rebalance/probe.ts', "import '../tables/plan';"],
    ['scripts/database/probe.ts', "import '../tables/plan';"],
    ['scripts/database/probe.ts', "import '../rebalance/plan';"],
    ['scripts/audit/probe.ts', "import '../infra/synth';"],
    ['scripts/infra/probe.ts', "import '../tables/plan';"],
    ['scripts/tables/probe.ts', "import '../../stacks/main';"],
  ])('%s may not: %s', (file, code) => {
    expect(reports(file, code)).toEqual(['import-x/no-restricted-paths']);
  });

  it.each([
    ['scripts/audit/probe.ts', "import 'cdktf';"],
    ['config/probe.ts', "import 'constructs';"],
    ['scripts/infra/probe.ts', "import '@cdktf/provider-azurerm/lib/resource-group';"],
    ['constructs/probe.ts', "import '@cdktf/provider-azurerm';"],
    ['stacks/probe.ts', "import '@cdktf/provider-azurerm/lib';"],
    ['constructs/probe.ts', "import '@cdktf/provider-azurerm/lib/index';"],
    ['stacks/probe.ts', "import '@cdktf/provider-azurerm/lib/index.js';"],
    ['stacks/probe.ts', "import '@cdktf/provider-azurerm/lib/lazy-index';"],
    ['test/probe.ts', "import '@cdktf/provider-azurerm/lib/lazy-index';"],
  ])('%s may not: %s', (file, code) => {
    expect(reports(file, code)).toEqual(['no-restricted-imports']);
  });

  it.each([
    ['scripts/audit/probe.ts', "void import('cdktf');"],
    ['scripts/infra/probe.ts', "void import('cdktf/lib/app');"],
    ['scripts/infra/probe.ts', 'void import(`cdktf`);'],
    ['scripts/tables/probe.ts', "void import('@cdktf/provider-azurerm/lib/resource-group');"],
    ['scripts/lib/probe.ts', "require('cdktf');"],
    ['scripts/lib/probe.ts', "module.require('cdktf');"],
    ['config/probe.ts', "require('constructs');"],
    ['config/probe.ts', "import cdktf = require('cdktf');"],
    ['scripts/audit/probe.ts', "export type App = import('cdktf').App;"],
    ['constructs/probe.ts', "void import('@cdktf/provider-azurerm');"],
    ['stacks/probe.ts', "require('@cdktf/provider-azurerm/lib/lazy-index');"],
  ])('%s may not, while running or by a type: %s', (file, code) => {
    expect(reports(file, code)).toContain('no-restricted-syntax');
  });

  it.each([
    [
      'scripts/tables/probe.ts',
      "import '../lib/errors'; import '../../config/distribution-types'; import 'pg';",
    ],
    ['scripts/infra/probe.ts', "import '../audit/commands';"],
    ['scripts/local/probe.ts', "import '../tables/plan'; import '../rebalance/plan';"],
    ['constructs/probe.ts', "import 'cdktf'; import '@cdktf/provider-azurerm/lib/resource-group';"],
    ['stacks/probe.ts', "void import('@cdktf/provider-azurerm/lib/resource-group');"],
    ['scripts/infra/probe.ts', "void import('pg'); void import('./cdktf-outputs');"],
  ])('%s may: %s', (file, code) => {
    expect(reports(file, code)).toEqual([]);
  });
});
