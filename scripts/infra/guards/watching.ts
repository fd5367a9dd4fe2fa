import {
  ACTION_GROUP,
  CLUSTERS,
  DIAGNOSTIC_SETTING,
  METRIC_ALERT,
  PRIVATE_DNS_ZONE,
  PRIVATE_DNS_ZONE_LINK,
  PRIVATE_ENDPOINT,
  WORKSPACE,
} from '../../audit/stack/azurerm';
import type { Json } from '../../audit/stack/synthesized';
import type { Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { destroys, isReplacement } from './plan-json';
import { isEmpty, kindOf } from './resource-words';
import { because, forcingValues } from './replacement';
import { changedAttributes, isUnknown, shownValue } from './values';

interface Loss {
  readonly guard: string;
  /** What follows from it, as the rest of a sentence. */
  readonly follows: string;
  readonly wayOut: string;
}

const MONITORING = 'keep it under monitoring; or allow it, once something else keeps watch';
const NETWORK = 'put its name and its subnet back; or allow it, when nobody is connected';

/** What goes with these is no data, but nobody sees or reaches the cluster without them. */
const LOSSES: Readonly<Record<string, Loss>> = {
  [DIAGNOSTIC_SETTING]: {
    guard: 'remove-logs',
    follows: 'its logs and metrics are kept no more',
    wayOut: MONITORING,
  },
  [METRIC_ALERT]: { guard: 'remove-alert', follows: 'nobody is told of it any more', wayOut: MONITORING },
  [ACTION_GROUP]: {
    guard: 'remove-receivers',
    follows: 'alerts that name it tell nobody',
    wayOut: MONITORING,
  },
  [PRIVATE_ENDPOINT]: {
    guard: 'remove-endpoint',
    follows: 'clients in its network lose their way in',
    wayOut: NETWORK,
  },
  [PRIVATE_DNS_ZONE]: {
    guard: 'remove-dns',
    follows: 'clients do not find the cluster by its name',
    wayOut: NETWORK,
  },
  [PRIVATE_DNS_ZONE_LINK]: {
    guard: 'remove-dns',
    follows: 'clients in that network do not find the cluster by its name',
    wayOut: NETWORK,
  },
};

/** What keeps watch over a cluster, or leads to it, and goes. What goes with the cluster itself goes unasked. */
export function watchLosses(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  if (change.type === WORKSPACE) return workspace(change);
  const loss = LOSSES[change.type];
  if (loss === undefined) return [];
  if (destroys(change)) {
    const clusterGoes = plan.changes.some((other) => CLUSTERS.includes(other.type) && destroys(other));
    return clusterGoes ? [] : [gone(change, loss)];
  }
  return change.actions.join() === 'update' ? (UPDATES[change.type]?.(change) ?? []) : [];
}

function gone(change: ResourceChange, { guard, follows, wayOut }: Loss): Verdict {
  const replaced = isReplacement(change);
  const values = forcingValues(change);
  const what = `the ${kindOf(change.type)} ${nameOf(change)} (${change.address})`;
  return {
    guard,
    level: 'needs-yes',
    values,
    why: replaced
      ? `${what} is removed and created anew${because(values)}: until the new one is there, ${follows}`
      : `${what} is removed: ${follows}`,
    wayOut,
  };
}

function workspace(change: ResourceChange): readonly Verdict[] {
  const wayOut =
    'put its name, its location and its construct id back; or allow it, when nobody needs the logs';
  if (destroys(change)) {
    const values = forcingValues(change);
    const does = isReplacement(change) ? `is destroyed and created anew${because(values)}` : 'is destroyed';
    return [
      {
        guard: 'destroy-workspace',
        level: 'needs-yes',
        values,
        why: `the log workspace ${nameOf(change)} (${change.address}) ${does}, with every log in it`,
        wayOut,
      },
    ];
  }
  const [from, to] = numbers(change, 'retention_in_days');
  if (from === undefined || to === undefined || to >= from) return [];
  return [
    weaker(
      change,
      'fewer-log-days',
      'retention_in_days',
      `logs that are older than ${String(to)} days are deleted`,
    ),
  ];
}

/** What an update makes of it, where that is as good as removing it. */
const UPDATES: Readonly<Record<string, (change: ResourceChange) => readonly Verdict[]>> = {
  [METRIC_ALERT]: (change) => disabled(change, 'remove-alert', 'the alert is switched off'),
  [ACTION_GROUP]: (change) => [
    ...disabled(change, 'remove-receivers', 'the action group is switched off'),
    ...lessOf(change, 'email_receiver', 'remove-receivers', 'people who were told are told no more'),
  ],
  [DIAGNOSTIC_SETTING]: (change) => [
    ...lessOf(change, 'enabled_log', 'remove-logs', 'fewer logs are kept'),
    ...lessOf(change, 'enabled_metric', 'remove-logs', 'fewer metrics are kept'),
    ...['log_analytics_workspace_id', 'storage_account_id', 'eventhub_name'].flatMap((sink) =>
      changedAttributes(change).includes(sink) && !isEmpty(change.before?.[sink])
        ? [weaker(change, 'move-logs', sink, 'logs go somewhere else from now on')]
        : [],
    ),
  ],
};

function disabled(change: ResourceChange, guard: string, why: string): readonly Verdict[] {
  if (change.before?.['enabled'] === false || change.after?.['enabled'] !== false) return [];
  return [weaker(change, guard, 'enabled', why)];
}

/** A list of blocks that loses some, or that only the apply would tell. */
function lessOf(change: ResourceChange, attribute: string, guard: string, why: string): readonly Verdict[] {
  if (isUnknown(change, attribute)) {
    return [weaker(change, guard, attribute, `what ${attribute} becomes only the apply would tell`)];
  }
  const after = new Set(items(change.after?.[attribute]));
  return items(change.before?.[attribute]).every((each) => after.has(each))
    ? []
    : [weaker(change, guard, attribute, why)];
}

function items(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).map((each) => JSON.stringify(each)) : [];
}

function weaker(change: ResourceChange, guard: string, attribute: string, why: string): Verdict {
  return {
    guard,
    level: 'needs-yes',
    values: [shownValue(change, attribute)],
    why: `of the ${kindOf(change.type)} ${nameOf(change)} (${change.address}): ${why}`,
    wayOut: MONITORING,
  };
}

function numbers(change: ResourceChange, attribute: string): readonly (number | undefined)[] {
  return [change.before, change.after].map((side) => {
    const value = side?.[attribute];
    return typeof value === 'number' ? value : undefined;
  });
}
