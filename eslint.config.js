// Type-aware rules, and the walls of the house: who may import whom. `npm run check:lint` keeps them;
// test/walls.test.ts proves that each wall reports a violation.
const { importX, createNodeResolver } = require('eslint-plugin-import-x');
const tseslint = require('typescript-eslint');

/**
 * The rooms of the house, bottom to top: each may import from the rooms named after it, and from itself. A room within another stands
 * behind both walls. docs/decisions/0002-walls.md has the same as a table; test/walls.test.ts holds the two against each other.
 */
const CONFIG = ['config'];
const CITUS = [...CONFIG, 'scripts/lib', 'scripts/citus'];
const DATABASE = [...CITUS, 'scripts/database'];
const AUDIT = [...CONFIG, 'scripts/lib'];
const INFRA = [...CONFIG, 'scripts/lib', 'scripts/audit', 'scripts/infra'];

const rooms = {
  config: [],
  'config/text': [],
  'config/file': ['config/text'],
  'config/azure': ['config/text', 'config/file'],
  'config/workload': ['config/text', 'config/file', 'config/azure'],
  'config/environment': ['config/text', 'config/file', 'config/azure', 'config/workload'],
  constructs: CONFIG,
  stacks: [...CONFIG, 'constructs'],
  'scripts/lib': CONFIG,
  'scripts/citus': [...CONFIG, 'scripts/lib'],
  'scripts/audit': AUDIT,
  'scripts/audit/stack': AUDIT,
  'scripts/audit/rule-parts': [...AUDIT, 'scripts/audit/stack'],
  'scripts/audit/rules': [...AUDIT, 'scripts/audit/stack', 'scripts/audit/rule-parts'],
  'scripts/audit/difference': [...AUDIT, 'scripts/audit/stack'],
  'scripts/audit/judge': [...AUDIT, 'scripts/audit/stack', 'scripts/audit/rule-parts', 'scripts/audit/rules'],
  'scripts/audit/source': [
    ...AUDIT,
    'scripts/audit/stack',
    'scripts/audit/rule-parts',
    'scripts/audit/rules',
    'scripts/audit/judge',
  ],
  'scripts/audit/render': [
    ...AUDIT,
    'scripts/audit/stack',
    'scripts/audit/rule-parts',
    'scripts/audit/rules',
    'scripts/audit/difference',
    'scripts/audit/judge',
  ],
  'scripts/database': CITUS,
  'scripts/database/model': CITUS,
  'scripts/database/forecast': [...CITUS, 'scripts/database/model'],
  'scripts/database/inspect': [...CITUS, 'scripts/database/model', 'scripts/database/forecast'],
  'scripts/database/target': [
    ...CITUS,
    'scripts/database/model',
    'scripts/database/forecast',
    'scripts/database/inspect',
  ],
  'scripts/database/observe': [
    ...CITUS,
    'scripts/database/model',
    'scripts/database/forecast',
    'scripts/database/inspect',
    'scripts/database/target',
  ],
  'scripts/database/checks': DATABASE,
  'scripts/rebalance': DATABASE,
  'scripts/rebalance/cost': CITUS,
  'scripts/rebalance/record': [...DATABASE, 'scripts/rebalance/cost'],
  'scripts/rebalance/watch': CITUS,
  'scripts/rebalance/observe': DATABASE,
  'scripts/rebalance/plan': [
    ...DATABASE,
    'scripts/rebalance/cost',
    'scripts/rebalance/record',
    'scripts/rebalance/watch',
    'scripts/rebalance/observe',
  ],
  'scripts/rebalance/run': [
    ...DATABASE,
    'scripts/rebalance/cost',
    'scripts/rebalance/record',
    'scripts/rebalance/watch',
    'scripts/rebalance/observe',
    'scripts/rebalance/plan',
  ],
  'scripts/roles': CITUS,
  'scripts/compare': DATABASE,
  'scripts/tables': DATABASE,
  'scripts/tables/plan': DATABASE,
  'scripts/tables/review': [...DATABASE, 'scripts/tables/plan'],
  'scripts/tables/verify': [...DATABASE, 'scripts/tables/plan', 'scripts/tables/review'],
  'scripts/tables/apply': [
    ...DATABASE,
    'scripts/tables/plan',
    'scripts/tables/review',
    'scripts/tables/verify',
  ],
  'scripts/infra': INFRA,
  'scripts/release': INFRA,
  'scripts/adopt': INFRA,
  'scripts/cdktn': INFRA,
  'scripts/hcl': INFRA,
  'scripts/simulate': [...DATABASE, 'scripts/tables', 'scripts/rebalance'],
  'scripts/local': [
    ...DATABASE,
    ...INFRA,
    'scripts/adopt',
    'scripts/tables',
    'scripts/rebalance',
    'scripts/simulate',
  ],
  'scripts/local/workloads': [...CONFIG, 'scripts/lib'],
  'scripts/local/engines': [...CONFIG, 'scripts/lib', 'scripts/citus'],
  'scripts/local/azure': [...CONFIG, 'scripts/lib', 'scripts/local/engines'],
  'scripts/local/terraform': [...INFRA, 'scripts/adopt', 'scripts/local/azure', 'scripts/local/engines'],
  'scripts/advise': [...DATABASE, 'scripts/tables', 'scripts/simulate'],
  'scripts/bench': [
    ...DATABASE,
    ...INFRA,
    'scripts/tables',
    'scripts/rebalance',
    'scripts/simulate',
    'scripts/advise',
    'scripts/compare',
    'scripts/local',
  ],
  'scripts/cli': [
    ...DATABASE,
    ...INFRA,
    'scripts/adopt',
    'scripts/tables',
    'scripts/rebalance',
    'scripts/simulate',
    'scripts/advise',
    'scripts/compare',
    'scripts/local',
    'scripts/bench',
    'scripts/roles',
    'scripts/release',
  ],
};

const walls = Object.entries(rooms).map(([room, allowed]) => ({
  target: `./${room}`,
  from: './',
  except: [...new Set([room, ...allowed, 'node_modules'])].map((name) => `./${name}`),
  message: `${room} may import only from ${[...new Set([room, ...allowed])].join(', ')} (docs/decisions/0002-walls.md)`,
}));

const onlyFramework = {
  group: ['cdktf', 'cdktf/*', 'constructs', '@cdktf/*', '@cdktf/**'],
  message: 'cdktf is imported in constructs/ and stacks/ alone',
};
const providerBarrel = {
  regex: '^@cdktf/provider-azurerm(/lib(/(lazy-)?index(\\.js)?)?)?/?$',
  message: 'import provider code by deep path: the barrel costs seconds at every synth',
};

/**
 * The same walls for modules loaded while running or by a type, which no-restricted-imports does not look at. A selector
 * ends its regular expression at the first slash, so the patterns spell one as \u002F.
 */
const loadingOf = (pattern, message) => ({
  selector: `:matches(ImportExpression, TSImportType, TSImportEqualsDeclaration, CallExpression[callee.name='require'], CallExpression[callee.property.name='require']) :matches(Literal[value=/${pattern}/], TemplateElement[value.raw=/${pattern}/])`,
  message,
});
const noFramework = loadingOf('^(cdktf|constructs)($|\\u002F)|^@cdktf\\u002F', onlyFramework.message);
const noBarrel = loadingOf(providerBarrel.regex.replaceAll('/', '\\u002F'), providerBarrel.message);

/** Help may name the usual folder; a message names the one that is read. */
const noFixedFolder = {
  selector: 'TemplateElement[value.raw=/config\\u002Fenvironments/]',
  message: 'SCALEOUT_CONFIG_DIR may name another folder: environmentFile() of config/file/files.ts',
};

module.exports = tseslint.config(
  { ignores: ['node_modules/', 'cdktf.out/', 'coverage/', '.scaleout/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    plugins: { 'import-x': importX },
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: __dirname },
    },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.js', '.json'] })],
    },
    rules: {
      'import-x/no-restricted-paths': ['error', { basePath: __dirname, zones: walls }],
      'no-restricted-imports': ['error', { patterns: [onlyFramework] }],
      'no-restricted-syntax': ['error', noFramework, noFixedFolder],
      'no-console': 'error',
      // Crashes on a method without type parameters (typescript-eslint 8.73).
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ['constructs/**/*.ts', 'stacks/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [providerBarrel] }],
      'no-restricted-syntax': ['error', noBarrel],
    },
  },
  {
    files: ['test/**/*.ts'],
    ignores: ['test/support/**', 'test/environment.test.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'a test states its environment: testEnvironment() of test/support/environment.ts',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [providerBarrel] }],
      'no-restricted-syntax': ['error', noBarrel],
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
);
