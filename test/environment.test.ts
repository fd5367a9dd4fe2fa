import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { runEnvironment, testEnvironment } from './support/environment';
import { scratchDirectory } from './support/scratch';

/** What a person, or a machine, may have set, and no test may notice. */
const HOSTILE = {
  TF_CLI_CONFIG_FILE: '/nowhere/terraformrc',
  TF_CLI_ARGS: '-no-such-flag',
  TF_CLI_ARGS_plan: '-destroy',
  TF_WORKSPACE: 'other',
  TF_DATA_DIR: '/nowhere/data',
  TF_LOG: 'trace',
  TF_PLUGIN_CACHE_DIR: '/nowhere/plugins',
  TF_VAR_admin_password: 'x',
  TERRAFORM_BINARY_NAME: 'no-such-terraform',
  ARM_SUBSCRIPTION_ID: 'x',
  AZURE_CONFIG_DIR: '/nowhere/azure',
  PGHOST: 'nowhere.example.com',
  PGPORT: '1',
  PGUSER: 'nobody',
  PGPASSWORD: 'x',
  PGDATABASE: 'nothing',
  PGSERVICE: 'nothing',
  PGPASSFILE: '/nowhere/pgpass',
  PGOPTIONS: '-c search_path=nowhere -c datestyle=German',
  PGDATESTYLE: 'German',
  PGTZ: 'Asia/Kathmandu',
  PGAPPNAME: 'somebody',
  PGCLIENTENCODING: 'LATIN1',
  PGSSLMODE: 'verify-ca',
  NODE_OPTIONS: '--trace-warnings',
  LC_ALL: 'tr_TR.UTF-8',
  LANG: 'de_DE.UTF-8',
  TZ: 'Pacific/Chatham',
  SCALEOUT_CONFIG_DIR: '/nowhere/config',
  SCALEOUT_STAGE: 'nonsense',
  SCALEOUT_ALLOW: 'everything',
  CDKTF_OUTDIR: '/nowhere/out',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem',
  GIT_DIR: '/nowhere/git',
};

describe('the environment of tests', () => {
  const home = scratchDirectory();

  it('is stated: nothing that is set by whoever runs them gets in', () => {
    const environment = runEnvironment({ PATH: '/bin', TMPDIR: '/t', HOME: '/somebody', ...HOSTILE }, home);
    expect(environment).toMatchObject({ PATH: '/bin', TMPDIR: '/t', HOME: home, TZ: 'UTC' });
    for (const [name, value] of Object.entries(HOSTILE))
      expect([name, environment[name]]).not.toEqual([name, value]);
  });

  it('is so for the processes of a run, their children and what is read in between', () => {
    // The caller's own NODE_OPTIONS are at work in the first process and in no other.
    const program = `
      require(${JSON.stringify(join(__dirname, '..', 'scripts', 'typescript.js'))});
      const { enterRunEnvironment, testEnvironment } = require(${JSON.stringify(join(__dirname, 'support', 'environment.ts'))});
      enterRunEnvironment(${JSON.stringify(home)});
      const child = { ...process.env };
      console.log(JSON.stringify([child, testEnvironment({ TF_LOG: 'error', TZ: undefined })]));`;
    const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', program], {
      encoding: 'utf8',
      env: testEnvironment({ ...HOSTILE, SCALEOUT_RANDOM_CASES: '3', NODE_EXTRA_CA_CERTS: undefined }),
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [run, test] = JSON.parse(stdout) as Record<string, string>[];
    for (const [name, value] of Object.entries(HOSTILE))
      expect([name, run![name]]).not.toEqual([name, value]);
    expect(run).toMatchObject({ HOME: join(home, 'home'), SCALEOUT_RANDOM_CASES: '3' });
    expect(Object.keys(test!).sort()).toEqual(
      ['CDKTF_DISABLE_PLUGIN_CACHE_ENV', 'GOGC', 'GOMEMLIMIT', 'HOME', 'PATH', 'TF_LOG']
        .concat(process.env['TMPDIR'] === undefined ? [] : ['TMPDIR'])
        .sort(),
    );
  });

  it('is the one of this run', () => {
    const stated =
      /^(?:PATH|HOME|TMPDIR|TZ|GOGC|GOMEMLIMIT|CDKTF_DISABLE_PLUGIN_CACHE_ENV|CI|CITUS_URL|NODE_ENV|FORCE_COLOR|(?:JEST|DOCKER|SCALEOUT)_.*)$/;
    expect(Object.keys(process.env).filter((name) => !stated.test(name))).toEqual([]);
  });

  it('lets a cluster of CITUS_URL say all that libpq’s variables said beside it', () => {
    const reach = {
      PGPASSWORD: 'p@ss',
      PGUSER: 'etl',
      PGPORT: '6000',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/ca.pem',
    };
    const url = (text: string, caller: object = reach) =>
      runEnvironment({ CITUS_URL: text, ...caller }, home)['CITUS_URL'];
    expect(url('postgresql://host/citus')).toBe(
      'postgresql://etl:p%40ss@host:6000/citus?sslmode=verify-full&sslrootcert=%2Fca.pem',
    );
    expect(
      url('postgresql://me:mine@host:1/citus?sslmode=disable', { ...reach, PGSSLROOTCERT: undefined }),
    ).toBe('postgresql://me:mine@host:1/citus?sslmode=disable');
    expect(url('no url', {})).toBe('no url');
    expect(runEnvironment({}, home)).not.toHaveProperty('CITUS_URL');
  });
});
