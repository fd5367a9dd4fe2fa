import { judge } from '../../../scripts/audit/judge/judge';
import { secretExpiry } from '../../../scripts/audit/rules/secret-expiry';
import type { Json } from '../../../scripts/audit/stack/synthesized';
import { stackJson, TODAY } from '../builders';
import { parseSynthesized } from '../../../scripts/audit/stack/synthesized';

/** The rule alone, on the stack of production with another date. */
function judged(date: Json | undefined, notProduction: readonly string[] = []): readonly string[] {
  const document = stackJson('prod') as Record<string, Record<string, Record<string, Record<string, Json>>>>;
  const secret = document['resource']?.['azurerm_key_vault_secret']?.['password'];
  if (secret === undefined) throw new Error('the builder has no secret');
  if (date === undefined) Reflect.deleteProperty(secret, 'expiration_date');
  else secret['expiration_date'] = date;
  if (notProduction.length > 0) {
    for (const cluster of Object.values(
      document['resource']?.['azurerm_cosmosdb_postgresql_cluster'] ?? {},
    )) {
      cluster['tags'] = { ...(cluster['tags'] as object), production: 'false' };
    }
  }
  const stack = parseSynthesized(JSON.stringify(document), 'prod', 'prod');
  const { findings, notes } = judge({
    stacks: [stack],
    rules: [secretExpiry],
    waivers: [],
    today: TODAY,
    notProduction,
  });
  return [
    ...findings.map(({ level, check }) => `${level} ${check}`),
    ...notes.map(({ check }) => `note ${check}`),
  ];
}

it.each([
  ['2027-06-30T00:00:00Z', []],
  [undefined, ['warning undated']],
  ['2020-01-01T00:00:00Z', ['error expiration_date']],
  ['2099-01-01T00:00:00Z', ['error expiration_date']],
  ['one day', ['error expiration_date']],
])('a secret of production that is over on %s: %j', (date, expected) => {
  expect(judged(date)).toEqual(expected);
});

it('asks for no date where nothing is production, and says that there is none', () => {
  expect(judged(undefined, ['prod'])).toEqual(['note undated']);
});
