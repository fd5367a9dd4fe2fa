import { planRoles } from '../../scripts/roles/plan';
import type { PlannedRole } from '../../scripts/roles/plan';
import type { SeenRole, SeenRoles } from '../../scripts/roles/read';
import { readPasswords } from '../../scripts/roles/passwords';
import { describePlan, describeRefused } from '../../scripts/roles/text';

const NODES = ['10.7.0.254:7000', '10.7.0.254:7001', '10.7.0.254:7002'];
const ROLE: SeenRole = {
  name: 'reporting',
  mayLogIn: true,
  powers: [],
  expired: false,
  changeable: true,
  self: false,
};

function seen(more: Partial<SeenRoles> & { readonly role?: Partial<SeenRole> } = {}): SeenRoles {
  const { role, ...rest } = more;
  return {
    roles: [{ ...ROLE, ...role }],
    logins: new Map([['reporting', { login: 'works', why: '' }]]),
    nodes: NODES,
    lacking: new Map([['reporting', { missing: [], shut: [] }]]),
    carried: ['reporting'],
    unnamed: [],
    iterations: 4096,
    session: 'wwi_admin',
    ...rest,
  };
}

const WRONG: Partial<SeenRoles> = { logins: new Map([['reporting', { login: 'wrong-password', why: '' }]]) };

function planned(of: SeenRoles): Omit<PlannedRole, 'name'> {
  const { action, why, notes } = planRoles('dev', 'd', ['reporting'], of).roles[0]!;
  return { action, why, notes };
}

describe('a role of the file', () => {
  test('that logs in on every node stays', () => {
    expect(planned(seen())).toEqual({ action: 'unchanged', why: '', notes: [] });
  });

  test('that exists nowhere is created', () => {
    const nowhere = seen({
      roles: [],
      logins: new Map(),
      lacking: new Map([['reporting', { missing: NODES, shut: [] }]]),
      carried: [],
    });
    expect(planned(nowhere)).toEqual({ action: 'create', why: 'does not exist', notes: [] });
  });

  test('with another password gets that of its variable, also where Citus carries it to no node', () => {
    const why = 'does not log in with the password of TF_VAR_role_reporting_password';
    expect(planned(seen(WRONG))).toEqual({ action: 'set-password', why, notes: [] });
    expect(planned(seen({ ...WRONG, carried: [] }))).toEqual({
      action: 'set-on-nodes',
      why,
      notes: ['Citus carries it to no node that joins: run this again after the cluster has grown'],
    });
  });

  test('that some nodes lack is made there', () => {
    const lacking = new Map([['reporting', { missing: ['10.7.0.254:7002'], shut: [] }]]);
    expect(planned(seen({ lacking }))).toMatchObject({
      action: 'set-on-nodes',
      why: 'does not exist on 10.7.0.254:7002',
    });
  });

  test.each<[string, SeenRoles, RegExp]>([
    ['NOLOGIN', seen({ role: { mayLogIn: false } }), /\(NOLOGIN\): run ALTER ROLE "reporting" LOGIN if it/],
    [
      'NOLOGIN on one node',
      seen({ lacking: new Map([['reporting', { missing: [], shut: ['10.7.0.254:7001'] }]]) }),
      /\(NOLOGIN\) on 10\.7\.0\.254:7001/,
    ],
    ['expired', seen({ ...WRONG, role: { expired: true } }), /VALID UNTIL 'infinity'/],
    ['of this session', seen({ role: { self: true } }), /login of this session/],
    [
      'of another maker',
      seen({ ...WRONG, role: { changeable: false } }),
      /wwi_admin may not change .*GRANT "reporting" TO "wwi_admin" WITH ADMIN OPTION/,
    ],
    [
      'powerful, with another password',
      seen({ ...WRONG, role: { powers: ['REPLICATION', 'CREATEROLE'] } }),
      /has REPLICATION and CREATEROLE, and does not log in/,
    ],
  ])('that is %s is a person’s to decide about', (_, of, why) => {
    expect(planned(of)).toEqual({
      action: 'refused',
      why: expect.stringMatching(why) as string,
      notes: [],
    });
  });

  test('that may more than what is granted, or is kept out by something else, is said and stays', () => {
    expect(planned(seen({ role: { powers: ['SUPERUSER'] } }))).toEqual({
      action: 'unchanged',
      why: '',
      notes: ['it has SUPERUSER, which this leaves as it is'],
    });
    const logins = new Map([['reporting', { login: 'unopened' as const, why: 'it has no connection left' }]]);
    expect(planned(seen({ logins })).notes).toEqual(['it has no connection left']);
  });
});

test('the text has every role, what it needs, and the logins that the file does not name', () => {
  const plan = planRoles('dev', 'd', ['reporting', 'loader'], {
    ...seen({ ...WRONG, unnamed: ['ops', 'old_app'] }),
    lacking: new Map([
      ['reporting', { missing: [], shut: [] }],
      ['loader', { missing: NODES, shut: [] }],
    ]),
  });
  expect(describePlan(plan)).toBe(
    [
      'role       what          why',
      'reporting  set password  does not log in with the password of TF_VAR_role_reporting_password',
      'loader     create        does not exist',
      '',
      'ops and old_app can log in too, and the file does not name them: left alone.',
      '',
      'Plan: 2 roles to change on all 3 nodes. `roles apply` does it.',
    ].join('\n'),
  );
  expect(describeRefused(plan.roles)).toBeUndefined();
});

test('the text of a plan with a refusal says that something is to be decided, and not that nothing is to do', () => {
  const decided = (seenRoles: SeenRoles, names: readonly string[]): string[] =>
    describePlan(planRoles('dev', 'd', names, seenRoles))
      .split('\n')
      .slice(-1);
  const locked = seen({ role: { mayLogIn: false } });
  expect(decided(locked, ['reporting'])).toEqual(['Plan: 1 role to decide about first.']);
  const lacking = new Map([['loader', { missing: NODES, shut: [] }]]);
  expect(decided({ ...locked, lacking }, ['reporting', 'loader'])).toEqual([
    'Plan: 1 role to decide about first, then 1 role to change on all 3 nodes.',
  ]);
});

test('the text says what of a password cannot be seen, where there are other nodes', () => {
  const last = (nodes: readonly string[]): string | undefined =>
    describePlan(planRoles('dev', 'd', ['reporting'], { ...seen(), nodes }))
      .split('\n')
      .at(-1);
  expect(last(NODES)).toMatch(
    /^The logins were tried at the coordinator: .* cannot be seen from there\. A new/,
  );
  expect(last(NODES.slice(0, 1))).toBe('Plan: nothing to do.');
});

describe('the passwords', () => {
  test('are those of the variables that Terraform reads too', () => {
    const variables = { TF_VAR_role_reporting_password: 'Secret-1234', TF_VAR_role_other_password: 'x' };
    expect([...readPasswords(['reporting'], variables)]).toEqual([['reporting', 'Secret-1234']]);
  });

  test('that are missing or wrong are named all at once, and none is repeated', () => {
    const variables = {
      TF_VAR_role_b_password: 'short1A',
      TF_VAR_role_c_password: 'onlysmallletters',
      TF_VAR_role_d_password: 'Grüße-Grüße-1',
      TF_VAR_role_e_password: '',
    };
    const reading = (): unknown => readPasswords(['a', 'b', 'c', 'd', 'e'], variables);
    expect(reading).toThrow(
      'TF_VAR_role_a_password and TF_VAR_role_e_password are not set: each holds the password of its role; ' +
        'TF_VAR_role_b_password has 7 characters: a password has 8 to 128; ' +
        'TF_VAR_role_c_password has characters of too few kinds: a password has those of 3 out of small letters, capitals, digits, symbols; ' +
        'TF_VAR_role_d_password has characters other than the printable ones of ASCII, which clients send in different ways. Nothing was changed',
    );
    const error = ((): unknown => {
      try {
        return reading();
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      details: {
        missing: ['TF_VAR_role_a_password', 'TF_VAR_role_e_password'],
        wrong: ['TF_VAR_role_b_password', 'TF_VAR_role_c_password', 'TF_VAR_role_d_password'],
      },
    });
  });
});
