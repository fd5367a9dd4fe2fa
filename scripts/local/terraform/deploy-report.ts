import { paragraph } from '../../infra/terraform';
import type { RecordedRequest } from '../azure/arm/recorder';

/** What an apply did, in resources. */
export interface AppliedChanges {
  readonly added: number;
  readonly changed: number;
  readonly destroyed: number;
  /** Taken over as they are. */
  readonly imported: number;
}

/** What the closing line of an apply says; undefined where it did not get that far. Pure. */
export function parseApplied(output: string): AppliedChanges | undefined {
  const [, imported = '0', added, changed, destroyed] =
    /Apply complete! Resources: (?:(\d+) imported, )?(\d+) added, (\d+) changed, (\d+) destroyed/.exec(
      paragraph(output),
    ) ?? [];
  if (added === undefined) return undefined;
  return {
    imported: Number(imported),
    added: Number(added),
    changed: Number(changed),
    destroyed: Number(destroyed),
  };
}

/** Whether a request was to change something, a login apart. */
export function isChange({ method, url }: RecordedRequest): boolean {
  return !/^(GET|HEAD)$/.test(method) && !url.includes('/oauth2/');
}

/** The kind and the name of the resource that a request is about, such as `serverGroupsv2/wwi-sensors-dev`. */
export function resourceOf({ url }: RecordedRequest): string {
  return url.replace(/\?.*$/, '').split('/').slice(-2).join('/');
}

/** What was sent to change a resource. */
interface SentChange {
  readonly method: string;
  readonly properties: unknown;
}

/** A scale-out as it is to be sent: one update of a resource, and what is in it. */
export interface ScaleOut {
  readonly type: 'serverGroupsv2' | 'flexibleServers';
  readonly clusterName: string;
  readonly properties: object;
}

/**
 * What is wrong with the requests of a deploy that was to scale a cluster out and do nothing else to it; undefined where
 * they were that one update. Pure.
 */
export function scaleOutFault(
  requests: readonly RecordedRequest[],
  { type, clusterName, properties }: ScaleOut,
): string | undefined {
  const path = new RegExp(`/${type}/${clusterName}(\\?|$)`, 'i');
  const sent = requests
    .filter((request) => isChange(request) && path.test(request.url) && request.status < 400)
    .map(({ method, body }): SentChange => ({ method, properties: body }));
  const wanted: SentChange = { method: 'PATCH', properties: { properties } };
  if (JSON.stringify(sent) === JSON.stringify([wanted])) return undefined;
  const shown = sent.map((each) => `${each.method} ${JSON.stringify(each.properties)}`).join(', ');
  return `scaling out was to be one update with ${JSON.stringify(properties)}, and what was sent to the cluster is ${shown === '' ? 'nothing' : shown}`;
}
