import { show } from '../../config/text/text';
import { ScaleoutError } from '../lib/errors';

/** Which cluster, as its resource id says it. */
export interface ClusterId {
  /** With the capitals that the provider wants. */
  readonly id: string;
  readonly subscription: string;
  readonly resourceGroup: string;
  readonly name: string;
}

const TYPE = 'Microsoft.DBforPostgreSQL/serverGroupsv2';
const FORM = `/subscriptions/ID/resourceGroups/GROUP/providers/${TYPE}/NAME`;
const RESOURCE =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/([^/]+\/[^/]+)\/([^/]+)((?:\/[^/]+)*)$/i;

/** What the samples have in the place of a subscription: no real one has it. */
const PLACEHOLDER_SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';

/** Whether an id is that of a shipped sample, which no real cluster has. */
export function isPlaceholder({ subscription }: ClusterId): boolean {
  return subscription === PLACEHOLDER_SUBSCRIPTION;
}

/** Azure does not tell capitals from lowercase letters in ids. */
export function isSameCluster(a: ClusterId, b: ClusterId): boolean {
  return a.id.toLowerCase() === b.id.toLowerCase();
}

/**
 * Reads the resource id of a cluster as people copy it: in any capitals, with a slash at its end or a blank around it.
 *
 * @throws ScaleoutError for the id of something else, and for what is no id at all
 */
export function parseClusterId(text: string): ClusterId {
  const trimmed = text.trim().replace(/\/+$/, '');
  const [, subscription, resourceGroup, type, name, below] = RESOURCE.exec(trimmed) ?? [];
  if (subscription === undefined || resourceGroup === undefined || type === undefined || name === undefined) {
    throw wrongId(
      `${show(text)} is not the resource id of a cluster. Write ${FORM}, as the portal shows it under Properties and az resource list --resource-type ${TYPE} --query "[].id" --output tsv prints it`,
    );
  }
  const id = `/subscriptions/${subscription.toLowerCase()}/resourceGroups/${resourceGroup}/providers/${TYPE}/${name}`;
  if (type.toLowerCase() !== TYPE.toLowerCase()) {
    throw wrongId(
      `${show(text)} is the id of a resource of type ${type}, and adopt takes a cluster of Azure Cosmos DB for PostgreSQL, of type ${TYPE}. Write ${FORM}`,
    );
  }
  if (below !== undefined && below !== '') {
    throw wrongId(
      `${show(text)} is the id of a part of a cluster. Write the id of the cluster itself: ${id}`,
    );
  }
  return { id, subscription: subscription.toLowerCase(), resourceGroup, name };
}

function wrongId(message: string): ScaleoutError {
  return new ScaleoutError('adopt.wrong-id', `${message}. Nothing was read or written`);
}

/**
 * Holds an id against the subscription that Terraform works in.
 *
 * @param subscription what ARM_SUBSCRIPTION_ID says; undefined where it says nothing
 * @throws ScaleoutError where they differ
 */
export function requireSubscription(id: ClusterId, subscription: string | undefined): void {
  if (subscription === undefined || subscription.toLowerCase() === id.subscription) return;
  throw new ScaleoutError(
    'adopt.other-subscription',
    `the cluster ${id.name} is in subscription ${id.subscription}, and ARM_SUBSCRIPTION_ID names ${subscription}, in which Terraform would work. Run export ARM_SUBSCRIPTION_ID=${id.subscription}, or name a cluster of the other subscription. Nothing was read or written`,
  );
}
