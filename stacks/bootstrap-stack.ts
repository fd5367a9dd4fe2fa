import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { Aspects, LocalBackend, TerraformStack } from 'cdktf';
import type { Construct } from 'constructs';
import type { BootstrapSettings } from '../config/environment/bootstrap';
import { BOOTSTRAP } from '../config/environment/bootstrap';
import { MandatoryTags } from '../constructs/mandatory-tags';
import { StateStorage } from '../constructs/state-storage';
import { localStatePath } from './local-state';
import { bootstrapTags } from './resource-tags';
import { OLDEST_TERRAFORM, terraformVersions } from './terraform-versions';

/**
 * Where the state of all environments lies: deployed once, before them. Its own state cannot lie there as well, so it
 * stays on the machine that deployed it; it holds no secret, and what it says can be imported again.
 */
export class BootstrapStack extends TerraformStack {
  constructor(scope: Construct, settings: BootstrapSettings) {
    super(scope, BOOTSTRAP);
    const { location, storageAccount, containers, allow, replication } = settings;
    this.addOverride('terraform.required_version', terraformVersions(OLDEST_TERRAFORM));
    new LocalBackend(this, { path: localStatePath(BOOTSTRAP) });
    new AzurermProvider(this, 'Provider', {
      // The account takes no keys, and Terraform need not reach its data to look after it.
      features: [{ storage: [{ dataPlaneAvailable: false }] }],
      resourceProviderRegistrations: 'none',
      storageUseAzuread: true,
    });
    Aspects.of(this).add(new MandatoryTags(bootstrapTags(settings)));

    const group = new ResourceGroup(this, 'ResourceGroup', { name: settings.resourceGroup, location });
    new StateStorage(this, 'StateStorage', {
      accountName: storageAccount,
      resourceGroupName: group.name,
      location,
      containers,
      allow,
      replication,
    });
  }
}
