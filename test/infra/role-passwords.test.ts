import { parseSynthesized } from '../../scripts/audit/stack/synthesized';
import { passwordPlaceholders } from '../../scripts/infra/role-passwords';

const ROLE = 'azurerm_cosmosdb_postgresql_role';
const ignored = { lifecycle: { ignore_changes: ['password'] } };

const placeholders = (
  role: object,
  environment: Record<string, string> = {},
  planArguments: readonly string[] = [],
  more: object = {},
) => {
  const document = {
    resource: { [ROLE]: { app: { name: 'app', password: '${var.role_app_password}', ...role } } },
    ...more,
  };
  const stack = parseSynthesized(JSON.stringify(document), 'dev', 'cdk.tf.json');
  return passwordPlaceholders(stack, environment, planArguments);
};

it('stand in for passwords that Terraform ignores and nobody gives, strong and new each time', () => {
  const [one, other] = [placeholders(ignored), placeholders(ignored)];
  expect([...one.missingPasswords]).toEqual([[`${ROLE}.app`, 'role_app_password']]);
  expect(Object.keys(one.variables)).toEqual(['TF_VAR_role_app_password']);
  const password = one.variables['TF_VAR_role_app_password'] ?? '';
  expect(password).toMatch(/^[\w-]{40,128}$/);
  for (const kind of [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z0-9]/]) expect(password).toMatch(kind);
  expect(other.variables).not.toEqual(one.variables);
});

it.each([
  ['somebody gives it', ignored, { TF_VAR_role_app_password: 'x' }, []],
  ['an argument of the plan gives it', ignored, {}, ['-var=role_app_password=x']],
  ['Terraform minds it', {}, {}, []],
  ['Terraform ignores something else', { lifecycle: { ignore_changes: ['name'] } }, {}, []],
  ['it is no variable', { ...ignored, password: '${data.x.y}' }, {}, []],
])('stand in for nothing where %s', (_, role, environment, planArguments) => {
  const { variables, missingPasswords } = placeholders(role, environment, planArguments);
  expect({ variables, missing: missingPasswords.size }).toEqual({ variables: {}, missing: 0 });
});

it('stand in for one that is set to nothing, which no role can have', () => {
  expect(placeholders(ignored, { TF_VAR_role_app_password: '' }).missingPasswords.size).toBe(1);
});

it('stand in for nothing that something else in the stack needs', () => {
  const more = { output: { copy: { value: '${var.role_app_password}' } } };
  expect(placeholders(ignored, {}, [], more).missingPasswords.size).toBe(0);
});
