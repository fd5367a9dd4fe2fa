import { CLUSTERS } from '../../audit/stack/azurerm';
import type { Verdict } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { destroys } from './plan-json';
import { changedAttributes, shownValue, valueText } from './values';

/** What the service alone fills in; the earliest restore point moves every day. */
const COMPUTED = ['earliest_restore_time', 'fqdn', 'id', 'private_dns_zone_id', 'servers', 'storage_tier'];

/** What somebody changed on the cluster past Terraform, and what the plan makes of it. */
export function drifts(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  if (!CLUSTERS.includes(change.type)) return [];
  if (destroys(change)) {
    return [
      {
        guard: 'drift',
        level: 'note',
        values: [shownValue(change, 'name')],
        why: 'somebody deleted the cluster past Terraform',
        wayOut: 'find out who, before anything is created in its place',
      },
    ];
  }
  const values = changedAttributes(change)
    .filter((attribute) => !COMPUTED.includes(attribute))
    .map((attribute) => shownValue(change, attribute));
  if (values.length === 0) return [];
  const undone = plan.changes.find(({ address }) => address === change.address);
  const fate = values.map(({ attribute, before, after }) => {
    const reverted = undone !== undefined && changedAttributes(undone).includes(attribute);
    return `${attribute} from ${valueText(before)} to ${valueText(after)} (${reverted ? 'this plan changes it again' : 'this plan leaves it'})`;
  });
  return [
    {
      guard: 'drift',
      level: 'note',
      values,
      why: `somebody changed the cluster past Terraform: ${fate.join(', ')}`,
      wayOut: 'write into the config what is to stay; the rest goes back with this plan',
    },
  ];
}
