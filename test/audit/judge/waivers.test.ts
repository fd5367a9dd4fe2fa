import { ConfigError } from '../../../config/file/config-error';
import { parseWaivers } from '../../../scripts/audit/judge/waivers';

const good = `waivers:
  - rule: public-access
    check: node_public_ip_access_enabled
    level: error
    value: 'true'
    constructPath: dev/cluster
    reason: load test until the end of the month
    expires: 2026-03-31
`;

function faults(text: string): readonly string[] {
  try {
    parseWaivers(text, 'waivers.yaml');
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('parseWaivers', () => {
  it('reads rule, construct, reason and day', () => {
    expect(parseWaivers(good, 'waivers.yaml')).toEqual([
      {
        rule: 'public-access',
        check: 'node_public_ip_access_enabled',
        level: 'error',
        value: 'true',
        constructPath: 'dev/cluster',
        reason: 'load test until the end of the month',
        expires: '2026-03-31',
      },
    ]);
  });

  it.each([
    [
      'an unknown rule',
      good.replace('public-access', 'public-acces'),
      /waivers\.yaml:2: .*rule: is "public-acces": it must be the id of a rule/,
    ],
    ['no check', good.replace(/ +check.*\n/, ''), /check: is missing: add what the finding names/],
    ['no level', good.replace(/ +level.*\n/, ''), /level: is missing: add error or warning/],
    ['no reason', good.replace(/ +reason.*\n/, ''), /reason: is missing/],
    ['a reason that says nothing', good.replace(/load test.*/, 'because'), /reason: is "because"/],
    ['no end', good.replace(/ +expires.*\n/, ''), /expires: is missing/],
    ['a day that does not exist', good.replace('03-31', '02-31'), /expires: is "2026-02-31"/],
    [
      'a whole environment',
      good.replace('dev/cluster', '"*"').replace('"*"', 'dev/ *'),
      /constructPath: is "dev\/ \*"/,
    ],
    ['an unknown key', `${good}    forever: true\n`, /unknown key/],
    ['the same twice', good + good.replace('waivers:\n', ''), /is waived twice: keep one/],
  ])('refuses %s', (_, text, message) => {
    expect(faults(text)).toEqual([expect.stringMatching(message)]);
  });

  it('reports every fault at once', () => {
    expect(faults(good.replace('public-access', 'x').replace('2026-03-31', 'soon'))).toHaveLength(2);
  });
});
