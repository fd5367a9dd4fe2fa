/** What Azure accepts as the tags of a resource, and which tags a file sets. */
import { z } from 'zod';
import { text } from '../file/schema-types';
import type { Violation } from '../file/violations';
import { show } from '../text/text';

const TAGS = { most: 50, nameLongest: 512, valueLongest: 256 } as const;
const NOT_IN_TAG_NAMES = /[<>%&\\?/]/;

/** Tags that the code sets and a file therefore cannot. Azure compares tag names without regard to case. */
export const RESERVED_TAGS = ['environment', 'managedBy', 'production', 'workload'] as const;

const valueError = `text of 1 to ${TAGS.valueLongest} characters`;
const tagValue = text(valueError).max(TAGS.valueLongest, { error: valueError });

const foundValue = z.string({ error: valueError }).max(TAGS.valueLongest, { error: valueError });

/** The tags of a file; {@link tagViolations} has the rules for their names. */
export const tags = z
  .object(
    {
      owner: tagValue.describe('Who answers for it.'),
      costCentre: tagValue.describe('Who pays for it.'),
    },
    { error: 'the tags, at least owner and costCentre' },
  )
  .catchall(tagValue)
  .describe(`Tags of every resource. ${RESERVED_TAGS.join(', ')} are added and cannot be set.`);

/** The same for a cluster that may be one that was there before, with whatever tags it has. */
export const environmentTags = z
  .object(
    { owner: foundValue.exactOptional(), costCentre: foundValue.exactOptional() },
    { error: 'the tags, at least owner and costCentre' },
  )
  .catchall(foundValue)
  .describe(
    `Tags of every resource, owner and costCentre among them. ${RESERVED_TAGS.join(', ')} are added and cannot be set. While a cluster is adopted, the tags that it has, none added.`,
  );

/** What is wrong with the tags of a file that has all of them to set, beside their names. */
export function writtenTagViolations(given: Readonly<Record<string, unknown>>): Violation[] {
  return ['owner', 'costCentre', ...Object.keys(given)]
    .filter((name, index, names) => names.indexOf(name) === index)
    .flatMap((name) => {
      if (given[name] === undefined) return [{ at: [name], problem: `is missing: add ${valueError}` }];
      return given[name] === '' ? [{ at: [name], problem: `is "": it must be ${valueError}` }] : [];
    });
}

/** What Azure refuses in the tags of a resource; `at` is the tag's name. */
export function tagViolations(given: Readonly<Record<string, string>>): Violation[] {
  const entries = Object.entries(given);
  const seen = new Map<string, string>();
  const violations = entries.flatMap(([name, value]) => {
    const problem = nameProblem(name, seen.get(name.toLowerCase())) ?? valueProblem(value);
    seen.set(name.toLowerCase(), name);
    return problem === undefined ? [] : [{ at: [inPath(name)], problem }];
  });
  if (entries.length <= TAGS.most) return violations;
  const problem = `has ${entries.length} tags, and ${TAGS.most} is the most a resource can have: remove some`;
  return [{ at: [], problem }, ...violations];
}

function nameProblem(name: string, earlier: string | undefined): string | undefined {
  if (name.trim() === '' || name.length > TAGS.nameLongest || NOT_IN_TAG_NAMES.test(name)) {
    return `is no name of a tag: it has 1 to ${TAGS.nameLongest} characters and none of < > % & \\ ? /`;
  }
  if (earlier === undefined) return undefined;
  return `is ${show(earlier)} again to Azure, which does not tell capitals from lowercase letters in tag names: remove one`;
}

function valueProblem(value: string): string | undefined {
  if (value.length <= TAGS.valueLongest) return undefined;
  return `is ${show(value)}: it must be text of at most ${TAGS.valueLongest} characters`;
}

/** A tag's name where a path of names has its place for it. */
function inPath(name: string): string {
  return name.trim() === '' || name.length > 60 ? show(name) : name;
}
