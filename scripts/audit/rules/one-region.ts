import { resourcesOf } from '../stack/synthesized';
import { textOf } from '../stack/attributes';
import type { Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdict } from '../rule-parts/rule';
import { STORAGE_ACCOUNT, CLUSTERS } from '../stack/azurerm';
import { isUnresolved } from '../stack/synthesized';

export const oneRegion: Rule = {
  id: 'one-region',
  level: 'error',
  property: 'What belongs to a cluster lies in its region.',
  why: 'Logs and passwords would leave the region that the data may not leave.',
  remedy: 'Set location to the region of the cluster.',
  controls: ['MCSB PV-1', 'MCSB GS-3'],
  check(stack) {
    const located = stack.resources.filter(
      ({ body }) => typeof body['location'] === 'string' && !isUnresolved(body['location']),
    );
    const home =
      located.find(({ type }) => CLUSTERS.includes(type)) ??
      located.find(({ type }) => type === STORAGE_ACCOUNT) ??
      resourcesOf(stack, ...CLUSTERS)[0];
    if (home === undefined) return notApplicable('nothing of the stack names a region');
    // A reference to the region of the group is that of the group.
    const isReferring = typeof home.body['location'] === 'string' && isUnresolved(home.body['location']);
    return verdict([
      ...resourcesOf(stack, ...CLUSTERS).flatMap((cluster) =>
        ['name', 'location']
          .filter((argument) => (cluster.body[argument] ?? null) === null)
          .map((argument) =>
            problemAt(cluster, argument, `${argument} is not set: say which cluster it is, and where`),
          ),
      ),
      ...located
        .filter(({ body }) => !isReferring && body['location'] !== home.body['location'])
        .map((block) =>
          problemAt(
            block,
            'location',
            `location is ${textOf(block.body['location'])}, and ${home.address} is in ${textOf(home.body['location'])}: what belongs to it stays in its region`,
          ),
        ),
    ]);
  },
};
