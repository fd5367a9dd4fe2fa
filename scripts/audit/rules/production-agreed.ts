import { valueText } from '../rule-parts/rule';
import type { Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdict } from '../rule-parts/rule';
import { PRODUCTION_TAG } from '../stack/production';
import { isObject } from '../stack/synthesized';

export const productionAgreed: Rule = {
  id: 'production-agreed',
  level: 'error',
  property: 'All resources of a stack agree on whether it is production.',
  why: 'A bill, an alert and an auditor would each take another part of it for production.',
  remedy: 'Take away the override that gives one of them another tag.',
  controls: ['MCSB AM-1'],
  hardening: 'all',
  check(stack) {
    const said = stack.resources.flatMap((block) => {
      const { tags } = block.body;
      const value = isObject(tags) ? tags[PRODUCTION_TAG] : undefined;
      return value === undefined ? [] : [{ block, value: valueText('', value) }];
    });
    if (said.length === 0) return notApplicable('no resource of the stack says whether it is production');
    const [first] = said;
    return verdict(
      said
        .filter(({ value }) => value !== first?.value)
        .map(({ block, value }) =>
          problemAt(
            block,
            'tags',
            `the tag "production" is "${value}", and "${first?.value ?? ''}" elsewhere in the stack: give all the same`,
            { check: 'disagrees', value },
          ),
        ),
    );
  },
};
