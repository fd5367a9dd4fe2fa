import { EXIT } from '../../scripts/lib/errors';
import { explainFailure, terraformFailure } from '../../scripts/infra/failure';
import { parseDiagnostics } from '../../scripts/infra/diagnostics';
import { withVariables } from '../support/environment';

/** One message of `terraform ... -json`. */
const message = (summary: string, detail = '', address?: string): string =>
  JSON.stringify({
    '@level': 'error',
    type: 'diagnostic',
    diagnostic: { severity: 'error', summary, detail, ...(address === undefined ? {} : { address }) },
  });
const CREATING =
  'creating Server Groupsv 2 (Subscription: "00000000-0000-0000-0000-000000000000"\nResource Group Name: "rg-wwi-sensors-dev"\nServer Groupsv 2 Name: "wwi-sensors-dev"): ';
const CLUSTER = 'azurerm_cosmosdb_postgresql_cluster.Cluster_EB0386A7';
const onCluster = (text: string): string => message(CREATING + text, CREATING + text, CLUSTER);
const onProvider = (text: string): string =>
  message(text, '', 'provider["registry.terraform.io/hashicorp/azurerm"]');

/** What Terraform 1.11.4 and azurerm 4.55.0 said when it was done to them; the last block is what Azure documents. */
const FAILURES: readonly (readonly [id: string, output: string, said: RegExp])[] = [
  [
    'terraform-version',
    '\nError: Unsupported Terraform Core version\n\n  on cdk.tf.json line 1, in terraform:\n   1: {"terraform":{"required_version":">= 99.0.0"}}\n\nThis configuration does not support Terraform version 1.11.4. To proceed,\neither choose another supported Terraform version or update this version\nconstraint.\n',
    /^Terraform 1\.11\.4 is not one this project runs on: install the version that \.terraform-version names/,
  ],
  [
    'plugin-unavailable',
    '\nError: Failed to query available provider packages\n\nCould not retrieve the list of available versions for provider\nhashicorp/azurerm: could not connect to registry.terraform.io: failed to\nrequest discovery document: Get\n"https://registry.terraform.io/.well-known/terraform.json": proxyconnect tcp:\ndial tcp 127.0.0.1:9: connect: connection refused\n\nTo see which modules are currently depending on hashicorp/azurerm and what\nversions are specified, run the following command:\n    terraform providers\n',
    /^the azurerm plugin cannot be downloaded: could not connect to registry\.terraform\.io: .* connection refused\. Is registry\.terraform\.io reachable/,
  ],
  [
    'plugin-changed',
    message(
      'Inconsistent dependency lock file',
      'The following dependency selections recorded in the lock file are inconsistent with the current configuration:\n  - provider registry.terraform.io/hashicorp/azurerm: required by this configuration but no version is selected',
    ),
    /remove \.terraform\.lock\.hcl there and run terraform -chdir=cdktf\.out\/stacks\/dev init$/,
  ],
  [
    'backend-changed',
    '\nError: Backend configuration changed\n\nA change in the backend configuration has been detected, which may require\nmigrating existing state.\n',
    /^the state of "dev" lies elsewhere than at the last run: .*-migrate-state takes it there/,
  ],
  [
    'missing-variable',
    message(
      'No value for required variable',
      'The root module input variable "admin_password" is not set, and has no default value. Use a -var or -var-file command line argument to provide a value for this variable.',
    ),
    /^nothing says what the variable "admin_password" is: put it into TF_VAR_admin_password, from your vault/,
  ],
  [
    'precondition',
    [
      message(
        'Resource precondition failed',
        'The password of the login citus must have 8 to 128 characters.',
      ),
      message(
        'Resource precondition failed',
        'The password of the login citus must have characters of 3 kinds.',
      ),
    ].join('\n'),
    /^The password of the login citus must have 8 to 128 characters; The password .* of 3 kinds$/,
  ],
  [
    'protected',
    message(
      'Instance cannot be destroyed',
      `Resource ${CLUSTER} has lifecycle.prevent_destroy set, but the plan calls for this resource to be destroyed.`,
    ),
    /^azurerm_cosmosdb_postgresql_cluster\.Cluster_EB0386A7 is protected from being destroyed, and nothing was: a new name, place or origin would replace it, so put config\/environments\/dev\.yaml back; or, if its data may go, set cluster\.protectFromDestroy: false .*, and run the same command again$/,
  ],
  [
    'wrong-credentials',
    onProvider(
      'building account: could not acquire access token to parse claims: clientCredentialsToken: received HTTP status 401 with response: {"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided."}',
    ),
    /^Azure does not accept the login \(AADSTS7000215\): check ARM_TENANT_ID, ARM_CLIENT_ID/,
  ],
  [
    'no-credentials',
    onProvider(
      'unable to build authorizer for Resource Manager API: could not configure AzureCli Authorizer: could not parse Azure CLI version: launching Azure CLI: exec: "az": executable file not found in $PATH',
    ),
    /^there is no login to Azure here: run az login, or set ARM_CLIENT_ID/,
  ],
  [
    'no-subscription',
    onProvider(
      'building account: unable to configure ResourceManagerAccount: subscription ID could not be determined and was not specified',
    ),
    /^nothing says which subscription: set ARM_SUBSCRIPTION_ID$/,
  ],
  [
    'name-taken',
    onCluster(
      "performing Create: unexpected status 409 (409 Conflict) with error: ServerGroupNameNotAvailable: The cluster name 'wwi-sensors-dev' is already in use: names are unique in all of Azure.",
    ),
    /^somebody else has the name \(azurerm_\S+\); Azure says ServerGroupNameNotAvailable: .*Choose another one in config\/environments\/dev\.yaml$/,
  ],
  [
    'exists',
    message(
      'a resource with the ID "/subscriptions/0/resourceGroups/rg" already exists - to be managed via Terraform this resource needs to be imported into the State.',
      '',
      'azurerm_resource_group.ResourceGroup',
    ),
    /^\/subscriptions\/0\/resourceGroups\/rg exists in Azure, and the state of "dev" does not know it/,
  ],
  [
    'conflict',
    onCluster(
      'performing Create: unexpected status 409 (409 Conflict) with error: Conflict: Another operation on this or a dependent resource is in progress.',
    ),
    /^another operation is under way in Azure \(.*\): Conflict: Another .*run the same command again$/,
  ],
  [
    'operation-failed',
    onCluster(
      'polling after Create: polling failed: the Azure API returned the following error:\n\nStatus: "OperationFailed"\nCode: ""\nMessage: "The operation failed on request."\nActivity Id: ""\n\n---\n\nAPI Response:\n\n----[start]----\n{"status":"Failed"}\n-----[end]-----\n',
    ),
    /^Azure accepted the change and then gave it up \(.*\): The operation failed on request\. What was done before/,
  ],
  [
    'state-locked',
    message(
      'Error acquiring the state lock',
      'Error message: resource temporarily unavailable\nLock Info:\n  ID:        d97919f3-e9df-8135-0ef6-858e9785d9f6\n  Path:      ../../../.scaleout/state/dev.tfstate\n  Operation: OperationTypeApply\n  Who:       ci@runner\n  Version:   1.11.4\n  Created:   2026-11-21 00:29:44.617123083 +0000 UTC\n  Info:      \n\n\nTerraform acquires a state lock to protect the state from being written',
    ),
    /locked by ci@runner since 2026-11-21 00:29:44 UTC, for terraform apply\..* force-unlock d97919f3-e9df-8135-0ef6-858e9785d9f6,/,
  ],
  [
    'azure-unwell',
    message(
      'reading resource group: unexpected status 500 (500 Internal Server Error) with error: InternalServerError: The server met an unexpected condition.',
    ),
    /^Azure did not answer as it should until the provider gave up: InternalServerError: /,
  ],
  [
    'azure-unwell',
    onProvider(
      'building account: could not acquire access token to parse claims: clientCredentialsToken: cannot request token: Post "https://login.example/oauth2/v2.0/token": POST https://login.example/oauth2/v2.0/token giving up after 5 attempt(s)',
    ),
    /giving up after 5 attempt\(s\)/,
  ],
  [
    'unreachable',
    '\nError: Failed to get existing workspaces: listing blobs: executing request: Get "https://acct.blob.example/c?comp=list": proxyconnect tcp: dial tcp 127.0.0.1:9: connect: connection refused\n',
    /^Azure cannot be reached from here: .*connection refused\. Check the network, HTTPS_PROXY/,
  ],
  [
    'stale-plan',
    message('Saved plan is stale', 'The given plan file can no longer be applied.'),
    /look at the new plan$/,
  ],

  [
    'locked-in-azure',
    message(
      "deleting Server Groupsv 2: performing Delete: unexpected status 409 (409 Conflict) with error: ScopeLocked: The scope '/subscriptions/0/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi' cannot perform delete operation because following scope(s) are locked: '/subscriptions/0/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/serverGroupsv2/wwi'. Please remove the lock and try again.",
    ),
    /^a lock in Azure forbids to delete wwi: it is on wwi\. If it is to go, take the lock off first \(.*--allow remove-lock:keep\)/,
  ],
  [
    'throttled',
    message('listing: unexpected status 429 (429 Too Many Requests) with error: TooManyRequests: try later'),
    /^Azure answered 429, too many requests, until the provider gave up/,
  ],
  [
    'forbidden',
    message(
      "creating Resource Group: unexpected status 403 (403 Forbidden) with error: AuthorizationFailed: The client 'x' does not have authorization to perform action 'Microsoft.Resources/subscriptions/resourcegroups/write'.",
    ),
    /^the login is not allowed to do that: AuthorizationFailed: /,
  ],
  [
    'unregistered',
    message(
      "unexpected status 409 (409 Conflict) with error: MissingSubscriptionRegistration: The subscription is not registered to use namespace 'Microsoft.Network'.",
    ),
    /^the subscription does not have the resource provider/,
  ],
  [
    'subnet',
    message(
      'creating Private Endpoint: unexpected status 400 (400 Bad Request) with error: SubnetNotFound: Subnet default is not found.',
    ),
    /^the network does not allow it: Azure says SubnetNotFound, Subnet default is not found\. Correct the subnet/,
  ],
  [
    'refused-by-azure',
    onCluster(
      'performing Create: unexpected status 400 (400 Bad Request) with error: BadRequest: Node count cannot be decreased from 2 to 0.',
    ),
    /^Azure refuses what config\/environments\/dev\.yaml asks for .*: BadRequest: Node count cannot be decreased from 2 to 0\. Correct it/,
  ],
];

describe('explainFailure', () => {
  it.each(FAILURES)('%s', (id, output, said) => {
    const explained = explainFailure(output, { environment: 'dev', doing: 'apply' });
    expect(explained.id).toBe(id);
    expect(explained.message).toMatch(said);
    expect(explained.message).not.toMatch(/\n|cdk\.tf\.json|\{"/);
    expect(explained.message.length).toBeLessThan(700);
    expect(explained.refusal).toBe(['protected', 'locked-in-azure'].includes(id));
  });

  it('counts the errors beside the one it explains', () => {
    const output = [
      onCluster('performing Create: unexpected status 409 (409 Conflict) with error: Conflict: busy.'),
      message('something', 'else'),
      message('and', 'another'),
    ].join('\n');
    expect(explainFailure(output, { environment: 'dev', doing: 'apply' }).message).toMatch(
      /\(2 more errors beside it\)$/,
    );
  });

  it.each([
    ['', 'terraform plan of "dev" failed: it said nothing', []],
    ['panic: out of luck', 'terraform plan of "dev" failed: panic: out of luck', []],
    [message('Odd', 'Very\nodd.', 'a.b'), 'terraform plan of "dev" failed at a.b: Odd: Very odd.', ['a.b']],
  ])('passes on what nobody foresaw: %j', (output, said, addresses) => {
    expect(explainFailure(output, { environment: 'dev', doing: 'plan' })).toEqual({
      id: 'unknown',
      message: said,
      addresses,
      others: 0,
      refusal: false,
    });
  });
});

it('ends a refusal of Terraform with the status of one', () => {
  const failure = (summary: string) =>
    terraformFailure(
      { exitCode: 1, stdout: message(summary, 'Resource a.b has lifecycle.prevent_destroy set'), stderr: '' },
      { environment: 'dev', doing: 'plan' },
    ).exitCode;
  expect(failure('Instance cannot be destroyed')).toBe(EXIT.refused);
  expect(failure('Another error')).toBe(EXIT.failed);
});

it('tells each error once, and no warning', () => {
  const output = [
    message('a', 'b'),
    message('a', 'b'),
    JSON.stringify({ type: 'diagnostic', diagnostic: { severity: 'warning', summary: 'w', detail: '' } }),
    '{"type":"version"}',
    '{ broken',
  ].join('\n');
  expect(parseDiagnostics(output)).toEqual([{ summary: 'a', detail: 'b' }]);
  const text =
    '╷\n│ Warning: old\n│ \n│ Nothing.\n╵\n╷\n│ \u001b[31mError: \u001b[0mbad\n│ \n│   with a.b,\n│   on cdk.tf.json line 1:\n│    1: {}\n│ \n│ Very bad.\n╵\n';
  expect(parseDiagnostics(text)).toEqual([{ summary: 'bad', detail: 'Very bad.', address: 'a.b' }]);
});

it('reads the errors in the log of Terraform, whatever else is in it', () => {
  const log = [
    '2026-01-07T10:00:00.000Z [WARN]  provider is slow',
    '2026-01-07T10:00:01.000Z [ERROR] vertex "azurerm_resource_group.Group[\\"a\\"]" error: a resource with the ID "/subscriptions/s/resourceGroups/rg" already exists - to be managed',
    '2026-01-07T10:00:02.000Z [ERROR] vertex "azurerm_cosmosdb_postgresql_cluster.Cluster" error: updating Server Groupsv 2 (Subscription: "s"',
    'Server Groupsv 2 Name: "wwi"): performing Update: unexpected status 409 (409 Conflict) with error: Conflict: Busy.',
    '',
  ].join('\n');
  expect(parseDiagnostics(log)).toEqual([
    {
      summary: 'a resource with the ID "/subscriptions/s/resourceGroups/rg" already exists - to be managed',
      detail: '',
      address: 'azurerm_resource_group.Group["a"]',
    },
    {
      summary:
        'updating Server Groupsv 2 (Subscription: "s" Server Groupsv 2 Name: "wwi"): performing Update: unexpected status 409 (409 Conflict) with error: Conflict: Busy.',
      detail: '',
      address: 'azurerm_cosmosdb_postgresql_cluster.Cluster',
    },
  ]);
});

describe('what is to be taken over and is not there', () => {
  const missing = (address: string): string =>
    message(
      'Cannot import non-existent remote object',
      `While attempting to import an existing object to "${address}", the provider detected that no object exists with the given id. Only pre-existing objects can be imported; check that the id is correct and that it is associated with the provider's configured region or endpoint, or use "terraform apply" to create a new remote object for this resource.`,
      address,
    );
  const explained = (...addresses: readonly string[]): string =>
    explainFailure(addresses.map(missing).join('\n'), { environment: 'dev', doing: 'plan' }).message;

  it('is named, each of it, with both ways out', () => {
    const said = explained(
      'azurerm_cosmosdb_postgresql_role.Roles_app_1',
      'azurerm_cosmosdb_postgresql_firewall_rule.Firewall_office_2',
      'azurerm_cosmosdb_postgresql_coordinator_configuration.Parameters_3',
      'azurerm_cosmosdb_postgresql_node_configuration.Parameters_4',
    );
    expect(said).toMatch(
      /^the role that config\/environments\/dev\.yaml takes over is not in Azure \(azurerm_cosmosdb_postgresql_role\.Roles_app_1\): remove it from the file\. If a deploy has taken over the cluster already, set imported: true under cluster\.origin instead/,
    );
    expect(said).toMatch(
      /; the firewall rule that .*; the parameter of the coordinator that .*; the parameter of the workers that /,
    );
  });

  it('may be the cluster itself', () => {
    expect(explained('azurerm_cosmosdb_postgresql_cluster.Cluster_EB0386A7')).toBe(
      'the cluster that config/environments/dev.yaml takes over is not in Azure: correct cluster.origin.adopt, or ARM_SUBSCRIPTION_ID if another subscription has it',
    );
  });

  it('is told with the folder that is read', async () => {
    await withVariables({ SCALEOUT_CONFIG_DIR: '/srv/settings' }, async () => {
      expect(explained('azurerm_cosmosdb_postgresql_cluster.Cluster_EB0386A7')).toMatch(
        /^the cluster that \/srv\/settings\/environments\/dev\.yaml takes over is not in Azure/,
      );
    });
  });
});
