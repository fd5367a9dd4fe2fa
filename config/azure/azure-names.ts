/** What Azure Resource Manager accepts as names, ids and tags, of any kind of resource. */
import type { Violation } from './service-limits';
import { show, showId } from '../text/text';

/** A region as Azure's tools write it. The provider would take "West US 2" as well, and keep another text in the state. */
export const LOCATION = /^[a-z][a-z0-9]*$/;

export const RESOURCE_GROUP = /^[\w().-]{0,89}[\w()-]$/;

/** Resource id of a cluster. The provider is strict about capitals in the parts that are fixed. */
export const CLUSTER_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.DBforPostgreSQL\/serverGroupsv2\/[^/]+$/;

const TAGS = { most: 50, nameLongest: 512, valueLongest: 256 } as const;
const NOT_IN_TAG_NAMES = /[<>%&\\?/]/;

export function locationViolations(location: string): Violation[] {
  return matches(location, LOCATION, "it is a region as Azure's tools write it, as in westus2");
}

export function resourceGroupViolations(name: string): Violation[] {
  return matches(
    name,
    RESOURCE_GROUP,
    'the name of a resource group has 1 to 90 letters, digits, _, -, ( ), and dots except at the end',
  );
}

export function clusterIdViolations(id: string): Violation[] {
  return matches(
    id,
    CLUSTER_ID,
    'pass the resource id of a cluster, with these capitals: /subscriptions/ID/resourceGroups/GROUP/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/NAME',
  );
}

/** What is wrong with the tags of a resource; `at` is the tag's name. */
export function tagViolations(tags: Readonly<Record<string, string>>): Violation[] {
  const given: unknown = tags;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return [
      { at: [], problem: `is ${show(given)}: pass names and values, as in { owner: "data-platform" }` },
    ];
  }
  const names = Object.keys(tags);
  const violations: Violation[] = [];
  if (names.length > TAGS.most) {
    violations.push({
      at: [],
      problem: `has ${names.length} tags, and ${TAGS.most} is the most a resource can have: remove some`,
    });
  }
  const seen = new Map<string, string>();
  for (const name of names) {
    const problem =
      tagNameProblem(name, seen.get(name.toLowerCase())) ??
      tagValueProblem((tags as Record<string, unknown>)[name]);
    if (problem !== undefined) violations.push({ at: [inPath(name)], problem });
    seen.set(name.toLowerCase(), name);
  }
  return violations;
}

function tagNameProblem(name: string, earlier: string | undefined): string | undefined {
  if (name.trim() === '' || name.length > TAGS.nameLongest || NOT_IN_TAG_NAMES.test(name)) {
    return `is no name of a tag: it has 1 to ${TAGS.nameLongest} characters and none of < > % & \\ ? /`;
  }
  if (earlier === undefined) return undefined;
  return `is ${show(earlier)} again to Azure, which does not tell capitals from small letters in tag names: remove one`;
}

function tagValueProblem(value: unknown): string | undefined {
  if (typeof value === 'string' && value.length <= TAGS.valueLongest) return undefined;
  return `is ${show(value)}: the value of a tag is text of at most ${TAGS.valueLongest} characters`;
}

function matches(value: string, pattern: RegExp, expected: string): Violation[] {
  if (typeof value === 'string' && pattern.test(value)) return [];
  return [{ at: [], problem: `is ${showId(value)}: ${expected}` }];
}

/** A tag's name where a path of names has its place for it. */
function inPath(name: string): string {
  return name.trim() === '' || name.length > 60 ? show(name) : name;
}
