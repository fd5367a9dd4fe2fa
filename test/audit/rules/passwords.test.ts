import { passwords } from '../../../scripts/audit/rules/passwords';
import { existing, problems, stack, status } from '../builders';

const SECRET = 'Correct-Horse-7';
const VAULTED = 'azurerm_key_vault_secret.x';
const ROLE = 'azurerm_cosmosdb_postgresql_role.app';

describe('passwords', () => {
  it('holds where a sensitive variable is referenced once', () => {
    expect(status(passwords, stack('dev'))).toBe('compliant');
  });

  it.each([true, false])('does not ask for what nobody can tell (adopting: %s)', (adopting) => {
    expect(status(passwords, stack('dev', existing(adopting)))).toBe('compliant');
    // One that Terraform minds would be set to nothing at all.
    const minded = existing(adopting, { cluster: { lifecycle: { prevent_destroy: true } } });
    expect(problems(passwords, stack('dev', minded)).map(({ check }) => check)).toEqual([
      'administrator_login_password',
    ]);
  });

  it('does not ask a restored cluster for a password', () => {
    const restored = { administrator_login_password: undefined, source_resource_id: '/subscriptions/x' };
    expect(status(passwords, stack('dev', { cluster: restored }))).toBe('compliant');
  });

  const output = (name: string, value: unknown): object => ({ sections: { output: { [name]: { value } } } });
  const variable = (body: object): object => ({ sections: { variable: { admin_password: body } } });
  it.each([
    ['a literal', { cluster: { administrator_login_password: SECRET } }, /is written out/],
    [
      'a composed one',
      { cluster: { administrator_login_password: '${var.admin_password}1' } },
      /not one variable/,
    ],
    [
      'one from a resource',
      { cluster: { administrator_login_password: '${random_password.p.result}' } },
      /not one variable/,
    ],
    ['none', { cluster: { administrator_login_password: undefined } }, /is not set/],
    ['a role without', { resources: { [ROLE]: { name: 'app' } } }, /password is not set/],
    ['a role with a literal', { resources: { [ROLE]: { name: 'app', password: SECRET } } }, /written out/],
    [
      'a provider with a literal',
      { sections: { provider: { azurerm: [{ client_secret: SECRET }] } } },
      /client_secret is written out/,
    ],
    ['a variable that is not sensitive', variable({ type: 'string' }), /is not sensitive/],
    ['a variable with a default', variable({ sensitive: true, default: SECRET }), /has a default/],
    ['a variable nobody declared', { sections: { variable: {} } }, /is not declared/],
    [
      'an output of it',
      { sections: { output: { p: { value: '${var.admin_password}', sensitive: true } } } },
      /repeats var\.admin_password/,
    ],
    [
      'a tag with it',
      { resources: { 'azurerm_resource_group.other': { tags: { x: 'p=${var.admin_password}' } } } },
      /repeats var\.admin_password/,
    ],
    [
      'a URL with one',
      { sections: { output: { u: { value: `postgresql://citus:${SECRET}@c.example/citus` } } } },
      /URL with a password/,
    ],
    ['an output with a literal', output('admin_password', SECRET), /admin_password is written out/],
    ['an output of another spelling', output('adminPw', SECRET), /adminPw is written out/],
    ['an output that is a number', output('pwd', 20_261_231), /pwd is written out/],
    ['a secret within an output', output('login', { token: SECRET }), /token is written out/],
    [
      'an output of what a vault holds',
      output('token', '${data.azurerm_key_vault_secret.x.value}'),
      /token is \$\{data.*second copy/,
    ],
    ['a local', { sections: { locals: { private_key: SECRET } } }, /private_key is written out/],
    [
      'a copy in a local',
      { sections: { locals: { pw: '${var.admin_password}' } } },
      /pw repeats var\.admin_password/,
    ],
    [
      'a variable named otherwise with a default',
      {
        sections: {
          variable: { admin_password: { sensitive: true }, api_token: { sensitive: true, default: SECRET } },
        },
      },
      /the variable api_token holds a secret and has a default/,
    ],
    [
      'a secret within a default',
      {
        sections: {
          variable: { admin_password: { sensitive: true }, db: { default: { password: SECRET } } },
        },
      },
      /password is written out/,
    ],
    [
      'one that is made readable',
      output('x', '${nonsensitive(azurerm_cosmosdb_postgresql_cluster.cluster.fqdn)}'),
      /value calls nonsensitive\(\)/,
    ],
    [
      "a reference to the cluster's",
      output('x', '${azurerm_cosmosdb_postgresql_cluster.cluster.administrator_login_password}'),
      /value repeats administrator_login_password/,
    ],
    [
      'the same by index',
      output('x', '${azurerm_cosmosdb_postgresql_cluster.cluster["administrator_login_password"]}'),
      /value repeats administrator_login_password/,
    ],
    [
      "a reference to a role's",
      output('x', '${azurerm_cosmosdb_postgresql_role.app[0].password}'),
      /value repeats password/,
    ],
    [
      'the whole cluster',
      output('x', '${jsonencode(azurerm_cosmosdb_postgresql_cluster.cluster)}'),
      /value repeats all of azurerm_cosmosdb_postgresql_cluster\.cluster/,
    ],
    [
      'a vault that is given one in the clear of the state',
      { resources: { [VAULTED]: { name: 'x', value: '${var.admin_password}' } } },
      /value is set, and Terraform's state and plans would hold the secret once more/,
    ],
    [
      'a vault that is given a literal',
      { resources: { [VAULTED]: { name: 'x', value_wo: SECRET } } },
      /value_wo is written out/,
    ],
    ['a vault that is given none', { resources: { [VAULTED]: { name: 'x' } } }, /value_wo is not set/],
    ['libpq text with one', output('u', `host=c.example password=${SECRET}`), /value holds text/],
    ['a storage key in text', output('u', `AccountName=a;AccountKey=${SECRET}`), /value holds text/],
    [
      'JSON text with one',
      { cluster: { tags: { note: `{"password": "${SECRET}"}` } } },
      /note holds text with a password/,
    ],
  ])('finds %s, and does not repeat it', (_, parts, message) => {
    const found = problems(passwords, stack('dev', parts));
    expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
    expect(JSON.stringify(found)).not.toContain(SECRET);
  });

  it('finds a secret under a variable of another name', () => {
    const found = problems(
      passwords,
      stack('dev', {
        cluster: { administrator_login_password: '${var.login}' },
        sections: { variable: { login: { type: 'string' } } },
      }),
    );
    expect(found.map(({ pointer }) => pointer)).toEqual(['/variable/login']);
  });

  it('finds a literal in a vault where the state would keep it, for both reasons', () => {
    const found = problems(passwords, stack('dev', { resources: { [VAULTED]: { value: SECRET } } }));
    expect(found.map(({ check }) => check)).toEqual(['not-write-only', 'literal:value']);
    expect(JSON.stringify(found)).not.toContain(SECRET);
  });

  it('lets a vault have the password by its write-only argument', () => {
    const written = { [VAULTED]: { value_wo: '${var.admin_password}', value_wo_version: 1 } };
    expect(status(passwords, stack('dev', { resources: written }))).toBe('compliant');
  });

  it('lets a precondition read the secret, but not repeat it', () => {
    const check = (error_message: string): ReturnType<typeof stack> => {
      const condition = '${length(var.admin_password) <= 128}';
      return stack('dev', { cluster: { lifecycle: { precondition: [{ condition, error_message }] } } });
    };
    expect(status(passwords, check('too long'))).toBe('compliant');
    expect(
      problems(passwords, check('too long: ${var.admin_password}')).map(({ pointer }) => pointer),
    ).toEqual([expect.stringMatching(/precondition\/0\/error_message$/)]);
  });

  it.each([
    'one([for server in azurerm_cosmosdb_postgresql_cluster.cluster.servers : server.fqdn])',
    'azurerm_cosmosdb_postgresql_cluster.cluster.id',
  ])('lets an output read what is no secret: %s', (expression) => {
    expect(status(passwords, stack('dev', output('x', `\${${expression}}`)))).toBe('compliant');
  });

  it('takes no description and no comparison for a secret', () => {
    const described = { admin_password: { sensitive: true, description: 'Password of the login citus.' } };
    expect(
      status(
        passwords,
        stack('dev', { sections: { variable: described, output: { password_policy: { value: 'long' } } } }),
      ),
    ).toBe('compliant');
  });

  it('tells a variable from one whose name begins alike', () => {
    const variables = { admin_password: { sensitive: true }, admin_password_hint: { type: 'string' } };
    const output = { hint: { value: '${var.admin_password_hint}' } };
    expect(status(passwords, stack('dev', { sections: { variable: variables, output } }))).toBe('compliant');
  });
});
