import { CLUSTERS } from '../../audit/stack/azurerm';
import { RESOURCE_TYPES } from '../../audit/stack/resource-types';
import type { Json } from '../../audit/stack/synthesized';
import type { Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { destroys } from './plan-json';
import { changedAttributes, shownValue, valueText } from './values';

/** What the service alone fills in; the earliest restore point moves every day. */
const COMPUTED = ['earliest_restore_time', 'fqdn', 'id', 'private_dns_zone_id', 'servers', 'storage_tier'];

/** What somebody changed past Terraform, on the cluster or on what belongs to it, and what the plan makes of it. */
export function drifts(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  const isCluster = CLUSTERS.includes(change.type);
  const what = isCluster ? 'the cluster' : `${change.type} ${nameOf(change)}`;
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
      why: `somebody changed ${what} past Terraform: ${fate.join(', ')}`,
      wayOut: 'write into the config what is to stay; the rest goes back with this plan',
    },
  ];
}

/** Of what belongs to a cluster, only what a stack can say: the rest the service fills in. A map that is empty is not set. */
function isArgument({ type, before, after }: ResourceChange, attribute: string): boolean {
  const isKnown =
    attribute === 'tags' || (RESOURCE_TYPES.get(type)?.known ?? []).some((each) => each.split('.')[0] === attribute);
  return isKnown && !(isEmpty(before?.[attribute]) && isEmpty(after?.[attribute]));
}

function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
