import type { Rule } from '../rule-parts/rule';
import { problemIn, verdict } from '../rule-parts/rule';
import { section, pointer } from '../stack/synthesized';

export const noLocals: Rule = {
  id: 'no-locals',
  level: 'error',
  property: 'A stack has no locals.',
  why: 'A local gives a value a second name, under which rules would look for it in vain.',
  remedy: 'Write the value out where it is needed.',
  controls: ['MCSB PV-2'],
  check: (stack) =>
    verdict(
      Object.keys(section(stack, 'locals')).map((name) =>
        problemIn(
          stack,
          pointer('locals', name),
          'local',
          `the local ${name} names a value once more, which no rule follows: write it out where it is needed`,
        ),
      ),
    ),
};
