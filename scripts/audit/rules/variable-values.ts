import { environmentFile } from '../../../config/file/files';
import type { Rule } from '../rule-parts/rule';
import { notApplicable, problemIn, verdict } from '../rule-parts/rule';
import { section, isObject, pointer } from '../stack/synthesized';

export const variableValues: Rule = {
  id: 'variable-values',
  level: 'error',
  property: 'Variables hold secrets and nothing else: sensitive, and without a default.',
  why: 'What a variable holds is decided on the machine that applies, where no audit sees it.',
  remedy: 'Write the value into the file of the environment.',
  controls: ['MCSB IM-8', 'MCSB PV-2'],
  check(stack) {
    const variables = Object.entries(section(stack, 'variable'));
    if (variables.length === 0) return notApplicable('the stack has no variable');
    return verdict(
      variables
        .filter(
          ([, body]) => !isObject(body) || body['sensitive'] !== true || (body['default'] ?? null) !== null,
        )
        .map(([name]) =>
          problemIn(
            stack,
            pointer('variable', name),
            'no-secret',
            `the variable ${name} is not sensitive or has a default, and a value that is no secret belongs into ${environmentFile(stack.environment)}: write it there`,
          ),
        ),
    );
  },
};
