import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Linter } from 'eslint';
import ts from 'typescript';
import tseslint from 'typescript-eslint';

const config = jest.requireActual<Linter.Config[]>('../eslint.config.js');

const root = path.resolve(__dirname, '..');
const linter = new Linter({ configType: 'flat', cwd: root });

/** Every source file of the house. */
const sources = ['config', 'constructs', 'stacks', 'scripts'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /(?<!\.d)\.ts$/.test(name))
    .map((name) => path.join(root, folder, name)),
);

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
    ['config/azure/probe.ts', "import '../workload/distribution';"],
    ['config/file/probe.ts', "import '../azure/reason';"],
    ['constructs/probe.ts', "import '../scripts/lib/errors';"],
    ['constructs/probe.ts', "import '../stacks/main';"],
    ['scripts/lib/probe.ts', "import '../tables/plan/plan';"],
    ['scripts/citus/probe.ts', "import '../database/model/live';"],
    ['scripts/tables/probe.ts', "import '../rebalance/commands';"],
    ['scripts/tables/probe.ts', "void import('../rebalance/commands.ts');"],
    ['scripts/tables/plan/probe.ts', "import '../apply/apply';"],
    ['scripts/tables/review/probe.ts', "import '../verify/verify';"],
    ['scripts/rebalance/probe.ts', "import '../tables/plan/plan';"],
    ['scripts/database/probe.ts', "import '../tables/plan/plan';"],
    ['scripts/database/model/probe.ts', "import '../inspect/inspect';"],
    ['scripts/database/observe/probe.ts', "import '../checks/preconditions';"],
    ['scripts/compare/probe.ts', "import '../tables/verify/verify';"],
    ['scripts/simulate/probe.ts', "import '../infra/synth';"],
    ['scripts/audit/probe.ts', "import '../infra/synth';"],
    ['scripts/audit/stack/probe.ts', "import '../rules/index';"],
    ['scripts/audit/rules/probe.ts', "import '../judge/judge';"],
    ['scripts/infra/probe.ts', "import '../tables/plan/plan';"],
    ['scripts/local/engines/probe.ts', "import '../journey/journey';"],
    ['scripts/bench/probe.ts', "import '../cli/program';"],
    ['scripts/cli/probe.ts', "import '../cdktn/check';"],
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

  it('messages name the folder of environments that is read', () => {
    const code = 'export const at = (name: string) => `see config/environments/${name}.yaml`;';
    expect(reports('scripts/infra/probe.ts', code)).toEqual(['no-restricted-syntax']);
  });

  it.each([
    [
      'scripts/tables/probe.ts',
      "import '../lib/errors'; import '../../config/workload/distribution-types'; import 'pg';",
    ],
    ['scripts/infra/probe.ts', "import '../audit/commands';"],
    ['scripts/local/probe.ts', "import '../tables/plan/plan'; import '../rebalance/plan/plan';"],
    ['constructs/probe.ts', "import 'cdktf'; import '@cdktf/provider-azurerm/lib/resource-group';"],
    ['stacks/probe.ts', "void import('@cdktf/provider-azurerm/lib/resource-group');"],
    ['scripts/infra/probe.ts', "void import('pg'); void import('./cdktf-outputs');"],
  ])('%s may: %s', (file, code) => {
    expect(reports(file, code)).toEqual([]);
  });
});

/** Each room of decision 0002 with what it may import, spelled out. */
function decidedRooms(): Record<string, string[]> {
  const text = readFileSync(path.join(root, 'docs/decisions/0002-walls.md'), 'utf8');
  const rows = [...text.matchAll(/^\| `([^|]+)` +\|([^|]*)\|$/gm)];
  return Object.fromEntries(
    rows.map(([, room = '', rest = '']) => [
      room,
      [...rest.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name).sort(),
    ]),
  );
}

describe('the rooms', () => {
  it('are those of decision 0002', () => {
    const decided = decidedRooms();
    expect(Object.keys(decided).length).toBeGreaterThan(20);
    const kept = Object.fromEntries(
      config.flatMap(({ rules }) => {
        const [, options] = (rules?.['import-x/no-restricted-paths'] ?? []) as [
          string?,
          { zones: { target: string; except: string[] }[] }?,
        ];
        return (options?.zones ?? []).map(({ target, except }) => {
          const room = target.slice(2);
          const others = except.map((name) => name.slice(2));
          return [room, others.filter((name) => name !== room && name !== 'node_modules').sort()];
        });
      }),
    );
    expect(decided).toEqual(kept);
  });

  it('have no data beside a module of the same name, which Node.js would load in its place', () => {
    const beside = ['.json', '.js'].flatMap((extension) =>
      sources.map((file) => file.replace(/\.ts$/, extension)).filter((file) => existsSync(file)),
    );
    expect(beside).toEqual([]);
  });

  const imports = new Map(sources.map((file) => [file, importsOf(file, new Set(sources))]));

  /** The longest way down from a file through `within`, the file included. Circles show as the way that closes. */
  function longest(within: string): { readonly chain: string[]; readonly circles: string[][] } {
    const known = new Map<string, string[]>();
    const circles: string[][] = [];
    const walk = (file: string, way: readonly string[]): string[] => {
      const again = way.indexOf(file);
      if (again >= 0) {
        circles.push([...way.slice(again), file].map((each) => path.relative(root, each)));
        return [];
      }
      const found = known.get(file);
      if (found !== undefined) return found;
      let best: string[] = [];
      for (const next of imports.get(file) ?? []) {
        if (!next.startsWith(path.join(root, within))) continue;
        const chain = walk(next, [...way, file]);
        if (chain.length > best.length) best = chain;
      }
      const chain = [file, ...best];
      known.set(file, chain);
      return chain;
    };
    const chains = sources
      .filter((file) => file.startsWith(path.join(root, within)))
      .map((file) => walk(file, []));
    const chain = chains.reduce((best, each) => (each.length > best.length ? each : best), []);
    return { chain: chain.map((file) => path.relative(root, file)), circles };
  }

  it('have no circle of files', () => {
    expect(sources.length).toBeGreaterThan(300);
    expect(longest('').circles).toEqual([]);
  });

  it('of tables are at most eight floors high', () => {
    const { chain } = longest('scripts/tables');
    expect(chain.length).toBeGreaterThan(3);
    expect(chain.length > 8 ? chain : []).toEqual([]);
  });
});

describe("Citus's catalogs", () => {
  /** Its tables, the sequences of those, and its views. Its functions have other names. */
  const CATALOG =
    /\bpg_dist_\w+|\bcitus_(?:shards(?:_on_worker)?|tables|schemas|locks|lock_waits|(?:dist_)?stat_activity|stat_statements|stat_tenants\w*|stat_counters|nodes)\b/;

  it.each([
    ['SELECT count(*) FROM pg_dist_node', true],
    ['SELECT * FROM pg_catalog.pg_dist_shard s', true],
    ['SELECT size FROM citus_shards', true],
    ['SELECT citus_add_node($1, 5432)', false],
    ['SELECT max(size) FROM citus_shard_sizes()', false],
  ])('are named in: %s is %s', (sql, names) => {
    expect(CATALOG.test(sql)).toBe(names);
  });

  it('are read in scripts/citus alone', () => {
    const within = path.join(root, 'scripts/citus') + path.sep;
    const outside = sources
      .filter((file) => !file.startsWith(within) && CATALOG.test(readFileSync(file, 'utf8')))
      .flatMap((file) =>
        textsOf(file)
          .flatMap((text) => CATALOG.exec(text) ?? [])
          .map((name) => `${path.relative(root, file)} ${name}`),
      );
    expect(outside).toEqual([]);
  });
});

describe('functions', () => {
  /** Walks over trees of a parser or catalogs, still in one piece. The list may only become shorter. */
  const KNOWN = [
    'scripts/database/forecast/citus-planner.ts gather',
    'scripts/database/forecast/forecast.ts forecastDistributed',
    'scripts/database/forecast/shape.ts visit',
    'scripts/database/inspect/inspect.ts read',
  ];

  it('fit on a screen of 60 lines, but for the known ones', () => {
    const long = sources.flatMap((file) =>
      functionsLongerThan(60, file).map((name) => `${path.relative(root, file)} ${name}`),
    );
    expect(long.filter((name) => !KNOWN.includes(name))).toEqual([]);
  });
});

function functionsLongerThan(lines: number, file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line;
  const long: string[] = [];
  const visit = (node: ts.Node): void => {
    const isLong = ts.isFunctionLike(node) && lineOf(node.end) - lineOf(node.getStart()) >= lines;
    if (isLong && 'body' in node) {
      const named = node.name ?? (node.parent as Partial<ts.NamedDeclaration>).name;
      long.push(named?.getText() ?? 'a function without a name');
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return long;
}

/** Every string and every part of a template in a file; comments are none. */
function textsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      texts.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

/** Files of this repository that a file imports, by type or value. */
function importsOf(file: string, sources: ReadonlySet<string>): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(file, 'utf8'), true, true);
  return importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => path.resolve(path.dirname(file), fileName))
    .flatMap((found) =>
      [found, `${found}.ts`, path.join(found, 'index.ts')].filter((each) => sources.has(each)),
    );
}
