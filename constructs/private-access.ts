import { PrivateDnsZone } from '@cdktf/provider-azurerm/lib/private-dns-zone';
import { PrivateDnsZoneVirtualNetworkLink } from '@cdktf/provider-azurerm/lib/private-dns-zone-virtual-network-link';
import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import {
  clusterId,
  location,
  resourceGroup,
  subnetId,
  virtualNetworkId,
} from '../config/azure/resource-names';
import { clusterName } from '../config/azure/service-limits';
import { tagViolations } from '../config/azure/tags';
import { propProblems, requireValid } from './invalid-props';

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
    requireValid(
      this,
      propProblems(props, {
        clusterId,
        clusterName,
        location,
        resourceGroupName: resourceGroup,
        subnetId,
        virtualNetworkId,
        tags: tagViolations,
      }),
    );
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
