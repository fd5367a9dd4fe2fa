import fc from 'fast-check';
import { judgeFindings, describeIdle } from '../../../scripts/infra/guards/finding';
import { guardPlan } from '../../../scripts/infra/guards/judge';
import { parsePlan } from '../../../scripts/infra/guards/plan-json';
import { describeJudged, plannedChanges } from '../../../scripts/infra/guards/words';
import { change, CLUSTER, CLUSTER_BEFORE, context, findings, planText } from './builders';
import { cases } from '../../support/properties';

describe('parsePlan', () => {
  it.each([
    ['no JSON', '{', /it is not JSON/],
    ['no version', '{}', /it names no format_version/],
    [
      'another major version',
      '{"format_version":"2.0"}',
      /its format_version is 2\.0, and the guards know 1\.x/,
    ],
    [
      'a shape that is none',
      '{"format_version":"1.2","resource_changes":[{"address":1}]}',
      /resource_changes\.0\.address is not what/,
    ],
    [
      'an action nobody knows',
      planText([change({ actions: ['explode'] })]),
      /resource_changes\.0\.change\.actions\.0 is not what/,
    ],
    ['a plan that failed', planText([], [], { errored: true }), /the plan of a run that failed/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parsePlan(text)).toThrow(message);
    expect(() => parsePlan(text)).toThrow(/^the plan cannot be judged, so nothing is applied: /);
  });

  it('refuses a plan with two readings, and does not repeat them', () => {
    const text = planText([change({ before: { password: 'Secret-7' } })]).replace(
      '"before":',
      '"before":{"password":"Secret-8"},"before":',
    );
    expect(() => parsePlan(text)).toThrow(/it has the key resource_changes\[0\]\.change\.before twice$/);
    expect(() => parsePlan(text)).toThrow(/^(?!.*Secret-)/s);
  });

  it.each([
    ['of a target', { complete: false }, /does not do all that the config asks for/],
    [
      'with deferred changes',
      { complete: false, deferred_changes: [{ reason: 'x', resource_change: { address: 'a.b' } }] },
      /it leaves a\.b for a later one/,
    ],
  ])('refuses a plan %s', (_, extra, message: RegExp) => {
    const parse = (): unknown => parsePlan(planText([], [], extra));
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'infra.plan-incomplete', exitCode: 3 }) as Error);
    expect(parsePlan(planText([], [], { complete: true, deferred_changes: [] })).changes).toEqual([]);
  });

  it('leaves alone what is new, and what nothing happens to', () => {
    const text = planText([change({ actions: ['no-op'] }), change({ actions: ['create'] })], [], {
      format_version: '1.9',
      novelty: true,
      output_changes: { a: { actions: ['update'] }, b: { actions: ['no-op'] } },
    });
    const plan = parsePlan(text);
    expect(plan.changes.map(({ actions }) => actions)).toEqual([['create']]);
    expect(plan.unchanged).toHaveLength(1);
    expect(plan.outputs).toEqual(['a']);
  });

  it('says nothing of the values of a plan it cannot read', () => {
    const text = planText([change({ before: { password: 'Secret-7' }, replace_paths: 'Secret-7' as never })]);
    expect(() => parsePlan(text)).toThrow(/^(?!.*Secret-7)/s);
  });
});

describe('judgeFindings', () => {
  const found = findings([
    change({
      before: CLUSTER_BEFORE,
      after: { ...CLUSTER_BEFORE, node_count: 0, sql_version: '16', ha_enabled: false },
    }),
  ]);
  it('allows by the whole id, and never what is never', () => {
    const judged = judgeFindings(found, [
      'postgres-upgrade:c',
      'back-to-one-node:c',
      'postgres-upgrade',
      'postgres-upgrade:d',
    ]);
    expect(judged.allowed).toEqual(['postgres-upgrade:c']);
    expect(judged.refused.map(({ id }) => id)).toEqual(['back-to-one-node:c']);
    expect(judged.idle.map((id) => describeIdle(id, judged))).toEqual([
      'back-to-one-node:c cannot be allowed',
      'nothing in this plan is called postgres-upgrade (did you mean "postgres-upgrade:c"?)',
      'nothing in this plan is called postgres-upgrade:d (did you mean "postgres-upgrade:c"?)',
    ]);
  });
  it('refuses all but notes where nothing is allowed', () => {
    expect(judgeFindings(found, []).refused.map(({ id }) => id)).toEqual([
      'back-to-one-node:c',
      'postgres-upgrade:c',
    ]);
  });
});

describe('secrets', () => {
  const everything = (text: string): string => {
    const plan = parsePlan(text);
    const found = guardPlan(plan, context);
    const changes = plannedChanges(plan, context);
    return JSON.stringify({ found, changes }) + describeJudged('dev', changes, judgeFindings(found, []));
  };

  it('never come out of what Terraform marks as sensitive, wherever it is', () => {
    const secret = fc.stringMatching(/^S3cret-[a-z0-9]{12}$/);
    fc.assert(
      fc.property(
        secret,
        secret,
        fc.constantFrom('tags', 'sql_version', 'node_count', 'note', 'name', 'location'),
        (a, b, attribute) => {
          for (const [before, after, mask] of [
            [a, b, true],
            [{ x: [a] }, { x: [b] }, { x: [true] }],
          ] as const) {
            const text = planText([
              change({
                before: { ...CLUSTER_BEFORE, [attribute]: before },
                after: { ...CLUSTER_BEFORE, [attribute]: after },
                before_sensitive: { [attribute]: mask },
                after_sensitive: { [attribute]: mask },
              }),
            ]);
            expect(everything(text)).not.toMatch(/S3cret/);
          }
        },
      ),
      cases(),
    );
  });

  it('never come out of what its name calls one, or of a changed sensitivity', () => {
    const text = planText([
      change({
        before: {
          ...CLUSTER_BEFORE,
          administrator_login_password: 'S3cret-a',
          url: 'postgres://u:S3cret-c@h/d',
        },
        after: {
          ...CLUSTER_BEFORE,
          administrator_login_password: 'S3cret-b',
          url: 'postgres://u:S3cret-d@h/d',
        },
      }),
      change({
        type: 'azurerm_cosmosdb_postgresql_role',
        actions: ['delete', 'create'],
        before: { name: 'app', password: 'S3cret-a' },
        after: { name: 'app', password: 'S3cret-b' },
        replace_paths: [['password']],
      }),
    ]);
    expect(everything(text)).not.toMatch(/S3cret/);
    expect(everything(text)).toContain('because its password changes');
  });
});

it('shows a plan in words', () => {
  const plan = parsePlan(
    planText([
      change({ before: { ...CLUSTER_BEFORE }, after: { ...CLUSTER_BEFORE, node_count: 4 } }),
      change({ type: 'azurerm_resource_group', actions: ['create'], after: { name: 'rg' } }),
      change({ address: `${CLUSTER}.gone`, actions: ['forget'], before: { name: 'f' } }),
    ]),
  );
  const changes = plannedChanges(plan, context);
  expect(describeJudged('dev', changes, judgeFindings([], []))).toBe(
    [
      'update  dev/it',
      '          workers: 2 -> 4 (nodes are added in place without downtime; no data moves until tables are distributed or rebalanced)',
      'create  dev/it',
      '          rg: created',
      'forget  dev/gone',
      '          cluster f (azurerm_cosmosdb_postgresql_cluster.gone): Terraform forgets it, and Azure keeps it',
    ].join('\n'),
  );
  expect(describeJudged('dev', [], judgeFindings([], []))).toBe('Nothing to do: dev is as its config says.');
});

it('shows of tags only those that change', () => {
  const tags = (owner: string, more: object) => ({ name: 'c', tags: { team: 'wwi', owner, ...more } });
  const plan = parsePlan(planText([change({ before: tags('a', {}), after: tags('b', { cost: '1' }) })]));
  expect(plannedChanges(plan, context)[0]?.words).toEqual([
    'tags: owner=a -> owner=b and cost=1 (a tag, changed in place)',
  ]);
});

it('says in words what lists and objects hold, and that they hold nothing', () => {
  const before = {
    name: 'c',
    tags: {},
    zones: ['1', '2'],
    maintenance_window: [{ day_of_week: 6, start_hour: 3 }],
  };
  const after = { name: 'c', tags: { owner: 'a' }, zones: [], maintenance_window: [] };
  const plan = parsePlan(planText([change({ before, after })]));
  expect(plannedChanges(plan, context)[0]?.words.map((word) => word.replace(/ \(.*/, ''))).toEqual([
    'maintenance_window: day_of_week=6 and start_hour=3 -> none',
    'tags: none -> owner=a',
    'zones: 1, 2 -> none',
  ]);
});

it('shows who gets in and who is told, before and after, and of what goes its type', () => {
  const receivers = (...mails: readonly string[]): object => ({
    name: 'ag',
    email_receiver: mails.map((email_address) => ({ name: 'm', email_address })),
    webhook_receiver: [],
  });
  const hook = (path: string): object => ({
    ...receivers('a@example.com'),
    webhook_receiver: [{ name: 'w', service_uri: `https://hooks.example.com/${path}` }],
  });
  const rule = { name: 'office', start_ip_address: '203.0.113.8', end_ip_address: '203.0.113.15' };
  const assignment = { principal_id: 'p-1', role_definition_id: '/roles/1', scope: '/vault', id: '/a' };
  const changes = [
    change({ type: 'azurerm_cosmosdb_postgresql_firewall_rule', actions: ['create'], after: rule }),
    change({
      type: 'azurerm_monitor_action_group',
      before: receivers('a@example.com'),
      after: receivers('b@example.com'),
    }),
    change({
      type: 'azurerm_monitor_action_group',
      before: receivers('a@example.com'),
      after: hook('T0/secret-path'),
    }),
    change({
      type: 'azurerm_role_assignment',
      actions: ['delete', 'create'],
      before: assignment,
      after: { ...assignment, principal_id: 'p-2', id: undefined },
      after_unknown: { id: true },
      replace_paths: [['principal_id']],
    }),
    change({
      type: 'azurerm_monitor_diagnostic_setting',
      actions: ['delete'],
      before: { name: 'wwi', target_resource_id: '/c', enabled_log: [] },
    }),
  ];
  const words = plannedChanges(parsePlan(planText(changes)), context).map((each) => each.words.join('; '));
  expect(words).toEqual([
    'office: more addresses are let in, within 5 minutes; start_ip_address: 203.0.113.8; end_ip_address: 203.0.113.15',
    'email_receiver: name=m and email_address=a@example.com -> name=m and email_address=b@example.com (changed in place)',
    expect.stringMatching(
      /^webhook_receiver: none -> name=w and service_uri=https:\/\/hooks\.example\.com\/\.\.\. \(sha256:[0-9a-f]{8}\)/,
    ),
    'azurerm_role_assignment.it: destroyed, and created anew; principal_id: p-1 -> p-2',
    'diagnostic setting wwi (azurerm_monitor_diagnostic_setting.it): destroyed; target_resource_id: /c',
  ]);
});
