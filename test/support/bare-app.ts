// The peer of the synth benchmark: the least a CDKTF app for azurerm can be, started as ours is. One stack, its
// provider, one resource.
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import { App, TerraformStack } from 'cdktf';

const app = new App();
const stack = new TerraformStack(app, 'bare');
new AzurermProvider(stack, 'Provider', { features: [{}] });
new ResourceGroup(stack, 'ResourceGroup', { name: 'rg-bare', location: 'westus2' });
app.synth();
