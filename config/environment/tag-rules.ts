import { z } from 'zod';
import { RESERVED_TAGS, tagViolations } from '../azure/tags';
import { reportAll, rule } from '../file/yaml';
import type { Rule } from '../file/yaml';

/** What no schema can say of the names of tags, beside those that are added. */
export const tagRule: Rule = rule(z.object({ tags: z.record(z.string(), z.unknown()) }), (read, report) => {
  const isReserved = (name: string): boolean =>
    RESERVED_TAGS.some((tag) => tag.toLowerCase() === name.toLowerCase());
  const names = Object.keys(read.tags);
  for (const name of names.filter(isReserved)) {
    report(['tags', name], 'is set for every resource and cannot be changed: remove it');
  }
  // Names alone: a value that is wrong is told by the schema.
  const all = [...RESERVED_TAGS, ...names.filter((name) => !isReserved(name))];
  reportAll(['tags'], tagViolations(Object.fromEntries(all.map((name) => [name, '']))), report);
});
