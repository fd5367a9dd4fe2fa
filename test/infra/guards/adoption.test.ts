import type { GuardContext } from '../../../scripts/infra/guards/finding';
import { judgeFindings } from '../../../scripts/infra/guards/finding';
import { guardPlan } from '../../../scripts/infra/guards/judge';
import { parsePlan } from '../../../scripts/infra/guards/plan-json';
import { describeJudged, plannedChanges } from '../../../scripts/infra/guards/words';
import { change, CLUSTER, CLUSTER_BEFORE, context, planText } from './builders';

const ROLE = 'azurerm_cosmosdb_postgresql_role';
const RULE = 'azurerm_cosmosdb_postgresql_firewall_rule';
const LOCK = 'azurerm_management_lock';
const ID = '/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/c';
const ROLE_ID = `${ID}/roles/app`;
const RULE_ID = `${ID}/firewallRules/office`;
const NODE = { node_count: 0 };

const adopting: GuardContext = {
  ...context,
  imports: new Map([
    [`${CLUSTER}.it`, ID],
    [`${ROLE}.app`, ROLE_ID],
    [`${RULE}.office`, RULE_ID],
  ]),
};

/** The cluster as the plan of its adoption has it: imported, and otherwise as told. */
const imported = (over: object = {}): object =>
  change({
    actions: ['no-op'],
    before: CLUSTER_BEFORE,
    after: CLUSTER_BEFORE,
    importing: { id: ID },
    ...over,
  });
const role = (over: object = {}): object =>
  change({
    address: `${ROLE}.app`,
    type: ROLE,
    actions: ['no-op'],
    before: { name: 'app', password: '' },
    after: { name: 'app', password: '' },
    before_sensitive: { password: true },
    after_sensitive: { password: true },
    importing: { id: ROLE_ID },
    ...over,
  });
const rule = (from: string, to: string, over: object = {}): object => {
  const values = { name: 'office', start_ip_address: from, end_ip_address: to };
  return change({
    address: `${RULE}.office`,
    type: RULE,
    actions: ['no-op'],
    before: values,
    after: values,
    importing: { id: RULE_ID },
    ...over,
  });
};
const judged = (changes: readonly object[], known = adopting) => {
  const plan = parsePlan(planText(changes));
  return { plan, findings: guardPlan(plan, known) };
};
const ids = (changes: readonly object[], known = adopting): string[] =>
  judged(changes, known).findings.map(({ level, id }) => `${level} ${id}`);

describe('a plan that takes over a cluster', () => {
  it('may import, and that is all it says', () => {
    const { plan, findings } = judged([imported(), role(), rule('203.0.113.8', '203.0.113.15')]);
    expect(findings).toEqual([]);
    const text = describeJudged('dev', plannedChanges(plan, adopting), judgeFindings(findings, []), {
      imported: 3,
      adopting: true,
    });
    expect(text.split('\n')[0]).toBe('3 to import, nothing else: dev takes over what is there as it is.');
  });

  it('may go on where some of it is taken over already, and change outputs', () => {
    const idle = change({ actions: ['no-op'], before: CLUSTER_BEFORE, after: CLUSTER_BEFORE });
    const outputs = { output_changes: { port: { actions: ['create'] } } };
    expect(guardPlan(parsePlan(planText([idle, role()], [], outputs)), adopting)).toEqual([]);
  });

  it('calls out what is open already, and stops for none of it', () => {
    const open = judged([imported(), rule('0.0.0.0', '255.255.255.255')]).findings;
    expect(open).toMatchObject([
      {
        level: 'note',
        id: 'open-to-the-internet:office',
        why: expect.stringMatching(/the rule is there already and stays as it is$/) as string,
      },
    ]);
    expect(ids([imported(), rule('0.0.0.0', '0.0.0.0')])).toEqual(['note open-to-azure:office']);
  });

  it('may not change the cluster at the same time, and says what differs and the way out', () => {
    const scaled = imported({
      actions: ['update'],
      before: { ...CLUSTER_BEFORE, ...NODE, tags: { owner: 'a', team: 'b' } },
      after: { ...CLUSTER_BEFORE, node_count: 2, tags: { owner: 'c', team: 'b' } },
    });
    const { findings } = judged([scaled, role()]);
    expect(findings).toEqual([
      {
        id: 'change-while-adopting:c',
        guard: 'change-while-adopting',
        level: 'never',
        address: `${CLUSTER}.it`,
        constructPath: 'dev/it',
        values: [
          { attribute: 'node_count', before: 0, after: 2 },
          { attribute: 'tags', before: { owner: 'a', team: 'b' }, after: { owner: 'c', team: 'b' } },
        ],
        why: 'to take over a cluster changes nothing, and this plan changes node_count (0 in Azure, 2 in the file) and tags (owner=a in Azure, owner=c in the file)',
        wayOut:
          'write into the file what c has; change it in a second deploy, with imported: true under cluster.origin',
      },
    ]);
    expect(judgeFindings(findings, ['change-while-adopting:c']).refused).toHaveLength(1);
  });

  it('may change nothing of what an earlier deploy took over, either', () => {
    const update = change({
      before: { ...CLUSTER_BEFORE, ...NODE },
      after: { ...CLUSTER_BEFORE, node_count: 2 },
    });
    expect(ids([update, role()])).toEqual(['never change-while-adopting:c']);
  });

  it.each([
    [
      'a role that it would drop for its password',
      role({ actions: ['delete', 'create'], replace_paths: [['password']] }),
      'never change-while-adopting:app',
      /drops the role app and creates it again for its password/,
      /lifecycle\.ignore_changes/,
    ],
    [
      'a restored cluster whose origin is stated',
      imported({
        actions: ['delete', 'create'],
        after: { ...CLUSTER_BEFORE, source_resource_id: '/old', source_location: 'westus2' },
        replace_paths: [['source_resource_id'], ['source_location']],
      }),
      'never change-while-adopting:c',
      /destroys the cluster c with its data and creates another one, because of source_resource_id \(not set in Azure, \/old in the file\)/,
      /adopt stands alone under cluster\.origin/,
    ],
    [
      'a cluster in another region',
      imported({
        actions: ['create', 'delete'],
        after: { ...CLUSTER_BEFORE, location: 'eastus' },
        replace_paths: [['location']],
      }),
      'never change-while-adopting:c',
      /destroys the cluster c with its data and creates it again, because of location \(westus2 in Azure, eastus in the file\)/,
      /write into the file what c has/,
    ],
    [
      'a lock that is not there yet',
      change({
        address: `${LOCK}.keep`,
        type: LOCK,
        actions: ['create'],
        after: { name: 'keep' },
      }),
      'never change-while-adopting:keep',
      /creates keep$/,
      /leave keep out of the file until the cluster is taken over/,
    ],
    [
      'something that the state has and the file not',
      change({
        address: `${RULE}.old`,
        type: RULE,
        actions: ['delete'],
        before: { name: 'old' },
      }),
      'never change-while-adopting:old',
      /removes old: addresses are shut out/,
      /write old into the file again/,
    ],
    [
      'a password of the cluster that Terraform would set',
      imported({
        actions: ['update'],
        before: { ...CLUSTER_BEFORE, administrator_login_password: null },
        after: { ...CLUSTER_BEFORE, administrator_login_password: 'Not-to-be-told-1' },
        after_sensitive: { administrator_login_password: true },
      }),
      'never change-while-adopting:c',
      /changes administrator_login_password \(a secret\)$/,
      /second deploy/,
    ],
    [
      'something that Terraform forgets',
      change({ address: `${RULE}.old`, type: RULE, actions: ['forget'], before: { name: 'old' } }),
      'never change-while-adopting:old',
      /takes old out of the state$/,
      /write old into the file again/,
    ],
  ])('refuses %s', (_, refused, id, why, wayOut) => {
    // One of the two at least is taken over whatever the other is.
    const { findings } = judged([refused, rule('203.0.113.8', '203.0.113.15')]);
    expect(findings.map(({ level, id: own }) => `${level} ${own}`)).toEqual([id]);
    expect(findings[0]?.why).toMatch(why);
    expect(findings[0]?.wayOut).toMatch(wayOut);
    expect(JSON.stringify(findings)).not.toContain('Not-to-be-told');
  });

  it('is none where an orphan of a killed deploy is taken over', () => {
    const foreign = imported({
      actions: ['update'],
      before: { ...CLUSTER_BEFORE, ha_enabled: false },
      after: CLUSTER_BEFORE,
      importing: { id: `${ID}-other` },
    });
    expect(ids([foreign])).toEqual([]);
    expect(ids([imported({ actions: ['update'] })], context)).toEqual([]);
  });

  it('says what ends it, once nothing is left to import', () => {
    const progress = { imported: 0, adopting: true };
    expect(describeJudged('dev', [], judgeFindings([], []), progress)).toBe(
      'Nothing to do: dev is as its config says.\nWhat was there is taken over: set imported: true under cluster.origin in config/environments/dev.yaml.',
    );
  });

  it('is over once the import blocks lie idle', () => {
    const scaled = change({
      before: { ...CLUSTER_BEFORE, ...NODE },
      after: { ...CLUSTER_BEFORE, node_count: 2 },
    });
    expect(ids([scaled])).toEqual([]);
  });
});

describe('a role whose password nobody gave', () => {
  const known = { ...context, missingPasswords: new Map([[`${ROLE}.app`, 'role_app_password']]) };

  it.each([[['create']], [['delete', 'create']]])('is not created (%j)', (actions) => {
    const made = role({ actions, before: null, importing: undefined });
    expect(judged([made], known).findings[0]).toMatchObject({
      id: 'role-without-password:app',
      level: 'never',
      wayOut:
        'put its password into TF_VAR_role_app_password, from your vault, and run the same command again',
    });
  });

  it('may be there, and may go', () => {
    expect(ids([role()], known)).toEqual([]);
    expect(ids([role({ actions: ['delete'], after: null, importing: undefined })], known)).toEqual([
      'needs-yes drop-role:app',
    ]);
  });
});

describe('a cluster that is imported', () => {
  const created = change({ actions: ['create'], after: CLUSTER_BEFORE });
  const idsOf = (adopted: boolean): string[] =>
    guardPlan(parsePlan(planText([created])), { ...context, adopted }).map(
      ({ level, id }) => `${level} ${id}`,
    );

  it('is not created where the state does not hold it', () => {
    expect(idsOf(true)).toEqual([expect.stringMatching(/^never not-in-the-state:/)]);
    expect(idsOf(false)).toEqual([]);
  });
});
