import { ISSUES } from '../../config/file/config-error';

/** What a program may rely on in an error, and what a person looks up. */
interface ErrorEntry {
  /** What happened, as a sentence. */
  readonly meaning: string;
  /** What to do about it, as a sentence. */
  readonly hint: string;
}

/**
 * Every error that a user can meet, by its code. A code keeps its meaning through all versions; wording may change. docs/errors.md is
 * generated from this (`npm run schemas`).
 */
export const ERRORS = {
  'input.usage': {
    meaning: 'The command line has an unknown verb or flag, or a flag lacks its value.',
    hint: 'Run the command with --help.',
  },
  'input.invalid': {
    meaning: 'A flag has a value that is not allowed, or two flags contradict each other.',
    hint: 'Correct the flag that the message names.',
  },
  'input.nothing-specified': {
    meaning: 'The command does not know what the database is to become.',
    hint: 'Name a file with --spec, a workload with --workload, or an environment with --env.',
  },
  'input.unknown-environment': {
    meaning: 'There is no environment of that name.',
    hint: 'Use a name that the message lists, or add a file beside theirs.',
  },
  'input.confirmation-needed': {
    meaning: 'The command asks a question, and there is no terminal to ask.',
    hint: 'Add --yes.',
  },
  'input.declined': {
    meaning: 'The question was answered with no; nothing was changed.',
    hint: 'Run the command again to answer otherwise.',
  },
  'config.invalid': {
    meaning:
      'A file that people edit breaks its schema or a rule. `details.issues` has every issue with file, line and path.',
    hint: 'Correct the files at the lines named.',
  },
  'file.unreadable': {
    meaning: 'A file is not there or cannot be read.',
    hint: 'Name a file that exists and that this user may read.',
  },
  'file.unwritable': {
    meaning: 'A file cannot be written.',
    hint: 'Name a regular file in a directory that exists and that this user may write to.',
  },
  'file.exists': {
    meaning: 'A file exists already and may hold work of a person, so it is not replaced.',
    hint: 'Name another file, or remove that one.',
  },
  'file.edited': {
    meaning: 'A plan or a receipt was edited after it was written: its digest or its keys do not fit.',
    hint: 'Use the file as it was written, or write a new one.',
  },
  'file.wrong-kind': {
    meaning: 'The file is not what the command reads.',
    hint: 'Name a file that the command in the message writes.',
  },
  'file.wrong-version': {
    meaning: 'Another version of this program wrote the file.',
    hint: 'Use the version that wrote it, or write the file again.',
  },
  'file.replaced-meanwhile': {
    meaning: 'Another run wrote the file during this one.',
    hint: 'Name a file for each run.',
  },
  'cluster.not-named': {
    meaning: 'No database is named.',
    hint: 'Use --env, --url, or the variables of libpq (PGHOST, PGUSER, PGPASSWORD, PGDATABASE).',
  },
  'cluster.invalid-address': {
    meaning: 'The URL or a variable that names the database cannot be read.',
    hint: 'Write postgresql://USER@HOST:PORT/DATABASE, with the password in PGPASSWORD.',
  },
  'cluster.password-in-url': {
    meaning: 'The URL holds a password, which every process of the machine can read.',
    hint: 'Leave it out of the URL and set PGPASSWORD.',
  },
  'cluster.tls': {
    meaning: 'The settings of TLS do not prove which server answers.',
    hint: 'Unset PGSSLMODE or set it to verify-full, and let PGSSLROOTCERT name a readable PEM file.',
  },
  'cluster.unreachable': {
    meaning: 'No connection to the database came about.',
    hint: 'Check host, port, firewall rules, role and password.',
  },
  'cluster.connection-lost': {
    meaning: 'The connection broke while the command worked.',
    hint: 'Run the same command again: it continues where this run ended.',
  },
  'cluster.pooler': {
    meaning: 'The address is that of a transaction pooler, which gives each transaction another session.',
    hint: "Connect to the server's own port, which is 5432 on Azure.",
  },
  'cluster.any-node': {
    meaning:
      'The port is that of any node of an elastic cluster, so that the sessions of a run would be on several.',
    hint: 'Connect to port 5432, where the coordinator answers.',
  },
  'cluster.busy': {
    meaning: 'Another run of this program works on the database.',
    hint: 'Wait until it ends, then run the command again.',
  },
  'cluster.table-locked': {
    meaning: 'Another session holds an exclusive lock on a table that the command has to read.',
    hint: 'Let that session end, then run the command again.',
  },
  'cluster.not-readable': {
    meaning: 'The login may not read what the command needs.',
    hint: 'Log in as the owner of the objects, or grant what the message names.',
  },
  'cluster.no-citus': {
    meaning: 'The database has no Citus extension.',
    hint: 'Name the database that has it: on Azure, the one database of the cluster.',
  },
  'cluster.not-coordinator': {
    meaning: 'The server is a worker node.',
    hint: 'Connect to the coordinator.',
  },
  'cluster.standby': {
    meaning: 'The server is a standby, which only repeats what its primary does.',
    hint: 'Connect to the primary. `tables verify` and `compare` work on a standby.',
  },
  'cluster.nodes-unreachable': {
    meaning: 'Some nodes of the cluster cannot reach each other.',
    hint: 'Wait until they are back, or look at their state in the portal.',
  },
  'cluster.inactive-node': {
    meaning: 'A node is registered and not active, so that a rebalance would fail.',
    hint: 'Activate the node or remove it.',
  },
  'cluster.other-database': {
    meaning: 'A plan or a receipt belongs to another cluster or database.',
    hint: 'Name the database that it was written for.',
  },
  'database.error': {
    meaning: 'PostgreSQL refused a statement. `details.sqlState` has its SQLSTATE.',
    hint: 'Read what the server says, correct it, and run the command again.',
  },
  'database.no-tables': {
    meaning: 'The database has no tables that the role can see.',
    hint: 'Name the database and the role that own the tables.',
  },
  'database.already-distributed': {
    meaning: 'The database is distributed already, and the command is for one that is not.',
    hint: 'Edit distribution.yaml and run tables plan.',
  },
  'database.unreadable': {
    meaning: 'The role may not read tables that the command needs.',
    hint: 'Log in as their owner, or grant SELECT.',
  },
  'database.no-statistics': {
    meaning: 'PostgreSQL has no statistics that the role can read.',
    hint: 'Run ANALYZE as the owner of the tables.',
  },
  'database.queries-unplannable': {
    meaning: 'PostgreSQL cannot plan queries of the file.',
    hint: 'Correct the queries, or take them out.',
  },
  'database.query-roles': {
    meaning: 'Queries of the file name roles that this login cannot ask as.',
    hint: 'Run the statements that the message has, or correct the `role:` lines.',
  },
  'database.bookkeeping-unreadable': {
    meaning:
      'A table of the schema scaleout, in which runs keep their records, was edited or is of another version.',
    hint: 'Finish the run with the version that began it, or remove the row or table that the message names.',
  },
  'database.rows-hidden': {
    meaning: 'Row-level security hides rows of a table from the role, so counts would be wrong.',
    hint: 'Log in as the owner, or take FORCE off while no application logs in as the owner.',
  },
  'tables.not-allowed': {
    meaning: 'The plan has findings that need an allowance. `details.findings` has their ids.',
    hint: 'Add --allow ID, or an entry with a reason under allow: in distribution.yaml.',
  },
  'tables.preconditions': {
    meaning: 'Specification and database do not fit. `details.failures` has every reason.',
    hint: 'Correct the specification or the database as each reason says.',
  },
  'tables.force-not-restored': {
    meaning: 'A run that was cut off left FORCE ROW LEVEL SECURITY off, and it cannot be restored now.',
    hint: 'Run the statements that the message names.',
  },
  'tables.before-unrecorded': {
    meaning: 'The rows could not be counted or recorded before the first step; nothing was changed.',
    hint: 'Let the role read the tables and create a schema in the database.',
  },
  'tables.rows-not-kept': {
    meaning:
      'A step would have left a table with other rows than it had, counted within its transaction; it is undone.',
    hint: 'Report it with the plan: Citus should never do that. Steps before it are done, and `tables undo` puts back what they took away.',
  },
  'tables.step-failed': {
    meaning: 'A step failed. `details` has the step, its table and the SQLSTATE; steps before it are done.',
    hint: 'Fix the cause, then run the same command again: it continues with this step.',
  },
  'tables.step-without-effect': {
    meaning: 'A step succeeded and had no effect: another session reverted it, or Citus ignored it.',
    hint: 'Find the other session, then run the same command again.',
  },
  'tables.copy-stalled': {
    meaning: 'An online copy was cancelled because changes of writers no longer reached it.',
    hint: 'Raise max_logical_replication_workers and max_worker_processes, or use online: false.',
  },
  'tables.lock-timeout': {
    meaning:
      'A step did not get its lock. `details` has the step, its table, the seconds since the first attempt, and who held the lock.',
    hint: 'Let those sessions end, then run the same command again.',
  },
  'tables.rebalance-running': {
    meaning: 'Shards are moving, and tables cannot be distributed meanwhile.',
    hint: 'Wait for the rebalance, or stop it with rebalance stop.',
  },
  'tables.session-unable': {
    meaning: 'The role or its settings cannot run a step of the plan.',
    hint: 'Change the role or the setting that the message names.',
  },
  'tables.plan-outdated': {
    meaning: 'The database changed since the plan was made.',
    hint: 'Create and review a new plan.',
  },
  'tables.plan-outgrown': {
    meaning: 'Tables are much larger than when the plan was made.',
    hint: 'Create and review a new plan, or say with --growth how much larger they may be.',
  },
  'tables.receipt-of-other-tables': {
    meaning: 'The receipt holds tables that the specification does not name.',
    hint: 'Name another file for this receipt.',
  },
  'rebalance.preconditions': {
    meaning: 'The cluster cannot be rebalanced as it is; nothing was started.',
    hint: 'Correct each reason that the message names.',
  },
  'rebalance.not-allowed': {
    meaning: 'The rebalance has findings that need an allowance. `details.findings` has their ids.',
    hint: 'Add --allow ID.',
  },
  'rebalance.other-options': {
    meaning: 'A rebalance runs with other options than asked for.',
    hint: 'Wait for it, or stop it with rebalance stop.',
  },
  'rebalance.busy': {
    meaning: 'Another move or a change of a distributed table is under way.',
    hint: 'Run the command again when it has ended.',
  },
  'rebalance.move-failed': {
    meaning: 'A move failed; moves before it stay done.',
    hint: 'Fix the cause, then run rebalance run again.',
  },
  'rebalance.node-lost': {
    meaning:
      'A node went away while shards moved; the moves before stay done, and the one under way is undone.',
    hint: 'When every node answers again, run rebalance run again: it does what is left.',
  },
  'rebalance.record-hidden': {
    meaning: 'This role may not read the record of rebalances, so it cannot tell whether one is under way.',
    hint: 'Ask as the role that runs them, or have it grant what the message names.',
  },
  'rebalance.unsettled': {
    meaning:
      'A transaction stays prepared on a node, and a move would lose what it wrote; moves before stay done.',
    hint: 'Settle it with recover_prepared_transactions(), then run rebalance run again.',
  },
  'rebalance.not-compared': {
    meaning: 'The moves are done, and their tables could not be compared with what they were before.',
    hint: 'Fix the cause. Compare comments, grants, policies, sequences and views with your migrations.',
  },
  'rebalance.job-gone': {
    meaning: 'Citus no longer records the rebalance job.',
    hint: 'Run rebalance plan to see what is left.',
  },
  'rebalance.still-stopping': {
    meaning: 'The job was told to stop and its current move has not ended yet.',
    hint: 'Look again with rebalance status.',
  },
  'rebalance.force-not-lifted': {
    meaning: 'FORCE ROW LEVEL SECURITY could not be taken off for a move: other sessions hold locks.',
    hint: 'Let those sessions end, then run rebalance run again.',
  },
  'rebalance.force-not-restored': {
    meaning: 'FORCE ROW LEVEL SECURITY could not be restored after a move.',
    hint: 'Run rebalance run again: it restores FORCE first.',
  },
  'roles.passwords': {
    meaning:
      'Variables with passwords of roles are not set, or hold what is no password. `details` has their names.',
    hint: 'Set TF_VAR_role_NAME_password for every role that the environment names.',
  },
  'roles.refused': {
    meaning:
      'A role exists in a way that a person has to decide about; nothing was changed. `details.roles` has each.',
    hint: 'Run the statement that the message names, or take the role out of the environment.',
  },
  'roles.step-failed': {
    meaning: 'A role could not be created or changed; roles before it are done.',
    hint: 'Fix the cause, then run roles apply again.',
  },
  'roles.without-effect': {
    meaning:
      'The statements succeeded, and a role does not log in with its password or is not on every node.',
    hint: 'Find the session that changes roles, then run roles apply again.',
  },
  'roles.made-by-terraform': {
    meaning:
      'Terraform makes the roles of the environment, as its service is Azure Cosmos DB for PostgreSQL.',
    hint: 'Run scaleout deploy.',
  },
  'simulate.unknown-name': {
    meaning: 'The database has no schema, table or column of that name.',
    hint: 'Correct the name.',
  },
  'simulate.not-distributable': {
    meaning: 'Citus cannot distribute the table by that column.',
    hint: 'Choose another column.',
  },
  'simulate.types-differ': {
    meaning: 'Two columns have different types, so that their tables cannot share shards.',
    hint: 'Give both columns one type, or keep the tables apart.',
  },
  'simulate.partly-distributed': {
    meaning:
      'A schema is to be distributed as a whole, beside tables or schemas that are distributed already.',
    hint: 'Simulate that schema in a run of its own.',
  },
  'simulate.not-placed-once': {
    meaning: 'A shard has several placements, or its node is no primary.',
    hint: 'Repair the placements first.',
  },
  'simulate.shard-unreadable': {
    meaning: 'A shard could not be read.',
    hint: 'Read what its node says, and run the command again.',
  },
  'simulate.no-sample': {
    meaning: 'The table cannot be sampled.',
    hint: 'Leave --sample out.',
  },
  'audit.not-synthesized': {
    meaning: 'There is no synthesis to judge.',
    hint: 'Run npx cdktf synth.',
  },
  'audit.unreadable': {
    meaning: 'A synthesized file is not what the audit reads.',
    hint: 'Run npx cdktf synth again.',
  },
  'audit.other-stack': {
    meaning: 'Terraform would read other files than those that are judged.',
    hint: 'Synthesize into an empty directory.',
  },
  'infra.synthesis-failed': {
    meaning: 'The app that synthesizes the stacks failed.',
    hint: 'Correct what it names, then run npx cdktf synth.',
  },
  'infra.terraform-missing': {
    meaning: 'Terraform is not installed.',
    hint: 'Install the version that .terraform-version names.',
  },
  'infra.terraform-failed': {
    meaning: 'Terraform ended with an error.',
    hint: 'Fix the cause that the message names, then run the same command again.',
  },
  'infra.operation-under-way': {
    meaning: 'Azure works on the resource already and takes no second change of it meanwhile.',
    hint: 'Nothing is lost: wait until it has ended and run the same command again.',
  },
  'infra.terraform-refused': {
    meaning: 'Azure refuses what was asked for.',
    hint: 'Change the setting that the message names.',
  },
  'infra.terraform-answer': {
    meaning: 'Terraform answered in a way that this program does not understand.',
    hint: 'Install the version that .terraform-version names.',
  },
  'infra.plan-incomplete': {
    meaning:
      'Terraform left a part of the config out of its plan, by a target or by deferral. Nothing was applied.',
    hint: 'Plan the whole environment: take -target and -allow-deferral out of TF_CLI_ARGS and TF_CLI_ARGS_plan.',
  },
  'infra.plan-unreadable': {
    meaning: 'The plan of Terraform cannot be judged, so nothing was applied.',
    hint: 'Install the version that .terraform-version names, and plan again.',
  },
  'infra.not-deployed': {
    meaning: 'The environment was not synthesized or not deployed here.',
    hint: 'Run npx cdktf deploy.',
  },
  'infra.outputs-unreadable': {
    meaning: 'The outputs of the environment cannot be read, or are of another version of the stack.',
    hint: 'Run npx cdktf deploy, which writes them again.',
  },
  'infra.not-taken-over': {
    meaning: 'A resource exists in Azure and is not this environment’s.',
    hint: 'Choose another name, or import the resource as the message says.',
  },
  'infra.watch-refused': {
    meaning: 'The command cdktf watch deploys without a guard.',
    hint: 'Use npx cdktf deploy.',
  },
  'release.not-a-bundle': {
    meaning: 'The directory holds no bundle of a plan.',
    hint: 'Name a directory that scaleout plan ENV --out DIR wrote.',
  },
  'release.tampered': {
    meaning:
      'A bundle is not as it was written: files are missing, edited, of another bundle, or more than it names.',
    hint: 'Plan again and have that reviewed.',
  },
  'release.unsigned': {
    meaning: 'A bundle or receipt has no signature of a key that config/policy.yaml names.',
    hint: 'Use one that is signed with SCALEOUT_SIGNING_KEY by whoever the owners trust.',
  },
  'release.signing-key': {
    meaning:
      'The private key to sign with is missing, unreadable, of another kind, or not one that config/policy.yaml names.',
    hint: 'Set SCALEOUT_SIGNING_KEY to an ed25519 key in PEM or to its file, and have the owners name its public key.',
  },
  'release.secret-found': {
    meaning:
      'A file of a bundle would hold a secret in clear text or in a spelling of it, so none was written.',
    hint: 'Give the secret in a variable alone.',
  },
  'release.unlocked-provider': {
    meaning: 'The lock file of Terraform pins a provider of the stack to no package.',
    hint: 'Run terraform init with the provider from a registry or a mirror, then plan again.',
  },
  'release.other-environment': {
    meaning: 'The bundle is of another environment or another cluster.',
    hint: 'Name the bundle of this environment.',
  },
  'release.other-plan': {
    meaning:
      'The plan that was made for the apply would do something else than the one that was reviewed. `details.differences` has each.',
    hint: 'Plan again and have that reviewed.',
  },
  'release.not-reviewed-well': {
    meaning: 'The guards or the audit refuse what the bundle holds.',
    hint: 'Correct what they name, then plan again.',
  },
  'release.receipt-broken': {
    meaning: 'A receipt was edited, or does not belong to the chain that it is shown with.',
    hint: 'Use all receipts of the environment as they were written.',
  },
  'adopt.wrong-id': {
    meaning: 'The text after --id is not the resource id of a cluster of Azure Cosmos DB for PostgreSQL.',
    hint: 'Copy the id from the Properties page of the cluster in the portal.',
  },
  'adopt.other-subscription': {
    meaning: 'The cluster is in another subscription than ARM_SUBSCRIPTION_ID names.',
    hint: 'Set ARM_SUBSCRIPTION_ID to the subscription of the id.',
  },
  'adopt.no-login': {
    meaning: 'The command cannot log in to Azure, or Azure does not accept the login.',
    hint: 'Run az login, or set the ARM_ variables that Terraform reads.',
  },
  'adopt.unreachable': {
    meaning: 'Azure cannot be reached from this machine.',
    hint: 'Check the network, the proxy and the certificates.',
  },
  'adopt.cluster-missing': {
    meaning: 'There is no such cluster, or this login does not see it.',
    hint: 'Check subscription, resource group and name in the id.',
  },
  'adopt.not-readable': {
    meaning:
      'The login may not read the cluster, its firewall rules, roles or parameters, or Azure answers oddly.',
    hint: 'Give the login the role Reader on the resource group.',
  },
  'adopt.cluster-not-ready': {
    meaning: 'The cluster is stopped or being changed, so what is read now may not last.',
    hint: 'Start the cluster or wait for the change, then run the command again.',
  },
  'adopt.changed-meanwhile': {
    meaning: 'The cluster changed while it was read; nothing was written.',
    hint: 'Let the change end, then run the command again.',
  },
  'adopt.environment-name': {
    meaning: 'No environment can have the name.',
    hint: 'Choose a name of lowercase letters, digits and hyphens.',
  },
  'adopt.other-cluster': {
    meaning: 'The file of the environment is there and describes another cluster, so it is not replaced.',
    hint: 'Choose another name with --env, or remove the file.',
  },
  'adopt.adopted-twice': {
    meaning: 'Another environment describes the cluster already.',
    hint: 'Use that environment, or remove its file.',
  },
  'adopt.differs': {
    meaning:
      'The file of the environment adopts the cluster and differs from it. `details.differences` has each.',
    hint: 'Correct the file, or remove it and run the command again.',
  },
  'adopt.other-region': {
    meaning: 'The file of the environment says another region than the cluster is in.',
    hint: 'Correct location in the file, or the id.',
  },
  'adopt.workload': {
    meaning: 'It is not clear which workload the environment is for.',
    hint: 'Name one of config/workloads with --workload.',
  },
  'adopt.unsupported': {
    meaning:
      'The cluster breaks a rule of this project, so no environment can describe it. `details.issues` has each.',
    hint: 'Change the cluster as the message says, then run the command again.',
  },
  'hcl.unwritable': {
    meaning: 'A stack cannot be written as HCL.',
    hint: 'Write the part that the message names in another way.',
  },
  'local.unsupported': {
    meaning: 'This machine or this configuration cannot run the journey asked for.',
    hint: 'Use what the message names.',
  },
  'local.sql-failed': {
    meaning: 'A statement of a file of SQL failed, or the file is no SQL.',
    hint: 'Repair the line that the message names, and run the command again.',
  },
  'local.port-taken': {
    meaning: 'The port asked for is in use on this machine.',
    hint: 'Name another port, or leave --port out.',
  },
  'local.no-engine': {
    meaning: 'No engine can run a cluster on this machine.',
    hint: 'Install PostgreSQL or Docker, or set CITUS_URL.',
  },
  'local.not-up': {
    meaning: 'The command needs a local cluster, and none is up.',
    hint: 'Run local up.',
  },
  'local.not-local': {
    meaning: 'The command writes rows that stay, and the database is not of this machine.',
    hint: 'Name a database of this machine.',
  },
  'local.busy': {
    meaning: 'A local cluster is up or starting.',
    hint: 'Use it, or take it down with local down.',
  },
  'local.not-yours': {
    meaning: 'The database that CITUS_URL names holds something else.',
    hint: 'Name an empty database, or the one that local up used.',
  },
  'local.server-failed': {
    meaning: 'A server of the local cluster did not start or ended.',
    hint: 'Read its last words in the message, and run the command again.',
  },
  'local.state-unreadable': {
    meaning: 'The file in which a local cluster is remembered cannot be read.',
    hint: 'Remove the file.',
  },
  'local.deploy-failed': {
    meaning: 'The rehearsed deployment failed.',
    hint: 'Fix the cause that the message names, then run the command again.',
  },
  'bench.failed': {
    meaning: 'A run of a bench failed, so there is no figure.',
    hint: 'Fix the cause that the message names.',
  },
  'cdktn.failed': {
    meaning: 'The comparison with cdktn could not be made.',
    hint: 'Fix the cause that the message names.',
  },
  'run.stopped': {
    meaning: 'A person stopped the run at a safe point.',
    hint: 'Run the same command again: it continues from there.',
  },
  'internal.unexpected': {
    meaning: 'An error that nobody foresaw: a bug of this program.',
    hint: 'Run the command with --debug, and report what it prints.',
  },
} as const satisfies Readonly<Record<`${string}.${string}`, ErrorEntry>>;

export type ErrorCode = keyof typeof ERRORS;

/** docs/errors.md. Pure. */
export function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(([code, { meaning, hint }]) => `- \`${code}\`: ${meaning} ${hint}`);
  return [
    '# Errors',
    '',
    'Each error has a code that stays the same through all versions. With `--json` a command that fails prints one document on stdout:',
    '`{ "formatVersion": 1, "error": { "code", "message", "details", "hint" } }`. The message is for people and may be reworded;',
    '`details` holds data, `hint` the way out. Generated by `npm run schemas`.',
    '',
    ...rows,
    '',
    'The issues of `config.invalid` have codes of their own in `details.issues`:',
    '',
    ...Object.entries(ISSUES).map(([code, meaning]) => `- \`${code}\`: ${meaning}`),
    '',
  ].join('\n');
}
