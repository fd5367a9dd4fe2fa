// Type-aware rules, and the walls of the house: who may import whom. `npm run check:lint` keeps them;
// test/walls.test.ts proves that each wall reports a violation.
const { importX, createNodeResolver } = require('eslint-plugin-import-x');
const tseslint = require('typescript-eslint');

/** Each room, and the only rooms of this repository it may import from (itself is always allowed). */
const rooms = {
  config: [],
  constructs: ['config'],
  stacks: ['config', 'constructs'],
  'scripts/lib': ['config'],
  'scripts/infra': ['config', 'scripts/lib', 'scripts/audit'],
  'scripts/database': ['config', 'scripts/lib'],
  'scripts/tables': ['config', 'scripts/lib', 'scripts/database'],
  'scripts/rebalance': ['config', 'scripts/lib', 'scripts/database'],
  'scripts/audit': ['config', 'scripts/lib'],
  'scripts/cdktn': ['config', 'scripts/lib', 'scripts/infra'],
  'scripts/hcl': ['config', 'scripts/lib', 'scripts/infra'],
  'scripts/bench': [
    'config',
    'scripts/lib',
    'scripts/infra',
    'scripts/database',
    'scripts/tables',
    'scripts/rebalance',
    'scripts/local',
  ],
  'scripts/local': [
    'config',
    'scripts/lib',
    'scripts/infra',
    'scripts/database',
    'scripts/tables',
    'scripts/rebalance',
    'scripts/audit',
  ],
};

const walls = Object.entries(rooms).map(([room, allowed]) => ({
  target: `./${room}`,
  from: './',
  except: [room, ...allowed, 'node_modules'].map((name) => `./${name}`),
  message: `${room} may import only from ${[room, ...allowed].join(', ')} (docs/decisions/0002-walls.md)`,
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
      'no-restricted-syntax': ['error', noFramework],
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
