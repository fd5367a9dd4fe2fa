import { CLUSTERS } from '../../audit/stack/azurerm';
import { PRODUCTION_TAG } from '../../audit/stack/production';
import type { Json } from '../../audit/stack/synthesized';
import { isObject } from '../../audit/stack/synthesized';
import type { Verdict } from './finding';
import type { ResourceChange } from './plan-json';
import { shownValue } from './values';

/** A cluster that was production and is none afterwards: what rules and people ask of it changes by one word. */
export function leavesProduction(change: ResourceChange): readonly Verdict[] {
  if (!CLUSTERS.includes(change.type) || change.before === null || change.after === null) return [];
  if (said(change.before['tags']) !== 'true' || said(change.after['tags']) === 'true') return [];
  return [
    {
      guard: 'leave-production',
      level: 'needs-yes',
      values: [shownValue(change, 'tags')],
      why: 'the cluster is production, and this plan says that it is none any more: the audit then asks for no standby, no lock and no protection',
      wayOut: 'put production back to true; or allow it, once nobody rests on the cluster',
    },
  ];
}

function said(tags: Json | undefined): Json | undefined {
  return isObject(tags) ? tags[PRODUCTION_TAG] : undefined;
}
