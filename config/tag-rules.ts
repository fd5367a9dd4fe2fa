import { z } from 'zod';
import { RESERVED_TAGS } from './azure-leaves';
import type { Rule } from './yaml';
import { rule } from './yaml';

/** What no schema can say of the names of tags. */
export const tagRule: Rule = rule(z.object({ tags: z.record(z.string(), z.unknown()) }), (read, report) => {
  for (const name of Object.keys(read.tags)) {
    const reserved = RESERVED_TAGS.find((tag) => tag.toLowerCase() === name.toLowerCase());
    if (reserved !== undefined) {
      report(['tags', name], `is set for every resource and cannot be changed: remove it`);
    } else if (/[<>%&\\?/]/.test(name) || name.length > 512) {
      report(['tags', name], 'is no name of a tag: it has at most 512 characters and none of < > % & \\ ? /');
    }
  }
});
