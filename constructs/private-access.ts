import { PrivateDnsZone } from '@cdktf/provider-azurerm/lib/private-dns-zone';
import { PrivateDnsZoneVirtualNetworkLink } from '@cdktf/provider-azurerm/lib/private-dns-zone-virtual-network-link';
import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint';
import { Token } from 'cdktf';
import { Construct } from 'constructs';
import { SUBNET_ID } from '../config/subnet-id';
import { requireValid } from './invalid-props';

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
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Reaches the coordinator through a private endpoint and a private DNS zone, from inside a virtual network alone. */
export class PrivateAccess extends Construct {
  constructor(scope: Construct, id: string, props: PrivateAccessProps) {
    super(scope, id);
    const fits = Token.isUnresolved(props.subnetId) || SUBNET_ID.test(props.subnetId);
    requireValid(
      this,
      fits
        ? []
        : [`subnetId is "${props.subnetId}": pass the resource id of a subnet, /subscriptions/ID/...`],
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
    new PrivateEndpoint(this, 'Endpoint', {
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
      dependsOn: [link],
      ...tags,
    });
  }
}
