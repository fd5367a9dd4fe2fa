import { stringAt } from './attributes';
import { CLUSTERS } from './azurerm';
import { isAdopting } from './imports';
import type { Synthesized } from './synthesized';
import { isObject, resourcesOf } from './synthesized';

/** The tag that says whether an environment is production: `true` or `false`, from its file. */
export const PRODUCTION_TAG = 'production';

/** What a stack says of itself, in a comment, while its cluster has the tags that it had before. */
const COMMENT = '//';

/**
 * Whether the stricter half of the rules applies. Only a cluster that says `false` is none: a stack without the tag,
 * with another value in it, or with clusters that disagree, is held to the rules of production. While a stack takes over
 * a cluster, its file's word stands for the tag that is to come.
 */
export function isProduction(stack: Synthesized): boolean {
  const clusters = resourcesOf(stack, ...CLUSTERS);
  const comment = stack.document[COMMENT];
  const isToBeNone = isAdopting(stack) && isObject(comment) && comment[PRODUCTION_TAG] === false;
  const none = clusters.every(({ body }) => {
    const tags = body['tags'];
    const said = stringAt(isObject(tags) ? tags : {}, PRODUCTION_TAG);
    return said.state === 'absent' ? isToBeNone : said.state === 'value' && said.value === 'false';
  });
  return clusters.length === 0 || !none;
}
