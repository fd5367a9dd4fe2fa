import { terraformOutput } from '../../scripts/infra/cdktf-output';
import { parseDiagnostics } from '../../scripts/infra/diagnostics';
import { explainFailure } from '../../scripts/infra/failure';

it('finds Terraform’s error behind the name of the stack', () => {
  const printed = [
    'dev  ╷',
    'dev  │ Error: creating Server Group: polling failed: the Azure API returned the following error:',
    'dev  │ ',
    'dev  │ Status: "Failed"',
    'dev  │ Code: "OperationFailed"',
    'dev  │ Message: "there is no room on this machine"',
    'dev  │ ',
    'dev  │   with azurerm_cosmosdb_postgresql_cluster.Cluster,',
    'dev  │   on cdk.tf.json line 40, in resource.azurerm_cosmosdb_postgresql_cluster.Cluster:',
    'dev  ╵',
  ].join('\n');
  const { id, message } = explainFailure(terraformOutput(printed, 'dev'), {
    environment: 'dev',
    doing: 'apply',
  });
  expect(id).toBe('operation-failed');
  expect(message).toContain('there is no room on this machine');
});

it('reads what the cdktf CLI shows of a failed deploy, without the rest of its output', () => {
  const printed = [
    'dev  azurerm_cosmosdb_postgresql_firewall_rule.Firewall_office: Creation complete after 1s',
    'dev  ╷',
    '     │ Error: creating Firewall Rule (Subscription: "s"',
    '     │ Firewall Rule Name: "pipeline"): performing CreateOrUpdate: unexpected status 409 (409 Conflict) with error: Conflict: Another operation is in progress.',
    '     │ ',
    '     │   with azurerm_cosmosdb_postgresql_firewall_rule.Firewall_pipeline (Firewall/pipeline),',
    '     │   on cdk.tf.json line 153, in resource.azurerm_cosmosdb_postgresql_firewall_rule.Firewall_pipeline (Firewall/pipeline):',
    '     │  153:       }',
    '     │ ',
    '     │ creating Firewall Rule (Subscription: "s"',
    '     │ Firewall Rule Name: "pipeline"): performing CreateOrUpdate: unexpected status',
    '     │ 409 (409 Conflict) with error: Conflict: Another operation is in progress.',
    '     ╵',
    '0 Stacks deploying     1 Stack done     0 Stacks waiting',
    'Invoking Terraform CLI failed with exit code 1',
  ].join('\n');
  expect(parseDiagnostics(terraformOutput(printed, 'dev'))).toEqual([
    {
      summary:
        'creating Firewall Rule (Subscription: "s" Firewall Rule Name: "pipeline"): performing CreateOrUpdate: unexpected status 409 (409 Conflict) with error: Conflict: Another operation is in progress.',
      detail: '',
      address: 'azurerm_cosmosdb_postgresql_firewall_rule.Firewall_pipeline',
    },
  ]);
});
