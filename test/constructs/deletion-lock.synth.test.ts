import { ref, TerraformResource, Token } from 'cdktf';
import type { DeletionLockProps } from '../../constructs/deletion-lock';
import { DeletionLock } from '../../constructs/deletion-lock';
import { laneSuite } from '../support/lanes';
import { onlyResource, synthesizeConstructs } from '../support/synth';

// Not cdktf's own class for it, which asks the installed Terraform for its version.
const DATA = { terraformResourceType: 'terraform_data' };

const TYPE = 'azurerm_management_lock';
const props: DeletionLockProps = {
  resourceId: Token.asString(ref('azurerm_cosmosdb_postgresql_cluster.x.id')),
  name: 'keep-the-data',
  reason: 'Holds the only copy of the sensor readings. Ask the data platform team.',
};
const lockWith = (changes: Partial<DeletionLockProps> = {}) =>
  onlyResource(
    synthesizeConstructs((stack) => {
      new DeletionLock(stack, 'Lock', { ...props, ...changes });
    }),
    TYPE,
  );

laneSuite('synth', 'DeletionLock', () => {
  test('keeps a resource from being deleted, and from nothing else', () => {
    expect(lockWith()).toEqual({
      name: 'keep-the-data',
      scope: '${azurerm_cosmosdb_postgresql_cluster.x.id}',
      lock_level: 'CanNotDelete',
      notes: 'Holds the only copy of the sensor readings. Ask the data platform team.',
    });
  });

  test('is put on last, so that it is taken off first', () => {
    const stack = synthesizeConstructs((scope) => {
      const after = ['One', 'Two'].map((id) => new TerraformResource(scope, id, DATA));
      new DeletionLock(scope, 'Lock', { ...props, after });
    });
    expect(onlyResource(stack, TYPE)).toMatchObject({
      depends_on: [
        expect.stringMatching(/^terraform_data\.One/),
        expect.stringMatching(/^terraform_data\.Two/),
      ],
    });
    expect(lockWith({ after: [] })).not.toHaveProperty('depends_on');
  });

  test('accepts the id of a resource as text', () => {
    expect(lockWith({ resourceId: '/subscriptions/x/resourceGroups/rg' })).toMatchObject({
      scope: '/subscriptions/x/resourceGroups/rg',
    });
  });

  const named = 'it must be the name of a lock: 1 to 90 letters, digits, hyphens and underscores';
  const reasoned =
    'it must be 1 to 512 characters that say why it must not be deleted, for the one who tries';
  test.each<[Partial<DeletionLockProps>, string]>([
    [{ name: '' }, `name is "": ${named}`],
    [{ name: 'no spaces' }, `name is "no spaces": ${named}`],
    [{ name: 'x'.repeat(91) }, `name is "${'x'.repeat(56)}...: ${named}`],
    [{ reason: '' }, `reason is "": ${reasoned}`],
    [{ reason: ' ' }, `reason is " ": ${reasoned}`],
    [{ reason: 'x'.repeat(513) }, `reason is "${'x'.repeat(56)}...: ${reasoned}`],
    [
      { resourceId: 'wwi-sensors' },
      'resourceId is "wwi-sensors": it must be the id of a resource: /subscriptions/ID/...',
    ],
  ])('fails with its path: %j', (changes, message) => {
    expect(() => lockWith(changes)).toThrow(new Error(`${message} [stack/Lock]`));
  });

  test('fails with everything that is wrong', () => {
    expect(() => lockWith({ name: '', reason: '' })).toThrow(/^name is .*; reason is .* \[stack\/Lock\]$/);
  });
});
