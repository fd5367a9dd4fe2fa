import { mkdirSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PLUGIN_CACHE } from './terraform-plugins';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The variables that tests have, as a run of them states them: nothing else of whoever calls `npm test` reaches a test or
 * a process that one starts.
 */
const STATED = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'GOGC', 'GOMEMLIMIT', 'CDKTF_DISABLE_PLUGIN_CACHE_ENV'];

/** What the runs themselves are steered with, and where Docker is. None of it reaches a process that a test starts. */
const STEERING =
  /^(?:SCALEOUT_(?:TEST|RANDOM|LANES|POSTGRES)|JEST_|NODE_ENV$|CI$|DOCKER_|CITUS_URL$|AZURE_API_SPECS$)/;

/**
 * The environment of a run of tests, of that of its caller. The home is an empty one, so that nobody's `.terraformrc`,
 * `.psqlrc`, `.pgpass` or login to Azure has a say. Pure.
 */
export function runEnvironment(caller: Environment, home: string): Environment {
  const kept = Object.entries(caller).filter(
    ([name]) => name === 'PATH' || name === 'TMPDIR' || STEERING.test(name),
  );
  const url = caller['CITUS_URL'];
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    TZ: 'UTC',
    // Each start of the provider builds thousands of schemas that all stay: a fifth of its time went to collecting what is not garbage.
    GOGC: caller['GOGC'] ?? 'off',
    GOMEMLIMIT: caller['GOMEMLIMIT'] ?? '1GiB',
    // Docker finds the server to talk to in the caller's home.
    DOCKER_CONFIG: caller['DOCKER_CONFIG'] ?? join(caller['HOME'] ?? homedir(), '.docker'),
    // The plugin is in the home, see below; cdktf would keep a second cache there, which two of them cannot fill at once.
    CDKTF_DISABLE_PLUGIN_CACHE_ENV: '1',
    ...(url === undefined ? {} : { CITUS_URL: selfContained(url, caller) }),
  };
}

/** A URL that says what libpq's variables said beside it. */
function selfContained(text: string, caller: Environment): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  const fill = (part: 'username' | 'password' | 'port', value: string | undefined): void => {
    if (url[part] === '' && value !== undefined) url[part] = value;
  };
  fill('username', caller['PGUSER']);
  fill('password', caller['PGPASSWORD']);
  fill('port', caller['PGPORT']);
  for (const [parameter, variable] of [
    ['sslmode', 'PGSSLMODE'],
    ['sslrootcert', 'PGSSLROOTCERT'],
  ] as const) {
    const value = caller[variable];
    if (value !== undefined && !url.searchParams.has(parameter)) url.searchParams.set(parameter, value);
  }
  return url.href;
}

/**
 * Gives this process, and the workers that jest starts after this, the environment of a run.
 *
 * @param directory of the run
 * @returns what the caller had: Terraform may need it to find its plugin
 */
export function enterRunEnvironment(directory: string): Environment {
  const caller = { ...process.env };
  const home = join(directory, 'home');
  mkdirSync(join(home, '.terraform.d'), { recursive: true });
  // Terraform looks for plugins there before it asks a registry, whatever its settings are.
  symlinkSync(PLUGIN_CACHE, join(home, '.terraform.d', 'plugins'));
  const environment = runEnvironment(caller, home);
  for (const name of Object.keys(caller)) {
    if (!Object.hasOwn(environment, name)) Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, environment);
  return caller;
}

/** The environment for a process that a test starts: what every run states, and what the test says; undefined takes one out. */
export function testEnvironment(variables: Environment = {}): Record<string, string | undefined> {
  return {
    ...Object.fromEntries(STATED.map((name) => [name, process.env[name]])),
    ...variables,
  };
}

/** What a run is steered with, such as how many cases of a test that draws them. */
export function steering(name: `SCALEOUT_RANDOM_${string}`): string | undefined {
  return process.env[name];
}

/** Runs `work` with variables set for the modules of this very process, as a person may have set them. */
export async function withVariables<T>(variables: Environment, work: () => Promise<T>): Promise<T> {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
}
