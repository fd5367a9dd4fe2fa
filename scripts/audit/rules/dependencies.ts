import type { Rule } from '../rule-parts/rule';
import { problemAt, verdict } from '../rule-parts/rule';
import type { Json } from '../stack/synthesized';

export const dependencies: Rule = {
  id: 'dependencies',
  level: 'error',
  property: 'What a resource waits for is there.',
  why: 'A resource that was taken away by hand leaves those behind that were to come after it.',
  remedy: 'Put it back, or take the dependency away.',
  controls: ['MCSB PV-2'],
  check: (stack) =>
    verdict(
      stack.resources.flatMap((block) => {
        const listed = block.body['depends_on'] ?? [];
        const addresses = new Set(stack.resources.map(({ address }) => address));
        const names = Array.isArray(listed) ? (listed as readonly Json[]) : [listed];
        return names
          .filter((name) => typeof name !== 'string' || !addresses.has(name))
          .map((name) =>
            problemAt(
              block,
              'depends_on',
              `depends_on names ${JSON.stringify(name)}, which the stack does not declare: put it back, or take the dependency away`,
            ),
          );
      }),
    ),
};
