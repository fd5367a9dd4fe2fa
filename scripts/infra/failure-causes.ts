import { environmentFile } from '../../config/file/files';
import type { ErrorCode } from '../lib/error-codes';
import type { Diagnostic } from './diagnostics';
import { ELASTIC_CLUSTER } from '../audit/stack/azurerm';
import { diagnosticText } from './diagnostics';
import { stackDirectory } from './project';

/** In which step of which environment Terraform failed. */
export interface Where {
  readonly environment: string;
  readonly doing: 'init' | 'plan' | 'apply';
}

/** A failure that is known: what it is called, and what to tell a person. */
export interface Cause {
  readonly id: string;
  /** Found in a diagnostic's summary and detail, in one line. */
  readonly pattern: RegExp;
  /** Told of each diagnostic: each is another thing to correct. */
  readonly every?: true;
  /** A guard of Terraform or of Azure that says no: the exit status is that of a refusal. */
  readonly refusal?: true;
  /** @default infra.terraform-failed, or infra.terraform-refused for a refusal */
  readonly code?: ErrorCode;
  explain(found: RegExpExecArray, where: Where, diagnostic: Diagnostic): string;
}

const again = (text: string) => (): string => text;
const subject = ({ address }: Diagnostic): string => (address === undefined ? '' : ` (${address})`);
const init = ({ environment }: Where): string => `terraform -chdir=${stackDirectory(environment)} init`;
/** The last words of an answer of Azure: the code it gives and what it says. */
const ANSWER = /with error: (.+)$/;
const answer = (diagnostic: Diagnostic): string =>
  ANSWER.exec(diagnosticText({ summary: diagnostic.summary, detail: '' }))?.[1] ?? diagnosticText(diagnostic);

/**
 * Known failures of Terraform 1.9 to 1.11 and azurerm 4.55, the root of a matter before what follows from it. The texts
 * are theirs, so a pattern holds on to the words least likely to change.
 */
export const CAUSES: readonly Cause[] = [
  {
    id: 'terraform-version',
    pattern: /does not support Terraform version (\S+?)\.? /,
    explain: (found) =>
      `Terraform ${found[1] ?? ''} is not one this project runs on: install the version that .terraform-version names, or point TERRAFORM_BINARY_NAME at it`,
  },
  {
    id: 'state-locked',
    pattern: /Error acquiring the state lock/,
    explain: (_, where, diagnostic) => stateLocked(diagnosticText(diagnostic), where),
  },
  {
    id: 'stale-plan',
    pattern: /Saved plan is stale/,
    explain: (_, { environment }) =>
      `somebody else changed "${environment}" since the plan was made, so it was not applied: run the same command again, and look at the new plan`,
  },
  {
    id: 'plugin-unavailable',
    pattern: /Failed to (?:query available provider packages|install provider|resolve provider packages)/,
    explain: (_, __, diagnostic) =>
      `the azurerm plugin cannot be downloaded: ${reason(diagnosticText(diagnostic))}. Is registry.terraform.io reachable from here, through HTTPS_PROXY if need be? Without the internet, a provider mirror in the Terraform CLI configuration serves it`,
  },
  {
    id: 'plugin-changed',
    pattern:
      /doesn't match any of the checksums|does not match any of the checksums|Inconsistent dependency lock file|Required plugins are not installed/,
    explain: (_, where) =>
      `the azurerm plugin is not the one that the lock file in ${stackDirectory(where.environment)} names: remove .terraform.lock.hcl there and run ${init(where)}`,
  },
  {
    id: 'backend-changed',
    pattern: /Backend (?:configuration changed|initialization required)/,
    explain: (_, where) =>
      `the state of "${where.environment}" lies elsewhere than at the last run: ${init(where)} -migrate-state takes it there; -reconfigure does not, and everything would be created again`,
  },
  {
    id: 'missing-variable',
    pattern: /The root module input variable "(\w+)" is not set/,
    explain: (found) =>
      `nothing says what the variable "${found[1] ?? ''}" is: put it into TF_VAR_${found[1] ?? ''}, from your vault, and never into a file or an argument`,
  },
  {
    id: 'precondition',
    every: true,
    pattern: /Resource precondition failed:? (.+)$/,
    explain: (found) => (found[1] ?? '').replace(/\.$/, ''),
  },
  {
    id: 'protected',
    refusal: true,
    pattern: /Instance cannot be destroyed/,
    explain: (_, { environment }, { detail }) => protectedFrom(environment, detail),
  },
  {
    id: 'zone-fixed',
    pattern: /`zone` can only be changed when exchanged/,
    explain: (_, { environment }) =>
      `Azure keeps the zone that the cluster was created in: put cluster.preferredPrimaryZone in ${environmentFile(environment)} back, and run the same command again`,
  },
  {
    id: 'no-major-upgrade',
    refusal: true,
    pattern: /major version upgrade not supported when `cluster` is set/,
    explain: (_, { environment }) =>
      `an elastic cluster has no major upgrade, and nothing was changed: put cluster.postgresVersion in ${environmentFile(environment)} back; another major version is another cluster, filled from this one`,
  },
  {
    id: 'wrong-credentials',
    pattern:
      /AADSTS\d+|invalid_client|InvalidAuthenticationToken|ExpiredAuthenticationToken|status 401|401 Unauthorized/i,
    explain: (_, __, diagnostic) =>
      `Azure does not accept the login${/(AADSTS\d+)/.exec(diagnosticText(diagnostic))?.[1]?.replace(/^/, ' (').concat(')') ?? ''}: check ARM_TENANT_ID, ARM_CLIENT_ID and the secret or token behind them, or log in again with az login`,
  },
  {
    id: 'no-credentials',
    pattern:
      /could not (?:configure|parse) Azure ?CLI|launching Azure CLI|Please run 'az login'|could not configure \w+ Authorizer|unable to build authorizer|(?:ClientI[dD]|client ID|TenantI[dD]|tenant ID)\b.* (?:must be|was not) (?:specified|set)/,
    explain: again(
      'there is no login to Azure here: run az login, or set ARM_CLIENT_ID and ARM_TENANT_ID with workload identity (ARM_USE_OIDC=true)',
    ),
  },
  {
    id: 'no-subscription',
    pattern: /subscription ID could not be determined|`?subscription_id`? is a required provider property/,
    explain: again('nothing says which subscription: set ARM_SUBSCRIPTION_ID'),
  },
  {
    id: 'unregistered',
    pattern: /MissingSubscriptionRegistration|The subscription is not registered to use namespace '([^']+)'/,
    explain: (found) => {
      const namespace = found[1] ?? 'Microsoft.DBforPostgreSQL';
      return `the subscription does not have the resource provider ${namespace}: an administrator registers it with az provider register --namespace ${namespace}`;
    },
  },
  {
    id: 'forbidden',
    pattern: /AuthorizationFailed|LinkedAuthorizationFailed|status 403|403 Forbidden/,
    explain: (_, __, diagnostic) =>
      `the login is not allowed to do that${subject(diagnostic)}: ${answer(diagnostic)}. Grant it the roles that docs/runbook.md lists`,
  },
  {
    id: 'locked-in-azure',
    refusal: true,
    pattern:
      /ScopeLocked: The scope '([^']+)' cannot perform (\w+) operation.* are locked: '?([^',]+?)(?:'|,|\. )/,
    explain: (found) =>
      `a lock in Azure forbids to ${found[2] ?? 'change'} ${leaf(found[1])}: it is on ${leaf(found[3])}. If it is to go, take the lock off first (cluster.lockAgainstDeletion: false, and a deploy with --allow remove-lock:keep), and run the same command again`,
  },
  {
    id: 'name-taken',
    pattern:
      /(?:NameNotAvailable|NameAlreadyExists|AlreadyInUse|NameUnavailable|VaultAlreadyExists|StorageAccountAlreadyTaken)\w*: (.+)$/,
    explain: (_, { environment }, diagnostic) =>
      `somebody else has the name${subject(diagnostic)}; Azure says ${answer(diagnostic).replace(/\.$/, '')}. Choose another one in ${environmentFile(environment)}`,
  },
  {
    id: 'exists',
    pattern: /a resource with the ID "([^"]+)" already exists/i,
    explain: (found, { environment }) =>
      `${found[1] ?? 'a resource'} exists in Azure, and the state of "${environment}" does not know it. npx scaleout deploy ${environment} takes it over where it is the environment's own`,
  },
  {
    id: 'gone',
    every: true,
    pattern: /Cannot import non-existent remote object(?:.*?existing object to "([^"]+)")?/,
    explain: (found, where) => notThere(found[1], where),
  },
  {
    id: 'operation-failed',
    pattern: /polling failed: the Azure API returned the following error:.*?Message: "([^"]*)"/,
    explain: (found, _, diagnostic) =>
      `Azure accepted the change and then gave it up${subject(diagnostic)}: ${(found[1] ?? 'it says not why').replace(/\.$/, '')}. What was done before is in the state. Run the same command again; if it fails in the same way, the activity log of the resource in Azure says more`,
  },
  {
    id: 'conflict',
    code: 'infra.operation-under-way',
    pattern: /status 409|409 Conflict|AnotherOperationInProgress|OperationInProgress|ServerBusy/i,
    explain: (_, __, diagnostic) =>
      `another operation is under way in Azure${subject(diagnostic)}: ${answer(diagnostic).replace(/\.$/, '')}. Nothing is lost; wait until it has ended and run the same command again`,
  },
  {
    id: 'throttled',
    pattern: /status 429|429 Too Many|TooManyRequests|throttled/i,
    explain: again(
      'Azure answered 429, too many requests, until the provider gave up. What was done before is in the state; wait some minutes and run the same command again',
    ),
  },
  {
    id: 'quota',
    pattern: /QuotaExceeded|exceed(?:s|ing) .*quota|quota .*exceed/i,
    explain: (_, __, diagnostic) =>
      `the quota of the subscription in this region does not suffice${subject(diagnostic)}: ${answer(diagnostic).replace(/\.$/, '')}. Ask for more in the Azure portal (Quotas), and run the same command again`,
  },
  {
    id: 'subnet',
    pattern: /((?:Subnet|VirtualNetwork|PrivateEndpoint|PrivateDnsZone)\w*): ([^"]+)$/,
    explain: (found, _, diagnostic) =>
      `the network does not allow it${subject(diagnostic)}: Azure says ${found[1] ?? ''}, ${(found[2] ?? '').replace(/\.$/, '')}. Correct the subnet or network.subnetId, and run the same command again`,
  },
  {
    id: 'firewall',
    pattern: /(?:firewall ?rule|FirewallRule\w*).*?with error: (.+)$/i,
    explain: (found, _, diagnostic) =>
      `Azure refuses a firewall rule${subject(diagnostic)}: ${(found[1] ?? '').replace(/\.$/, '')}. Correct network.allow, and run the same command again`,
  },
  {
    id: 'refused-by-azure',
    pattern: /status 400 .*with error: (.+)$/,
    explain: (found, { environment }, diagnostic) =>
      `Azure refuses what ${environmentFile(environment)} asks for${subject(diagnostic)}: ${(found[1] ?? '').replace(/\.$/, '')}. Correct it there, and run the same command again`,
  },
  {
    id: 'azure-unwell',
    pattern:
      /status 5\d\d|giving up after \d+ attempt|InternalServerError|connection reset by peer|unexpected EOF|context deadline exceeded/i,
    explain: (_, __, diagnostic) =>
      `Azure did not answer as it should until the provider gave up${subject(diagnostic)}: ${shortened(answer(diagnostic))}. What was done before is in the state; run the same command again later`,
  },
  {
    id: 'unreachable',
    pattern: /no such host|connection refused|i\/o timeout|network is unreachable|TLS handshake|x509:/,
    explain: (_, __, diagnostic) =>
      `Azure cannot be reached from here: ${shortened(reason(diagnosticText(diagnostic)))}. Check the network, HTTPS_PROXY and the certificates, and run the same command again`,
  },
];

/** Terraform's own gate, which is there before the guards see a plan. */
function protectedFrom(environment: string, detail: string): string {
  const address = /Resource (\S+) has lifecycle\.prevent_destroy/.exec(detail)?.[1] ?? 'the cluster';
  const file = environmentFile(environment);
  if (address.startsWith(`${ELASTIC_CLUSTER}.`)) {
    return `${address} is protected from being destroyed, and nothing was: fewer nodes, less storage, or another database, login, name or place would replace it, so put ${file} back. What it cannot become is another cluster: an environment of its own, filled from this one`;
  }
  return `${address} is protected from being destroyed, and nothing was: a new name, place or origin would replace it, so put ${file} back; or, if its data may go, set cluster.protectFromDestroy: false in ${file}, and run the same command again`;
}

/** Who holds the lock, since when, and how to be rid of it when they are gone. */
function stateLocked(text: string, { environment }: Where): string {
  const field = (name: string): string | undefined =>
    new RegExp(`${name}: +(\\S.*?) +[A-Z]\\w+:`).exec(text)?.[1];
  const id = field('ID') ?? 'LOCK_ID';
  const created = field('Created')?.replace(/\.\d+ \+0000 UTC$/, ' UTC');
  const since = created === undefined ? '' : ` since ${created}`;
  const doing = field('Operation')
    ?.replace(/^OperationType/, '')
    .toLowerCase();
  return `the state of "${environment}" is locked by ${field('Who') ?? 'somebody'}${since}${doing === undefined ? '' : `, for terraform ${doing}`}. If that run is still going, wait for it. If it is dead, release its lock with terraform -chdir=${stackDirectory(environment)} force-unlock ${id}, and run the same command again`;
}

/** What a stack takes over has to be there. */
const KINDS: Readonly<Record<string, string>> = {
  azurerm_cosmosdb_postgresql_firewall_rule: 'the firewall rule',
  azurerm_cosmosdb_postgresql_role: 'the role',
  azurerm_cosmosdb_postgresql_coordinator_configuration: 'the parameter of the coordinator',
  azurerm_cosmosdb_postgresql_node_configuration: 'the parameter of the workers',
};

function notThere(address: string | undefined, { environment }: Where): string {
  const file = environmentFile(environment);
  const type = address?.split('.')[0] ?? '';
  if (type === 'azurerm_cosmosdb_postgresql_cluster') {
    return `the cluster that ${file} takes over is not in Azure: correct cluster.origin.adopt, or ARM_SUBSCRIPTION_ID if another subscription has it`;
  }
  const what = KINDS[type] ?? 'a resource';
  const at = address === undefined ? '' : ` (${address})`;
  return `${what} that ${file} takes over is not in Azure${at}: remove it from the file. If a deploy has taken over the cluster already, set imported: true under cluster.origin instead, and the next deploy creates it`;
}

/** The last link of a chain of errors, where the reason is. */
function reason(text: string): string {
  const plain = text.replace(/ To see which modules .*$/, '').replace(/\.$/, '');
  return shortened(plain.replace(/^.*?hashicorp\/azurerm: /, '').replace(/^Failed to [^:]+: /, ''));
}

const LONGEST = 300;

function shortened(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST - 3)}...`;
}

function leaf(id: string | undefined): string {
  return id?.split('/').at(-1) ?? 'it';
}
