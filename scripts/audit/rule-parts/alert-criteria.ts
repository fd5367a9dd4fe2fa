import { blocksAt } from '../stack/blocks';
import type { Block, JsonObject } from '../stack/synthesized';
import type { Problem } from './rule';
import { problemAt } from './rule';

/**
 * What is wrong with the criteria of an alert, one by one.
 *
 * @param judge says what is wrong with one; undefined where nothing is
 * @param check id of such a problem
 */
export function criteriaProblems(
  alert: Block,
  judge: (criterion: JsonObject) => string | undefined,
  check: string,
): readonly Problem[] {
  return blocksAt(alert.body, 'criteria').flatMap((criterion) => {
    const problem = judge(criterion);
    return problem === undefined ? [] : [problemAt(alert, 'criteria', problem, { check })];
  });
}
