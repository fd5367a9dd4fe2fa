import { elasticServerParameters } from '../../../config/azure/server-parameters';
import { explainChange } from '../../audit/difference/meanings';
import { ELASTIC_CLUSTER, ELASTIC_CONFIGURATION } from '../../audit/stack/azurerm';
import { blocksAt } from '../../audit/stack/blocks';
import type { Json, JsonObject } from '../../audit/stack/synthesized';
import type { Verdict } from './finding';
import { nameOf } from './finding';
import { recreation } from './losses';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { changesNothing, destroys, isReplacement } from './plan-json';
import { isUnknown, shownValue, valueText } from './values';

/** Why a plan cannot leave the server in place: read from its values, whatever Terraform says of the reasons. */
interface Reason {
  readonly attribute: string;
  /** A clause that follows "because". */
  readonly why: string;
}

const KEEP = 'put the config back to what the cluster has';
const ANOTHER =
  'what the cluster cannot become is another cluster: an environment of its own, filled from this one, before this one goes by hand';

/** What a plan does to an elastic cluster. */
export function elasticVerdicts(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  if (change.type === ELASTIC_CONFIGURATION) return restarts(change, plan);
  if (change.type !== ELASTIC_CLUSTER) return [];
  if (isReplacement(change)) return [replacement(change)];
  if (destroys(change)) return [destruction(change, plan)];
  if (change.actions.join() === 'update') return updates(change);
  return recreation(change, plan, 'Azure keeps the backups of a deleted server for some days');
}

/** Never to be had with an allowance: everything that replaces it can be avoided, and all of its data goes. */
function replacement(change: ResourceChange): Verdict {
  const reasons = replacing(change);
  const because =
    reasons.length === 0
      ? ', for a reason that the plan does not tell'
      : `, because ${reasons.map(({ why }) => why).join(', and ')}`;
  return {
    guard: 'replace-cluster',
    level: 'never',
    values: [...new Set(reasons.map(({ attribute }) => attribute))].map((attribute) =>
      shownValue(change, attribute),
    ),
    why: `the cluster is destroyed with its data and its backups, and an empty one is created${because}`,
    wayOut: `${KEEP}; ${ANOTHER}`,
  };
}

function destruction(change: ResourceChange, plan: TerraformPlan): Verdict {
  const successor = plan.changes.find(
    (other) => other.type === ELASTIC_CLUSTER && other.actions.join() === 'create',
  );
  const values = [shownValue(change, 'name')];
  if (successor !== undefined) {
    return {
      guard: 'cluster-moved',
      level: 'never',
      values,
      why: `the cluster is destroyed with its data and its backups, because the config has it at another address: an empty one is created as ${successor.address}`,
      wayOut: `put the construct's id back; or keep the data with terraform state mv ${change.address} ${successor.address}`,
    };
  }
  return {
    guard: 'destroy-cluster',
    level: 'never',
    values,
    why: 'the cluster is destroyed with its data and its backups, because the config does not have it any more',
    wayOut: `put the environment back; if nobody needs the data, delete ${nameOf(change)} by hand, and plan again`,
  };
}

function updates(change: ResourceChange): readonly Verdict[] {
  const unknown = UNKNOWABLE.filter((attribute) => isUnknown(change, attribute)).map(
    (attribute): Verdict => ({
      guard: `unknown-${attribute.replaceAll('_', '-')}`,
      level: 'needs-yes',
      values: [shownValue(change, attribute)],
      why: `what ${attribute} becomes only the apply would tell, so no guard can judge it`,
      wayOut: 'write the value out in the config',
    }),
  );
  // Terraform plans these as a replacement, or not at all. A plan that has them as an update is not to be believed.
  const refused = replacing(change)
    .filter(({ attribute }) => !isUnknown(change, attribute))
    .map(({ attribute, why }): Verdict => ({
      guard: 'never-in-place',
      level: 'never',
      values: [shownValue(change, attribute)],
      why: `the service refuses to change it in place, because ${why}`,
      wayOut: `${KEEP}; ${ANOTHER}`,
    }));
  return [...unknown, ...refused, ...inPlace(change)];
}

/** Arguments that decide what becomes of the data, or who gets in. */
const UNKNOWABLE = [
  'administrator_login',
  'cluster',
  'public_network_access_enabled',
  'storage_mb',
  'version',
];

type Update = Omit<Verdict, 'values' | 'why'>;

/** What an update of one argument amounts to; undefined where it is harmless. */
const UPDATES: Readonly<Record<string, (from: Json, to: Json) => Update | undefined>> = {
  public_network_access_enabled: (_, to) =>
    to === true
      ? {
          guard: 'open-cluster',
          level: 'needs-yes',
          wayOut: 'keep network.access: private; or allow it, and list narrow ranges under network.allow',
        }
      : undefined,
  backup_retention_days: (from, to) =>
    Number(to) < Number(from)
      ? {
          guard: 'fewer-backups',
          level: 'needs-yes',
          wayOut: `keep backupRetentionDays: ${valueText(from)}; or allow it, when nobody needs the older ones`,
        }
      : undefined,
  high_availability: (from, to) =>
    isEmpty(to) && !isEmpty(from)
      ? {
          guard: 'standbys-removed',
          level: 'note',
          wayOut: 'keep highAvailability: true where an hour of downtime matters',
        }
      : undefined,
  sku_name: () => RESTART,
  storage_mb: (from, to) => (Number(to) > Number(from) ? RESTART : undefined),
};

const RESTART: Update = {
  guard: 'restart',
  level: 'note',
  wayOut: 'apply it when connections may break for minutes',
};

function inPlace(change: ResourceChange): readonly Verdict[] {
  return Object.entries(UPDATES).flatMap(([attribute, judge]): Verdict[] => {
    const [from, to] = [change.before, change.after].map((side) => side?.[attribute] ?? null);
    if (from === undefined || to === undefined || isUnknown(change, attribute)) return [];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    const verdict = judge(from, to);
    if (verdict === undefined) return [];
    const { words } = explainChange(ELASTIC_CLUSTER, attribute, from, to);
    return [{ ...verdict, values: [shownValue(change, attribute)], why: words }];
  });
}

/** Everything in the values of a plan that no server survives. */
function replacing(change: ResourceChange): readonly Reason[] {
  const { before, after } = change;
  if (before === null || after === null) return [];
  const found = [
    ...block(change),
    ...other(change, 'administrator_login', 'the login of the administrator changes', {
      before: (value) => value !== null && value !== '',
    }),
    ...other(change, 'version', 'an elastic cluster has no major upgrade, and its PostgreSQL changes'),
    ...storage(change),
    ...other(change, 'name', 'its name changes'),
    ...other(change, 'location', 'its region changes'),
    ...other(change, 'resource_group_name', 'its resource group changes'),
  ];
  const told = found.map(({ attribute }) => attribute);
  // What Terraform names beside these is not ours to explain.
  const forcing = [...new Set(change.replacePaths.map(([attribute]) => String(attribute)))];
  const more = forcing
    .filter((attribute) => !told.includes(attribute))
    .map((attribute): Reason => {
      const { before: from, after: to } = shownValue(change, attribute);
      return { attribute, why: `its ${attribute} changes from ${valueText(from)} to ${valueText(to)}` };
    });
  return [...found, ...more];
}

/** The block of the nodes, which grows and does nothing else. */
function block(change: ResourceChange): readonly Reason[] {
  if (isUnknown(change, 'cluster')) return [];
  const [from, to] = [change.before, change.after].map((side) => blocksAt(side ?? {}, 'cluster')[0]);
  const because = (why: string): readonly Reason[] => [{ attribute: 'cluster', why }];
  if (from === undefined && to === undefined) return [];
  if (from === undefined) {
    return because('a plain flexible server is to become an elastic cluster, which it never can');
  }
  if (to === undefined) {
    return because('the config says nothing of its nodes any more (the cluster block is gone)');
  }
  const [size, nextSize] = [sizeOf(from), sizeOf(to)];
  const [database, nextDatabase] = [from, to].map(({ default_database_name: name }) => name ?? null);
  return [
    ...(nextSize < size
      ? because(`nodes are only ever added, and ${String(size)} are to become ${String(nextSize)}`)
      : []),
    ...(database === nextDatabase
      ? []
      : because(
          `the database keeps the name it was created with, and ${valueText(database ?? null)} is to become ${valueText(nextDatabase ?? null)}`,
        )),
  ];
}

function storage(change: ResourceChange): readonly Reason[] {
  const [from, to] = [change.before, change.after].map((side) => Number(side?.['storage_mb'] ?? 0));
  if (from === undefined || to === undefined || to === 0 || to >= from) return [];
  const gib = (mib: number): string => `${String(mib / 1024)} GiB`;
  return [
    { attribute: 'storage_mb', why: `storage only ever grows, and ${gib(from)} are to become ${gib(to)}` },
  ];
}

function other(
  change: ResourceChange,
  attribute: string,
  what: string,
  { before = () => true }: { readonly before?: (value: Json) => boolean } = {},
): readonly Reason[] {
  const [from, to] = [change.before, change.after].map((side) => side?.[attribute] ?? null);
  if (from === undefined || to === undefined || isUnknown(change, attribute)) return [];
  if (!before(from) || from === to) return [];
  return [{ attribute, why: `${what} from ${valueText(from)} to ${valueText(to)}` }];
}

/** The provider restarts the server after a parameter that PostgreSQL reads when it starts. */
function restarts(change: ResourceChange, plan: TerraformPlan): readonly Verdict[] {
  // A server that comes or goes with it is no server that anybody is connected to.
  const comesOrGoes = plan.changes.some(
    ({ type, actions }) =>
      type === ELASTIC_CLUSTER && (actions.includes('create') || actions.includes('delete')),
  );
  if (changesNothing(change) || comesOrGoes) return [];
  const name = nameOf(change);
  if (elasticServerParameters().offered.get(name)?.restart !== true) return [];
  return [
    {
      ...RESTART,
      values: [shownValue(change, 'value')],
      why: `PostgreSQL reads ${name} when it starts, so the provider restarts every node after it ${destroys(change) ? 'went back to its default' : 'was set'}`,
    },
  ];
}

function sizeOf({ size }: JsonObject): number {
  return Number(size ?? 0);
}

/** Plans have an empty list where a block is absent. */
function isEmpty(value: Json): boolean {
  return value === null || (Array.isArray(value) && value.length === 0);
}
