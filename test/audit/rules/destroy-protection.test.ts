import { destroyProtection } from '../../../scripts/audit/rules/destroy-protection';
import { problems, stack, status } from '../builders';

const LOCK = 'azurerm_management_lock.lock';

describe('destroy-protection', () => {
  it.each(['azurerm_cosmosdb_postgresql_cluster.cluster', 'azurerm_resource_group.group'])(
    'holds with prevent_destroy and a lock on %s',
    (address) => {
      const locked = stack('prod', {
        resources: { [LOCK]: { scope: `\${${address}.id}`, lock_level: 'CanNotDelete' } },
      });
      expect(status(destroyProtection, locked)).toBe('compliant');
    },
  );

  it.each([
    ['off', { prevent_destroy: false }, /prevent_destroy is false/],
    ['missing', {}, /prevent_destroy is not set/],
    ['a token', { prevent_destroy: '${var.keep}' }, /prevent_destroy is \$\{var\.keep\}/],
    ['without lifecycle', undefined, /prevent_destroy is not set/],
  ])('finds prevent_destroy that is %s', (_, lifecycle, message) => {
    const found = problems(destroyProtection, stack('prod', { cluster: { lifecycle } }));
    expect(found).toEqual([expect.objectContaining({ message: expect.stringMatching(message) as string })]);
    expect(found[0]).not.toHaveProperty('level');
  });

  it.each([
    [
      'covers something else',
      { scope: '${azurerm_subnet.other.id}', lock_level: 'CanNotDelete' },
      /no management lock/,
    ],
    [
      'is of an unknown level',
      { scope: '${azurerm_cosmosdb_postgresql_cluster.cluster.id}', lock_level: '${var.level}' },
      /lock_level is \$\{var\.level\}/,
    ],
  ])('warns where the lock %s', (_, lock, message) => {
    const found = problems(destroyProtection, stack('prod', { resources: { [LOCK]: lock } }));
    expect(found).toEqual([
      expect.objectContaining({ level: 'warning', message: expect.stringMatching(message) as string }),
    ]);
  });

  it('does not apply outside production', () => {
    expect(status(destroyProtection, stack('dev'))).toBe('not-applicable');
  });
});
