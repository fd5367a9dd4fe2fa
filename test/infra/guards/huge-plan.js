/** Reviews a plan of 50 MB in a process of its own, and prints how long that took and the most memory it had. */
require('../../../scripts/typescript');
const { guardPlan } = require('../../../scripts/infra/guards/judge');
const { judgeFindings } = require('../../../scripts/infra/guards/finding');
const { parsePlan } = require('../../../scripts/infra/guards/plan-json');
const { describeJudged, plannedChanges } = require('../../../scripts/infra/guards/words');

const context = {
  constructPath: () => 'dev',
  imports: new Map(),
  adopted: false,
  missingPasswords: new Map(),
  statedReason: () => undefined,
};

/** As Terraform prints it: every resource once among the changes, once in the prior state; a tenth of them changes. */
function planOf(megabytes) {
  const rule = (index, end) => ({
    id: `/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/c/firewallRules/r${index}`,
    name: `r${index}`,
    cluster_id: '/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/c',
    start_ip_address: '203.0.113.8',
    end_ip_address: end,
    timeouts: { create: '30m', delete: '30m', read: '5m', update: '30m' },
    tags: {
      owner: 'sensors-platform',
      note: 'a text of some length, as people write them, with "quotes" in it',
    },
  });
  const type = 'azurerm_cosmosdb_postgresql_firewall_rule';
  const changes = [];
  const state = [];
  for (let index = 0, size = 0; size < megabytes * 1024 * 1024; index += 1) {
    const isChanged = index % 10 === 0;
    const before = rule(index, '203.0.113.9');
    const change = {
      address: `${type}.r${index}`,
      mode: 'managed',
      type,
      name: `r${index}`,
      provider_name: 'registry.terraform.io/hashicorp/azurerm',
      change: {
        actions: isChanged ? ['update'] : ['no-op'],
        before,
        after: isChanged ? rule(index, '203.0.113.15') : before,
        after_unknown: {},
        before_sensitive: { tags: {} },
        after_sensitive: { tags: {} },
      },
    };
    const kept = { address: change.address, mode: 'managed', type, name: change.name, values: before };
    changes.push(JSON.stringify(change));
    state.push(JSON.stringify(kept));
    size += changes.at(-1).length + state.at(-1).length;
  }
  return `{"format_version":"1.2","complete":true,"prior_state":{"values":{"root_module":{"resources":[${state}]}}},"resource_changes":[${changes}]}`;
}

const text = planOf(Number(process.argv[2]));
const used = process.cpuUsage();
const began = process.hrtime.bigint();
const plan = parsePlan(text);
const findings = guardPlan(plan, context);
const changes = plannedChanges(plan, context);
const words = describeJudged('dev', changes, judgeFindings(findings, []));
process.stdout.write(
  JSON.stringify({
    bytes: text.length,
    changes: changes.length,
    words: words.length,
    cpuSeconds: process.cpuUsage(used).user / 1e6 + process.cpuUsage(used).system / 1e6,
    seconds: Number(process.hrtime.bigint() - began) / 1e9,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
);
