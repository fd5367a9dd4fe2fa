import { problemOfSetting } from '../rule-parts/settings';
import type { Rule } from '../rule-parts/rule';
import { verdict } from '../rule-parts/rule';
import { providerBlocks } from '../rule-parts/settings';
import { blocksAt } from '../stack/blocks';
import { places } from '../stack/places';

export const providerFeatures: Rule = {
  id: 'provider-features',
  level: 'error',
  property: 'No feature of the provider is set that deletes for good or skips a check.',
  why: 'A vault that is purged with its stack cannot be brought back, and a group that is deleted takes along what others put there.',
  remedy: 'Take the feature away.',
  controls: ['MCSB BR-2', 'CIS 8.5', 'CKV_AZURE_42'],
  check: (stack) =>
    verdict(
      providerBlocks(stack).flatMap((block) =>
        [...new Set(blocksAt(block.body, 'features').flatMap((features) => places(features)))]
          .filter((place) => place !== 'storage.data_plane_available' && place !== '')
          .map((place) => ({
            ...problemOfSetting(
              stack,
              block,
              'features',
              `the provider sets features.${place}: what it deletes or skips no rule judges. Take it away`,
            ),
            check: place,
          })),
      ),
    ),
};
