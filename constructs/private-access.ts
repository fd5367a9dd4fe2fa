import { PrivateDnsZone } from '@cdktf/provider-azurerm/lib/private-dns-zone';
import { PrivateDnsZoneVirtualNetworkLink } from '@cdktf/provider-azurerm/lib/private-dns-zone-virtual-network-link';
import { PrivateEndpoint } from '@cdktf/provider-azurerm/lib/private-endpoint';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import type { Service } from '../config/azure/postgres-services';
import { DEFAULT_SERVICE, SERVICE_FACTS } from '../config/azure/postgres-services';
import { location, resourceGroup, subnetId, virtualNetworkId } from '../config/azure/resource-names';
import { tagViolations } from '../config/azure/tags';
import { propProblems, requireValid } from './invalid-props';

export interface PrivateAccessProps {
  readonly clusterId: string;
  /**
   * The service that runs the cluster.
   *
   * @default cosmosdb-postgresql
   */
  readonly service?: Service;
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

/** Reaches the cluster through a private endpoint and a private DNS zone, from inside a virtual network alone. */
export class PrivateAccess extends Construct {
  /** The endpoint, whose connection is a change of the cluster: what changes it next waits for it. */
  readonly last: ITerraformDependable;

  constructor(scope: Construct, id: string, props: PrivateAccessProps) {
    super(scope, id);
    const { clusterId, clusterName, privateDnsZone, endpointSubresource } =
      SERVICE_FACTS[props.service ?? DEFAULT_SERVICE];
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
      name: privateDnsZone,
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
      name: `${props.clusterName}-${endpointSubresource}`,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      subnetId: props.subnetId,
      privateServiceConnection: {
        name: props.clusterName,
        privateConnectionResourceId: props.clusterId,
        subresourceNames: [endpointSubresource],
        isManualConnection: false,
      },
      privateDnsZoneGroup: { name: 'default', privateDnsZoneIds: [zone.id] },
      // Before the link exists, a client inside the network would still be sent to the public address.
      dependsOn: [link, ...(props.after === undefined ? [] : [props.after])],
      ...tags,
    });
  }
}
