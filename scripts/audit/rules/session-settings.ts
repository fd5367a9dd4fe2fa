import { environmentFile } from '../../../config/file/files';
import { ANSWERING_SETTINGS } from '../../../config/azure/answering-settings';
import type { Problem, Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdictOn } from '../rule-parts/rule';
import { numberAt, stringAt } from '../stack/attributes';
import {
  CLUSTER,
  COORDINATOR_CONFIGURATION,
  ELASTIC_CLUSTER,
  NO_CLUSTER,
  NODE_CONFIGURATION,
} from '../stack/azurerm';
import type { Block, Synthesized } from '../stack/synthesized';
import { resourcesOf } from '../stack/synthesized';

const SETTINGS = new Set(ANSWERING_SETTINGS.map((name) => name.toLowerCase()));

/** Both kinds of node, as the environment's file calls them. */
const SIDES = [
  { type: COORDINATOR_CONFIGURATION, here: 'coordinator', there: 'workers' },
  { type: NODE_CONFIGURATION, here: 'workers', there: 'coordinator' },
] as const;

/** A shard answers with the settings of its node. A cluster without workers has one kind of node. */
export const sessionSettings: Rule = {
  id: 'session-settings',
  level: 'warning',
  hardening: 'all',
  property: 'Settings that change what a query answers are the same on the coordinator and on the workers.',
  why: 'An answer changes with the place of a row.',
  remedy: 'Give both kinds of node the same value under parameters.',
  controls: ['MCSB PV-1'],
  check(stack) {
    if (resourcesOf(stack, ELASTIC_CLUSTER).length > 0) {
      return notApplicable('an elastic cluster has one list of parameters for all of its nodes');
    }
    return verdictOn(stack, CLUSTER, NO_CLUSTER, (clusters) => {
      const isSingle = clusters.every(({ body }) => {
        const workers = numberAt(body, 'node_count');
        return workers.state === 'value' && workers.value === 0;
      });
      return isSingle ? [] : differences(stack);
    });
  },
};

function differences(stack: Synthesized): Problem[] {
  return SIDES.flatMap(({ type, here, there }, index) => {
    const others = resourcesOf(stack, SIDES[1 - index]?.type ?? type);
    return resourcesOf(stack, type).flatMap((block) => {
      const name = nameOf(block);
      const value = stringAt(block.body, 'value');
      if (name === undefined || !SETTINGS.has(name.toLowerCase())) return [];
      const other = others.find((each) => nameOf(each)?.toLowerCase() === name.toLowerCase());
      const theirs = other === undefined ? undefined : stringAt(other.body, 'value');
      // A difference of values is told once; one that only an apply knows is not judged.
      const isDifferent =
        theirs === undefined ||
        (index === 0 && value.state === 'value' && theirs.state === 'value' && value.value !== theirs.value);
      if (!isDifferent) return [];
      const instead = theirs?.state === 'value' ? `'${theirs.value}'` : 'not set';
      const own = value.state === 'value' ? `'${value.value}'` : 'set';
      return [
        problemAt(
          block,
          'value',
          `${name} is ${own} for the ${here} and ${instead} for the ${there}: a shard answers with the settings of its node, so an answer that depends on it changes with the place of a row. ` +
            `Give both the same value under parameters in ${environmentFile(stack.environment)}`,
          { check: name.toLowerCase() },
        ),
      ];
    });
  });
}

function nameOf({ body }: Block): string | undefined {
  const name = stringAt(body, 'name');
  return name.state === 'value' ? name.value : undefined;
}
