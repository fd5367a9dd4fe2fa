import { describeGap, stringAt } from '../stack/attributes';
import {
  ACTION_GROUP,
  CLUSTER,
  ELASTIC_CLUSTER,
  KEY_VAULT,
  KEY_VAULT_SECRET,
  METRIC_ALERT,
  PRIVATE_DNS_ZONE,
  PRIVATE_DNS_ZONE_LINK,
  PRIVATE_ENDPOINT,
  RESOURCE_GROUP,
  STORAGE_ACCOUNT,
  WORKSPACE,
} from '../stack/azurerm';
import { PRODUCTION_TAG } from '../stack/production';
import type { Problem, Rule } from '../rule-parts/rule';
import { notApplicable, problemAt, verdict } from '../rule-parts/rule';
import type { Block } from '../stack/synthesized';
import { isObject, pointer } from '../stack/synthesized';

/** Whose it is, what for, who keeps it, and how grave it is: what a bill and an incident ask for first. */
export const MANDATORY_TAGS = [
  'environment',
  'workload',
  'managedBy',
  'owner',
  'costCentre',
  PRODUCTION_TAG,
] as const;

/** Types that take tags; rules, roles, role assignments, locks, settings and server parameters take none. */
const TAGGED = new Set([
  RESOURCE_GROUP,
  CLUSTER,
  ELASTIC_CLUSTER,
  PRIVATE_ENDPOINT,
  PRIVATE_DNS_ZONE,
  PRIVATE_DNS_ZONE_LINK,
  KEY_VAULT,
  KEY_VAULT_SECRET,
  WORKSPACE,
  ACTION_GROUP,
  METRIC_ALERT,
  STORAGE_ACCOUNT,
]);

export const tags: Rule = {
  id: 'tags',
  level: 'error',
  hardening: 'all',
  property: `Every resource that takes tags carries ${MANDATORY_TAGS.join(', ')}, and the tags of environment and production are right.`,
  why: 'Nobody knows whose it is, what for, and who is to be called.',
  remedy: 'Write the tags into the file of the environment.',
  controls: ['MCSB AM-1'],
  check(stack) {
    const tagged = stack.resources.filter((block) => TAGGED.has(block.type));
    if (tagged.length === 0) return notApplicable('the stack holds no resource that takes tags');
    return verdict(tagged.flatMap((block) => judge(block, stack.environment)));
  },
};

function judge(block: Block, environment: string): readonly Problem[] {
  const value = block.body['tags'];
  if (!isObject(value)) {
    const gap = value === undefined || value === null ? 'are not set' : `are ${JSON.stringify(value)}`;
    return [problemAt(block, 'tags', `tags ${gap}: write out ${MANDATORY_TAGS.join(', ')}`)];
  }
  return MANDATORY_TAGS.flatMap((tag) => {
    const reading = stringAt(value, tag);
    const at = { constructPath: block.constructPath, pointer: block.pointer + pointer('tags') };
    if (reading.state !== 'value' || reading.value.trim() === '') {
      const gap = reading.state === 'value' ? 'is empty' : describeGap(reading);
      return [{ ...at, check: tag, message: `the tag "${tag}" ${gap}: give it a value` }];
    }
    if (tag === 'environment' && reading.value !== environment) {
      return [
        {
          ...at,
          check: 'environment-untrue',
          message: `the tag "environment" is "${reading.value}" in the stack of ${environment}: bills and alerts would name the wrong one`,
        },
      ];
    }
    if (tag === PRODUCTION_TAG && !['true', 'false'].includes(reading.value)) {
      return [
        {
          ...at,
          check: 'production-unclear',
          message: `the tag "production" is "${reading.value}": it is true or false, and anything else counts as production`,
        },
      ];
    }
    return [];
  });
}
