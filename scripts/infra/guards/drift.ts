import { CLUSTERS } from '../../audit/stack/azurerm';
import type { Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { destroys } from './plan-json';
import { isArgument, isSame, kindOf, transitionText } from './resource-words';
import { changedAttributes, differing, shownValue } from './values';

/** What the service alone fills in; the earliest restore point moves every day. */
const COMPUTED = ['earliest_restore_time', 'fqdn', 'id', 'private_dns_zone_id', 'servers', 'storage_tier'];

/** What somebody changed past Terraform, on the cluster or on what belongs to it, and what the plan makes of it. */
export function drifts(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  const isCluster = CLUSTERS.includes(change.type);
  const what = isCluster ? 'the cluster' : `the ${kindOf(change.type)} ${nameOf(change)} (${change.address})`;
  if (destroys(change)) {
    return [
      {
        guard: 'drift',
        level: 'note',
        values: [shownValue(change, 'name')],
        why: `somebody deleted ${what} past Terraform`,
        wayOut: 'find out who, before anything is created in its place',
      },
    ];
  }
  const values = changedAttributes(change)
    .filter((attribute) => (isCluster ? !COMPUTED.includes(attribute) : isArgument(change, attribute)))
    .filter((attribute) => !isSame(change.before?.[attribute], change.after?.[attribute]))
    .map((attribute) => shownValue(change, attribute));
  if (values.length === 0) return [];
  const undone = plan.changes.find(({ address }) => address === change.address);
  const fate = values.map((value) => {
    const { attribute } = value;
    const { before, after } = differing(value);
    const reverted = undone !== undefined && changedAttributes(undone).includes(attribute);
    return `${attribute} from ${transitionText(attribute, before, after, ' to ')} (${reverted ? 'this plan changes it again' : 'this plan leaves it'})`;
  });
  return [
    {
      guard: 'drift',
      level: 'note',
      values,
      why: `somebody changed ${what} past Terraform: ${fate.join(', ')}`,
      wayOut: 'write into the config what is to stay; the rest goes back with this plan',
    },
  ];
}
