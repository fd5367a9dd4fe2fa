import { environmentFile } from '../../../config/file/files';
import type { Problem, Rule } from '../rule-parts/rule';
import { problemAt, problemOf, verdictOn, valueText } from '../rule-parts/rule';
import { KEY_VAULT_SECRET } from '../stack/azurerm';
import type { Block, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

export const secretExpiry: Rule = {
  id: 'secret-expiry',
  level: 'error',
  property:
    'A secret has a date to be changed by that is to come and within two years; without one, production is warned.',
  why: 'A password without a date, or with one that is past or of the next decade, is changed by nobody.',
  remedy: 'Set keyVault.passwordExpiresUtc to a day within two years.',
  controls: ['MCSB IM-8', 'MCSB DP-6', 'CIS 8.3', 'CKV_AZURE_41'],
  check(stack, { today, production }) {
    const undated = resourcesOf(stack, KEY_VAULT_SECRET)
      .filter(({ body }) => (body['expiration_date'] ?? null) === null)
      .map((secret): Problem => ({ ...problemOf(secret, 'undated', announce(stack)), level: 'warning' }));
    const found = verdictOn(stack, KEY_VAULT_SECRET, 'the stack keeps no secret', (secrets) => [
      ...secrets.flatMap((secret) => judge(secret, today)),
      ...(production ? undated : []),
    ]);
    return production ? found : { ...found, notes: undated };
  },
};

function announce({ environment }: Synthesized): string {
  return `the secret has no date to be changed by: set keyVault.passwordExpiresUtc in ${environmentFile(environment)} to have Key Vault announce it`;
}

const YEARS = 2;

function judge(secret: Block, today: string): readonly Problem[] {
  const date = secret.body['expiration_date'];
  if (date === undefined || date === null) return [];
  const problem = (why: string): readonly Problem[] => [
    problemAt(secret, 'expiration_date', `expiration_date is ${valueText('', date)}, ${why}`),
  ];
  if (typeof date !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(date)) return problem('which is no date in UTC');
  if (date.slice(0, 10) < today) return problem('which is past: change the password, and set another date');
  const last = `${String(Number(today.slice(0, 4)) + YEARS)}${today.slice(4)}`;
  return date.slice(0, 10) > last
    ? problem(`which is more than ${String(YEARS)} years away: nobody keeps it`)
    : [];
}
