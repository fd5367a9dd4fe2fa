import { explainResource } from '../../audit/difference/meanings';
import { CLUSTER, ROLE } from '../../audit/stack/azurerm';
import type { GuardContext, Verdict } from './finding';
import { nameOf } from './finding';
import type { ResourceChange, TerraformPlan } from './plan-json';
import { destroys, isReplacement } from './plan-json';
import type { ShownValue } from './values';
import { changedAttributes, differing, SENSITIVE, shownValue, valueText } from './values';

/** What Azure never tells of a cluster, so that Terraform takes it for a difference. */
const ORIGIN = ['source_resource_id', 'source_location', 'point_in_time_in_utc'];

const LATER = 'with imported: true under cluster.origin';

/** True where the resource is taken over because the stack's own import blocks name it. */
export function isOwnImport({ address, importing }: ResourceChange, { imports }: GuardContext): boolean {
  return importing !== undefined && imports.get(address)?.toLowerCase() === importing.toLowerCase();
}

/** True where a plan takes over what the stack's own import blocks name: it is to do that and nothing else. */
export function isAdoption(plan: TerraformPlan, context: GuardContext): boolean {
  return plan.changes.some((change) => isOwnImport(change, context));
}

/** What a plan that takes over a cluster would change, whatever it is. */
export function changesOfAdoption(change: ResourceChange): readonly Verdict[] {
  const { does, values, wayOut } = deed(change);
  return [
    {
      guard: 'change-while-adopting',
      level: 'never',
      values,
      why: `to take over a cluster changes nothing, and this plan ${does}`,
      wayOut,
    },
  ];
}

interface Deed {
  /** What the plan does, as the rest of a sentence. */
  readonly does: string;
  readonly values: readonly ShownValue[];
  readonly wayOut: string;
}

function deed(change: ResourceChange): Deed {
  const name = nameOf(change);
  if (isReplacement(change)) return replacement(change);
  if (destroys(change)) {
    return {
      does: `removes ${name}: ${explainResource(change.type, false)}`,
      values: [],
      wayOut: `write ${name} into the file again; remove it in a second deploy, ${LATER}`,
    };
  }
  if (change.actions.includes('forget')) {
    return {
      does: `takes ${name} out of the state`,
      values: [],
      wayOut: `write ${name} into the file again; let go of it in a second deploy, ${LATER}`,
    };
  }
  if (change.actions.includes('create')) {
    return {
      does: `creates ${name}`,
      values: [],
      wayOut: `leave ${name} out of the file until the cluster is taken over; add it in a second deploy, ${LATER}`,
    };
  }
  const values = changedAttributes(change).map((attribute) => shownValue(change, attribute));
  return {
    does: values.length === 0 ? `updates ${name}` : `changes ${differences(values)}`,
    values,
    wayOut: `write into the file what ${name} has; change it in a second deploy, ${LATER}`,
  };
}

function replacement(change: ResourceChange): Deed {
  const name = nameOf(change);
  const forcing = [...new Set(change.replacePaths.map(([attribute]) => String(attribute)))];
  const values = forcing.map((attribute) => shownValue(change, attribute));
  const because = values.length === 0 ? '' : `, because of ${differences(values)}`;
  const is = (type: string, attributes: readonly string[]): boolean =>
    change.type === type && forcing.length > 0 && forcing.every((each) => attributes.includes(each));
  if (is(ROLE, ['password'])) {
    return {
      does: `drops the role ${name} and creates it again for its password, without its privileges and memberships`,
      values,
      wayOut: `Azure never tells a password: the stack has to ignore the one of the role, under lifecycle.ignore_changes`,
    };
  }
  if (is(CLUSTER, ORIGIN)) {
    return {
      does: `destroys the cluster ${name} with its data and creates another one${because}`,
      values,
      wayOut:
        'Azure never tells what a cluster was made from: adopt stands alone under cluster.origin, without pointInTime or replicaOf',
    };
  }
  const lost = change.type === CLUSTER ? `the cluster ${name} with its data` : name;
  return {
    does: `destroys ${lost} and creates it again${because}`,
    values,
    wayOut: `write into the file what ${name} has: this cannot be changed without a replacement`,
  };
}

function differences(values: readonly ShownValue[]): string {
  return values
    .map((value) => {
      const { before, after } = differing(value);
      if (before === SENSITIVE || after === SENSITIVE) return `${value.attribute} (a secret)`;
      return `${value.attribute} (${valueText(before)} in Azure, ${valueText(after)} in the file)`;
    })
    .join(' and ');
}
