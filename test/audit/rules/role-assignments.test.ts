import { roleAssignments } from '../../../scripts/audit/rules/role-assignments';
import { problems, stack, status } from '../builders';

const WRITER = 'azurerm_role_assignment.writer';
const scope = '${azurerm_key_vault.vault.id}';
const withAssignment = (body: Record<string, string>) => stack('prod', { resources: { [WRITER]: body } });

describe('role-assignments', () => {
  it('holds for one that writes the password, by id or by name', () => {
    expect(status(roleAssignments, stack('prod'))).toBe('compliant');
    const named = withAssignment({ scope, role_definition_name: 'Key Vault Secrets User' });
    expect(status(roleAssignments, named)).toBe('compliant');
  });

  it.each([
    ['Owner by name', { scope, role_definition_name: 'Owner' }, 'role', /role_definition_name is "Owner"/],
    [
      'Owner by id',
      {
        scope,
        role_definition_id:
          '/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
      },
      'role',
      /role_definition_id is/,
    ],
    ['a role that is not said', { scope }, 'role', /is not set/],
    [
      'a role that only the apply knows',
      { scope, role_definition_name: '${var.role}' },
      'role',
      /\$\{var\.role\}/,
    ],
    [
      'a role over the subscription',
      { scope: '/subscriptions/1', role_definition_name: 'Key Vault Secrets User' },
      'scope',
      /is no key vault of this stack/,
    ],
    [
      'a role over a vault of somebody else',
      { scope: '${azurerm_key_vault.other.id}', role_definition_name: 'Key Vault Secrets User' },
      'scope',
      /is no key vault of this stack/,
    ],
  ] as [string, Record<string, string>, string, RegExp][])('finds %s', (_, body, check, message) => {
    expect(problems(roleAssignments, withAssignment(body))).toEqual([
      expect.objectContaining({ check, message: expect.stringMatching(message) as string }),
    ]);
  });

  it('does not apply where no role is assigned', () => {
    expect(status(roleAssignments, stack('dev'))).toBe('not-applicable');
  });
});
