import { chosenStacks, parseCdktf } from '../../scripts/infra/before-cdktf';
import { parseAllowances } from '../../scripts/infra/judged-plan';

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
    ['deploy --help', undefined],
    ['synth --output deploy', undefined],
    ['diff dev', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(parseCdktf(line.split(' ').filter(Boolean))).toEqual(expected);
  });
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
