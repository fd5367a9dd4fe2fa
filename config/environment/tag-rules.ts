import { z } from 'zod';
import { RESERVED_TAGS, tagViolations, writtenTagViolations } from '../azure/tags';
import { readsAdoption } from './adoption';
import { partOf } from '../file/schema-types';
import { reportAll, rule } from '../file/yaml';
import type { Rule } from '../file/yaml';

/** What no schema can say of the names of tags, beside those that are added. */
export const tagRule: Rule = rule(
  partOf({ tags: z.record(z.string(), z.unknown()), cluster: readsAdoption }),
  (read, report) => {
    if (read.cluster === 'adopting') {
      reportAll(['tags'], tagViolations(blank(Object.keys(read.tags))), report);
      return;
    }
    reportAll(['tags'], writtenTagViolations(read.tags), report);
    const isReserved = (name: string): boolean =>
      RESERVED_TAGS.some((tag) => tag.toLowerCase() === name.toLowerCase());
    const names = Object.keys(read.tags);
    for (const name of names.filter(isReserved)) {
      report(['tags', name], 'is set for every resource and cannot be changed: remove it');
    }
    // Names alone: a value that is wrong is told by the schema.
    const all = [...RESERVED_TAGS, ...names.filter((name) => !isReserved(name))];
    reportAll(['tags'], tagViolations(blank(all)), report);
  },
);

function blank(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, '']));
}
