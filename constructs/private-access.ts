import { PrivateDnsZone } from '@cdktf/provider-azurerm/lib/private-dns-zone';
import { PrivateDnsZoneVirtualNetworkLink } from '@cdktf/provider-azurerm/lib/private-dns-zone-virtual-network-link';
import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import {
  clusterIdViolations,
  locationViolations,
  resourceGroupViolations,
  tagViolations,
} from '../config/azure/azure-names';
import type { Violation } from '../config/azure/service-limits';
import { clusterNameViolations } from '../config/azure/service-limits';
import { SUBNET_ID } from '../config/azure/subnet-id';
import { showId } from '../config/text/text';
import { optionalProblems, propProblems, requireValid } from './invalid-props';

const VIRTUAL_NETWORK_ID =
  /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.Network\/virtualNetworks\/[^/]+$/i;

/** The service's own: names of the cluster resolve to the endpoint only in a zone of this name. */
export const PRIVATE_DNS_ZONE = 'privatelink.postgres.cosmos.azure.com';

/** The part of a cluster that clients talk to; workers have sub-resources of their own. */
export const COORDINATOR_SUBRESOURCE = 'coordinator';

export interface PrivateAccessProps {
  readonly clusterId: string;
  /** Names the endpoint, its connection and the link of the zone. */
  readonly clusterName: string;
  /** Azure region of the subnet. */
  readonly location: string;
  readonly resourceGroupName: string;
  /** Resource id of the subnet that gets the endpoint. */
  readonly subnetId: string;
  /** Resource id of the virtual network whose machines resolve the cluster's name to the endpoint. */
  readonly virtualNetworkId: string;
  /**
   * What changes the cluster before.
   *
   * @default - nothing but the cluster itself
   */
  readonly after?: ITerraformDependable | undefined;
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Reaches the coordinator through a private endpoint and a private DNS zone, from inside a virtual network alone. */
export class PrivateAccess extends Construct {
  /** The endpoint, whose connection is a change of the cluster: what changes it next waits for it. */
  readonly last: ITerraformDependable;

  constructor(scope: Construct, id: string, props: PrivateAccessProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const tags = props.tags === undefined ? {} : { tags: { ...props.tags } };

    const zone = new PrivateDnsZone(this, 'Zone', {
      name: PRIVATE_DNS_ZONE,
      resourceGroupName: props.resourceGroupName,
      ...tags,
    });
    const link = new PrivateDnsZoneVirtualNetworkLink(this, 'ZoneLink', {
      name: props.clusterName,
      resourceGroupName: props.resourceGroupName,
      privateDnsZoneName: zone.name,
      virtualNetworkId: props.virtualNetworkId,
      registrationEnabled: false,
      ...tags,
    });
    this.last = new PrivateEndpoint(this, 'Endpoint', {
      name: `${props.clusterName}-${COORDINATOR_SUBRESOURCE}`,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      subnetId: props.subnetId,
      privateServiceConnection: {
        name: props.clusterName,
        privateConnectionResourceId: props.clusterId,
        subresourceNames: [COORDINATOR_SUBRESOURCE],
        isManualConnection: false,
      },
      privateDnsZoneGroup: { name: 'default', privateDnsZoneIds: [zone.id] },
      // Before the link exists, a client inside the network would still be sent to the public address.
      dependsOn: [link, ...(props.after === undefined ? [] : [props.after])],
      ...tags,
    });
  }
}

function problems(props: PrivateAccessProps): string[] {
  const inside = (kind: string, pattern: RegExp, id: string): Violation[] =>
    typeof id === 'string' && pattern.test(id)
      ? []
      : [{ at: [], problem: `is ${showId(id)}: pass the resource id of a ${kind}, /subscriptions/ID/...` }];
  return [
    ...propProblems('clusterId', props.clusterId, clusterIdViolations),
    ...propProblems('clusterName', props.clusterName, (name) =>
      clusterNameViolations(name).map((each) => ({ ...each, at: [] })),
    ),
    ...propProblems('location', props.location, locationViolations),
    ...propProblems('resourceGroupName', props.resourceGroupName, resourceGroupViolations),
    ...propProblems('subnetId', props.subnetId, (id) => inside('subnet', SUBNET_ID, id)),
    ...propProblems('virtualNetworkId', props.virtualNetworkId, (id) =>
      inside('virtual network', VIRTUAL_NETWORK_ID, id),
    ),
    ...optionalProblems('tags', props.tags, tagViolations),
  ];
}
