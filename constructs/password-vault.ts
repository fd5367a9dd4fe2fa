import { DataAzurermClientConfig } from '@cdktf/provider-azurerm/lib/data-azurerm-client-config';
import { KeyVault } from '@cdktf/provider-azurerm/lib/key-vault';
import { KeyVaultSecret } from '@cdktf/provider-azurerm/lib/key-vault-secret';
import { MonitorDiagnosticSetting } from '@cdktf/provider-azurerm/lib/monitor-diagnostic-setting';
import { RoleAssignment } from '@cdktf/provider-azurerm/lib/role-assignment';
import type { ITerraformDependable } from 'cdktf';
import { Construct } from 'constructs';
import { z } from 'zod';
import { addressRanges } from '../config/azure/address-ranges';
import { expiry, passwordVersion, SECRET_TAGS_MOST, vaultName } from '../config/azure/key-vault';
import { location, principalId, resourceGroup, subnetId, tenantId } from '../config/azure/resource-names';
import { tagViolations } from '../config/azure/tags';
import { propProblems, requireValid } from './invalid-props';
import { passwordProblems } from './password-rules';

/** Who signs in where nothing else is said. */
const DEFAULT_LOGIN = 'citus';

/** Name of the secret in the vault, as in `citus-password`. */
function secretName(login: string): string {
  // Names of secrets have no underscores.
  return `${login.replaceAll('_', '-')}-password`;
}

/**
 * The built-in role Key Vault Secrets Officer: reads and writes secrets, and can neither change the vault nor grant
 * access to it. The id is the same in every tenant.
 */
export const SECRETS_OFFICER_ROLE = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';

/** Write-only arguments are a feature of this Terraform and later ones. */
export const WRITE_ONLY_TERRAFORM_VERSION = '1.11.0';

/** The most Azure offers. Deleted secrets, and a deleted vault, can be brought back for as long. */
const SOFT_DELETE_DAYS = 90;

export interface PasswordVaultProps {
  /** 3 to 24 letters, digits and single hyphens, a letter first, unique on all of Azure. Another name is another vault. */
  readonly vaultName: string;
  /** Azure region. Another region is another vault. */
  readonly location: string;
  readonly resourceGroupName: string;
  /**
   * Who signs in with the password, and what the secret is named after.
   *
   * @default citus
   */
  readonly login?: string;
  /** Password of the login: a reference that Terraform resolves, never the password itself. */
  readonly password: string;
  /**
   * A whole number from 1 up, to be raised whenever the password changes: Terraform keeps no copy of the password to
   * compare, so it writes the secret when this number changes and at no other time.
   */
  readonly passwordVersion: number;
  /**
   * Entra tenant whose principals may be granted access.
   *
   * @default - the tenant of whoever deploys
   */
  readonly tenantId?: string;
  /**
   * Object id of the principal that may write the secret: the one that deploys. Give it where more than one does (a
   * pipeline and a person, say), or each of them would take the role away from the other.
   *
   * @default - whoever deploys
   */
  readonly writerPrincipalId?: string;
  /**
   * Public IPv4 addresses and CIDR ranges (/24 to /30) from which the vault is reached. Whoever deploys has to be among
   * them, or in one of the subnets, or come in through a private endpoint.
   *
   * @default - none: without subnets either, the public endpoint is off
   */
  readonly allow?: readonly string[];
  /**
   * Resource ids of subnets, with the service endpoint Microsoft.KeyVault, from which the vault is reached.
   *
   * @default - none
   */
  readonly subnetIds?: readonly string[];
  /**
   * When the password is due to be changed, as in `2027-06-30T00:00:00Z`. Key Vault announces the day before it comes;
   * neither it nor the cluster refuses the password afterwards.
   *
   * @default - no date. Synthesizing reads no clock, and a date that nobody chose would be one that nobody keeps
   */
  readonly passwordExpiresUtc?: string;
  /**
   * Resource id of the Log Analytics workspace that gets the audit log: who read the password, and when.
   *
   * @default - no audit log
   */
  readonly auditWorkspaceId?: string;
  /**
   * What the secret is written after: the cluster, so that the vault never holds a password the cluster does not have
   * yet. It also gives the role assignment the minutes it needs to take effect; without them the first write may be
   * answered with 403 (ForbiddenByRbac), and the same command again succeeds.
   *
   * @default - nothing but the role assignment
   */
  readonly after?: ITerraformDependable | undefined;
  /** At most 15, which is what a secret takes. @default - no tags */
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * A Key Vault that holds the password of the administrator and lets in nobody by default: permissions by role and not by
 * access policy, the network closed but for what is listed, nothing purged before 90 days are over, by anybody.
 *
 * The password is passed as a write-only argument, so neither the state nor a plan holds it for the vault's sake (the
 * cluster's own argument is another matter). Needs Terraform 1.11 or later.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class PasswordVault extends Construct {
  /** Resource id of the vault. */
  readonly vaultId: string;
  /** Where clients of the vault connect, as in `https://NAME.vault.azure.net/`. */
  readonly vaultUri: string;
  /** Resource id of the secret, without its version: what a role assignment for readers takes as its scope. */
  readonly secretId: string;

  constructor(scope: Construct, id: string, props: PasswordVaultProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const tags = props.tags === undefined ? {} : { tags: { ...props.tags } };
    const allow = props.allow ?? [];
    const subnetIds = props.subnetIds ?? [];
    const login = props.login ?? DEFAULT_LOGIN;
    const deployer = new DataAzurermClientConfig(this, 'Deployer');

    const vault = new KeyVault(this, 'Resource', {
      name: props.vaultName,
      location: props.location,
      resourceGroupName: props.resourceGroupName,
      tenantId: props.tenantId ?? deployer.tenantId,
      skuName: 'standard',
      rbacAuthorizationEnabled: true,
      purgeProtectionEnabled: true,
      softDeleteRetentionDays: SOFT_DELETE_DAYS,
      // Subnets come in by the public endpoint too, over their service endpoint.
      publicNetworkAccessEnabled: allow.length + subnetIds.length > 0,
      networkAcls: {
        defaultAction: 'Deny',
        // Nothing of Azure's own has business here.
        bypass: 'None',
        ...(allow.length === 0 ? {} : { ipRules: [...allow] }),
        ...(subnetIds.length === 0 ? {} : { virtualNetworkSubnetIds: [...subnetIds] }),
      },
      ...tags,
    });
    const audit = this.audit(vault, props);
    const writer = new RoleAssignment(this, 'Writer', {
      scope: vault.id,
      // With the subscription, as Azure answers it: the short form would be a replacement in every plan.
      roleDefinitionId: `/subscriptions/${deployer.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${SECRETS_OFFICER_ROLE}`,
      principalId: props.writerPrincipalId ?? deployer.objectId,
      description: `Writes the password of the login ${login}.`,
    });
    const secret = new KeyVaultSecret(this, 'Password', {
      name: secretName(login),
      keyVaultId: vault.id,
      valueWo: props.password,
      valueWoVersion: props.passwordVersion,
      contentType: `password of the PostgreSQL login ${login}`,
      ...(props.passwordExpiresUtc === undefined ? {} : { expirationDate: props.passwordExpiresUtc }),
      // Audited from the first write on.
      dependsOn: [writer, ...audit, ...(props.after === undefined ? [] : [props.after])],
      ...tags,
    });

    this.node.addValidation({ validate: () => tagCountProblems(secret) });

    this.vaultId = vault.id;
    this.vaultUri = vault.vaultUri;
    this.secretId = secret.resourceVersionlessId;
  }

  private audit(vault: KeyVault, props: PasswordVaultProps): MonitorDiagnosticSetting[] {
    if (props.auditWorkspaceId === undefined) return [];
    const setting = new MonitorDiagnosticSetting(this, 'Audit', {
      name: props.vaultName,
      targetResourceId: vault.id,
      logAnalyticsWorkspaceId: props.auditWorkspaceId,
      enabledLog: [{ category: 'AuditEvent' }],
    });
    return [setting];
  }
}

function problems(props: PasswordVaultProps): string[] {
  return [
    ...passwordProblems('password', props.password, 'AdminPassword'),
    ...propProblems(props, {
      vaultName,
      location,
      resourceGroupName: resourceGroup,
      passwordVersion,
      tenantId,
      writerPrincipalId: principalId,
      allow: addressRanges,
      subnetIds: z.array(subnetId),
      passwordExpiresUtc: expiry,
      tags: tagViolations,
    }),
  ];
}

/** Judged when all tags are there, those of an aspect too. */
function tagCountProblems({ tagsInput = {} }: KeyVaultSecret): string[] {
  const count = Object.keys(tagsInput).length;
  return count > SECRET_TAGS_MOST
    ? [`the password has ${count} tags: a secret takes ${SECRET_TAGS_MOST}, so leave some out`]
    : [];
}
