import { expectUnset } from '../rule-parts/expectations';
import type { Rule } from '../rule-parts/rule';
import { problemAt, verdictOn, valueText } from '../rule-parts/rule';
import { ROLE_ASSIGNMENT } from '../stack/azurerm';

export const roleAssignmentNames: Rule = {
  id: 'role-assignment-names',
  level: 'error',
  property: 'A role is named once, by its id or by its name, and without conditions or delegation.',
  why: 'Of an id that is harmless and a name that is not, the provider may take the name.',
  remedy: 'Keep the id.',
  controls: ['MCSB PA-7'],
  check: (stack) =>
    verdictOn(stack, ROLE_ASSIGNMENT, 'the stack assigns no role', (assignments) =>
      assignments.flatMap((assignment) => {
        const { role_definition_id: id, role_definition_name: name } = assignment.body;
        return [
          ...((id ?? null) !== null && (name ?? null) !== null
            ? [
                problemAt(
                  assignment,
                  'role_definition_name',
                  `role_definition_name is ${valueText('', name)} beside an id: keep one of the two`,
                  { check: 'both' },
                ),
              ]
            : []),
          ...expectUnset(
            assignment,
            [
              'condition',
              'condition_version',
              'delegated_managed_identity_resource_id',
              'skip_service_principal_aad_check',
            ],
            'what it gives no rule can judge. Take it away',
          ),
        ];
      }),
    ),
};
