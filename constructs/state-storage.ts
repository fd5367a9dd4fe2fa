import { StorageAccount } from '@cdktf/provider-azurerm/lib/storage-account';
import { StorageContainer } from '@cdktf/provider-azurerm/lib/storage-container';
import { Construct } from 'constructs';
import { addressRanges } from '../config/azure/address-ranges';
import { location, resourceGroup } from '../config/azure/resource-names';
import type { Replication } from '../config/azure/state-storage';
import { containers, replication, REPLICATION_DEFAULT, storageAccount } from '../config/azure/state-storage';
import { tagViolations } from '../config/azure/tags';
import { DeletionLock } from './deletion-lock';
import { propProblems, requireValid, unknownNames } from './invalid-props';

/** How long an overwritten or deleted state, or a deleted container, can be brought back. */
const SOFT_DELETE_DAYS = 30;
/** A signature outlives no working day; days.hours:minutes:seconds. */
const SIGNATURE_PERIOD = '00.12:00:00';

export interface StateStorageProps {
  /** 3 to 24 lowercase letters and digits, unique on all of Azure. Another name is another account. */
  readonly accountName: string;
  readonly resourceGroupName: string;
  /** Azure region. Another region is another account. */
  readonly location: string;
  /** Names of the containers, one or more. A name is a container's identity; its place in the list changes nothing. */
  readonly containers: readonly string[];
  /**
   * Where copies of the state are kept. To and from zones (`ZRS`, `GZRS`), Azure moves an account only in a conversion
   * of its own.
   *
   * @default GRS - the paired region has a copy too, and unlike GZRS it asks for no zones
   */
  readonly replication?: Replication;
  /**
   * Public IPv4 addresses and CIDR ranges (/24 to /30) from which the account is reached. Traffic from inside the same
   * Azure region does not arrive under a public address: it needs a private endpoint.
   *
   * @default - none: the public endpoint is off
   */
  readonly allow?: readonly string[];
  /** @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * The storage account that keeps Terraform's state, and a container to an environment. A state holds passwords in the
 * clear, so it is guarded like them: logins through Entra alone (each needs the role Storage Blob Data Contributor on a
 * container, which owning the subscription does not include), TLS 1.2, nothing public, encrypted twice. And losing it
 * means losing the way back to a database: versions, 30 days of soft delete, a CanNotDelete lock and `prevent_destroy`.
 *
 * The provider that makes it needs `storage_use_azuread`, since there are no keys, and `features.storage` with
 * `data_plane_available = false`, since it would otherwise ask after queues and web pages from wherever it runs.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class StateStorage extends Construct {
  /** Resource id of the account. */
  readonly accountId: string;
  readonly accountName: string;

  constructor(scope: Construct, id: string, props: StateStorageProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const allow = props.allow ?? [];

    const account = new StorageAccount(this, 'Resource', {
      name: props.accountName,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      accountKind: 'StorageV2',
      accountTier: 'Standard',
      accountReplicationType: props.replication ?? REPLICATION_DEFAULT,

      minTlsVersion: 'TLS1_2',
      httpsTrafficOnlyEnabled: true,
      infrastructureEncryptionEnabled: true,

      sharedAccessKeyEnabled: false,
      defaultToOauthAuthentication: true,
      localUserEnabled: false,
      sasPolicy: { expirationPeriod: SIGNATURE_PERIOD, expirationAction: 'Block' },
      allowNestedItemsToBePublic: false,
      crossTenantReplicationEnabled: false,
      allowedCopyScope: 'AAD',

      publicNetworkAccessEnabled: allow.length > 0,
      networkRules: {
        defaultAction: 'Deny',
        // Azure's own backup and monitoring, which log in like anybody else.
        bypass: ['AzureServices'],
        ...(allow.length === 0 ? {} : { ipRules: [...allow] }),
      },

      blobProperties: {
        versioningEnabled: true,
        deleteRetentionPolicy: { days: SOFT_DELETE_DAYS },
        containerDeleteRetentionPolicy: { days: SOFT_DELETE_DAYS },
      },
      ...(props.tags === undefined ? {} : { tags: { ...props.tags } }),
      lifecycle: { preventDestroy: true },
    });
    new DeletionLock(this, 'Lock', {
      resourceId: account.id,
      name: 'terraform-state',
      reason: 'Holds the state of Terraform: without it, nothing that Terraform made can be changed with it.',
      after: props.containers.map((name) => this.container(name, account.id)),
    });

    this.accountId = account.id;
    this.accountName = account.name;
  }

  private container(name: string, accountId: string): StorageContainer {
    return new StorageContainer(this, name, {
      name,
      // By id, which goes through Resource Manager: by name it would go to the account itself, from wherever Terraform
      // runs.
      storageAccountId: accountId,
      containerAccessType: 'private',
      lifecycle: { preventDestroy: true },
    });
  }
}

function problems(props: StateStorageProps): string[] {
  return [
    ...unknownNames(props.containers, (index) => `containers.${index}`),
    ...propProblems(props, {
      accountName: storageAccount,
      resourceGroupName: resourceGroup,
      location,
      containers,
      replication,
      allow: addressRanges,
      tags: tagViolations,
    }),
  ];
}
