import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { chosenStacks, parseCdktf } from '../../scripts/infra/before-cdktf';
import { parseAllowances } from '../../scripts/infra/judged-plan';
import { testEnvironment } from '../support/environment';

const PLAIN = { stacks: ['dev'], skipSynth: false, planArguments: [] };

describe('parseCdktf', () => {
  it.each([
    ['deploy dev', { ...PLAIN, verb: 'deploy' }],
    ['destroy dev prod', { ...PLAIN, verb: 'destroy', stacks: ['dev', 'prod'] }],
    ['deploy --auto-approve dev', { ...PLAIN, verb: 'deploy' }],
    ['deploy dev --output out -a app', { ...PLAIN, verb: 'deploy', output: 'out', app: 'app' }],
    ['--output=out deploy dev', { ...PLAIN, verb: 'deploy', output: 'out' }],
    ['--log-level debug deploy dev', { ...PLAIN, verb: 'deploy' }],
    ['deploy dev --parallelism 4 --skip-synth', { ...PLAIN, verb: 'deploy', skipSynth: true }],
    [
      'deploy dev --var a=b --var=c=d --refresh-only',
      { ...PLAIN, verb: 'deploy', planArguments: ['-var=a=b', '-var=c=d', '-refresh-only'] },
    ],
    ['apply dev', { ...PLAIN, verb: 'deploy' }],
    ['--logLevel debug deploy dev --skipSynth', { ...PLAIN, verb: 'deploy', skipSynth: true }],
    ['--experimental-provider-schema-cache-path cache deploy dev', { ...PLAIN, verb: 'deploy' }],
    ['--auto-approve true deploy dev', { ...PLAIN, verb: 'deploy' }],
    ['constructor dev', undefined],
    ['deploy --help', undefined],
    ['synth --output deploy', undefined],
    ['diff dev', { ...PLAIN, verb: 'diff' }],
    ['plan dev --skip-synth', { ...PLAIN, verb: 'diff', skipSynth: true }],
    ['list', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(parseCdktf(line.split(' ').filter(Boolean))).toEqual(expected);
  });
});

it('takes from CDKTF_ variables what no flag says, as cdktf does', () => {
  const environment = {
    CDKTF_OUTPUT: 'elsewhere',
    CDKTF_SKIP_SYNTH: 'true',
    CDKTF_VAR: 'a=b',
    CDKTF_APP: 'app',
  };
  expect(parseCdktf(['deploy', 'dev', '--app', 'own'], environment)).toEqual({
    ...PLAIN,
    verb: 'deploy',
    output: 'elsewhere',
    app: 'own',
    skipSynth: true,
    planArguments: ['-var=a=b'],
  });
});

it('refuses to watch, which would deploy past every guard', () => {
  expect(() => parseCdktf(['watch', 'dev', '--auto-approve'])).toThrow(
    expect.objectContaining({
      exitCode: 3,
      message: expect.stringContaining('cdktf watch') as string,
    }) as Error,
  );
});

it('stands before every verb of cdktf that deploys or destroys', () => {
  for (const verb of ['apply', 'watch']) {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/cdktf.js', verb, 'dev'], {
      cwd: join(__dirname, '../..'),
      encoding: 'utf8',
      env: testEnvironment({ SCALEOUT_CONFIG_DIR: join(__dirname, 'nowhere') }),
    });
    expect({ verb, status, guarded: /^error: /m.test(stderr) }).toEqual({
      verb,
      status: verb === 'watch' ? 3 : 1,
      guarded: true,
    });
  }
});

describe('chosenStacks', () => {
  it.each([
    [['dev'], ['dev', 'prod'], ['dev']],
    [['*'], ['dev', 'prod'], ['dev', 'prod']],
    [
      ['d*', 'dev'],
      ['dev', 'dx', 'prod'],
      ['dev', 'dx'],
    ],
    [['d.v'], ['dev'], []],
    [['nobody'], ['dev'], []],
    [[], ['dev'], ['dev']],
    [[], ['dev', 'prod'], []],
  ])('%j of %j', (patterns, names, chosen) => {
    expect(chosenStacks(patterns, names)).toEqual(chosen);
  });
});

it('reads allowances separated by commas or blanks', () => {
  expect(parseAllowances(' a:b, c:d  e:f,')).toEqual(['a:b', 'c:d', 'e:f']);
  expect(parseAllowances(undefined)).toEqual([]);
});

it.each([
  ['a home that cannot be written', { HOME: '/dev/null/home' }],
  ['no home', { HOME: '' }],
  ['a plugin cache that cannot be made', { TF_PLUGIN_CACHE_DIR: '/dev/null/plugins' }],
])('leaves cdktf a way with %s', (_, variables) => {
  const { status, stdout } = spawnSync(process.execPath, ['scripts/cdktf.js', '--version'], {
    cwd: join(__dirname, '../..'),
    encoding: 'utf8',
    env: testEnvironment({ CDKTF_DISABLE_PLUGIN_CACHE_ENV: undefined, ...variables }),
  });
  expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringMatching(/^0\.\d+/) as string });
});
