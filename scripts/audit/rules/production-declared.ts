import { environmentFile, shownConfigPath } from '../../../config/file/files';
import type { Rule } from '../rule-parts/rule';
import { notApplicable, verdict } from '../rule-parts/rule';
import { isProduction } from '../stack/production';

export const productionDeclared: Rule = {
  id: 'production-declared',
  level: 'error',
  property: 'An environment leaves the rules of production only where the policy names it.',
  why: 'Whoever changes an environment would switch off the rules that judge it.',
  remedy:
    'Set production back to true, or have the owners of the policy name the environment under notProduction.',
  controls: ['MCSB PV-1', 'MCSB PV-2'],
  check(stack, { notProduction }) {
    if (notProduction === undefined)
      return notApplicable('no policy names the environments that may be something else than production');
    if (isProduction(stack) || notProduction.includes(stack.environment)) return verdict([]);
    return verdict([
      {
        constructPath: stack.environment,
        pointer: '',
        check: 'left',
        message: `${stack.environment} says that it is not production, and ${shownConfigPath('policy.yaml')} does not say so: it is held to the rules of production. Set production to true in ${environmentFile(stack.environment)}, or have the owners of the policy name it under notProduction`,
        value: 'production: false',
      },
    ]);
  },
};
