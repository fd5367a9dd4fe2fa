import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { testEnvironment } from '../support/environment';

const project = path.resolve(__dirname, '..', '..');
const directory = path.join(project, '.github', 'workflows');

const permissions = z.record(z.string(), z.string());
const step = z.object({
  id: z.string().optional(),
  if: z.string().optional(),
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
  env: z.record(z.string(), z.string()).default({}),
});
const job = z.object({
  needs: z.string().optional(),
  if: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.union([z.string(), z.boolean()])).default({}),
  permissions: permissions.optional(),
  environment: z.string().optional(),
  concurrency: z.object({ group: z.string(), 'cancel-in-progress': z.boolean() }).optional(),
  outputs: z.record(z.string(), z.string()).default({}),
  steps: z.array(step).default([]),
});
const workflowSchema = z.object({
  on: z.record(z.string(), z.unknown()),
  permissions,
  jobs: z.record(z.string(), job),
});

type Workflow = z.output<typeof workflowSchema>;
type Job = z.output<typeof job>;
type Step = z.output<typeof step>;

const files = readdirSync(directory).sort();
const texts = new Map(files.map((file) => [file, readFileSync(path.join(directory, file), 'utf8')]));

function text(file: string): string {
  return texts.get(file) ?? '';
}

function workflow(file: string): Workflow {
  return workflowSchema.parse(parse(text(file)));
}

function jobOf(file: string, name: string): Job {
  return workflow(file).jobs[name]!;
}

const jobs = files.flatMap((file) =>
  Object.entries(workflow(file).jobs).map(([name, value]) => ({ name: `${file} ${name}`, value })),
);
const steps: readonly Step[] = jobs.flatMap(({ value }) => value.steps);
const scripts = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));

describe('the workflows', () => {
  it('are these', () => {
    expect(files).toEqual(['ci.yml', 'deploy-environment.yml', 'deploy.yml', 'review.yml']);
  });

  it.each(files)('%s is started by nothing that runs foreign code with rights', (file) => {
    expect(
      Object.keys(workflow(file).on).filter(
        (event) => !['push', 'pull_request', 'workflow_call'].includes(event),
      ),
    ).toEqual([]);
  });

  it.each(files)('%s uses no stored secret', (file) => {
    expect(text(file)).not.toMatch(/secrets[.[:]/);
  });

  it.each(files)('%s may read and nothing more, unless a job says so', (file) => {
    expect(workflow(file).permissions).toEqual({ contents: 'read' });
  });

  it('log in from the jobs that deploy or plan, and from no other', () => {
    const granted = jobs.filter(({ value }) => value.permissions !== undefined);
    expect(granted.map(({ name }) => name)).toEqual([
      'deploy-environment.yml deploy',
      'deploy.yml dev',
      'deploy.yml prod',
      'review.yml plan',
    ]);
    for (const { value } of granted) {
      expect(value.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
    }
  });

  it('use actions at a commit, or of this repository', () => {
    for (const file of files) {
      for (const [, reference = ''] of text(file).matchAll(/^\s*(?:- )?uses: (.+)$/gm)) {
        expect(reference).toMatch(
          /^(\.\/\.github\/workflows\/[\w-]+\.yml|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
        );
      }
    }
  });

  it('keep the token of the checkout out of later steps', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const checkout of checkouts) expect(checkout.with['persist-credentials']).toBe(false);
  });

  it('fail where any part of a pipe does: bash has to be named for that', () => {
    for (const file of files) {
      if (!/^ +(- )?run: /m.test(text(file))) continue;
      expect(parse(text(file))).toMatchObject({ defaults: { run: { shell: 'bash' } } });
    }
  });

  it('hand values to scripts by the environment, where no text can become code', () => {
    for (const script of scripts) expect(script).not.toContain('${{');
  });

  it('mask the password before anything else can print it, and store it nowhere', () => {
    const readers = scripts.filter((script) => script.includes('az keyvault secret show'));
    expect(readers).toHaveLength(3);
    for (const reader of readers) {
      const [first, second, third] = reader.trim().split('\n');
      expect(first).toMatch(/^password="\$\(az keyvault secret show .*\)"$/);
      expect(second).toMatch(/^echo "::add-mask::/);
      expect(third).toMatch(/^export (TF_VAR_admin_password|PGPASSWORD)="\$password"$/);
      expect(reader).not.toMatch(/GITHUB_(ENV|OUTPUT)/);
      expect(reader.match(/\$\{?password/g)).toHaveLength(2);
    }
  });

  it('never let cdktf deploy apply a plan that nobody has read', () => {
    for (const script of scripts) expect(script).not.toMatch(/cdktf deploy|auto-approve/);
  });
});

describe('a review', () => {
  it('plans for both environments, with an identity of its own, and not for forks', () => {
    const plan = jobOf('review.yml', 'plan');
    expect(plan.if).toBe('github.event.pull_request.head.repo.full_name == github.repository');
    expect(plan.environment).toBe('${{ matrix.environment }}-plan');
    expect(text('review.yml')).toContain('environment: [dev, prod]');
  });

  it('applies nothing, and leaves no plan behind', () => {
    const runs = Object.values(workflow('review.yml').jobs).flatMap((each) =>
      each.steps.map(({ run }) => run ?? ''),
    );
    expect(runs.join('\n')).not.toMatch(/terraform .*\bapply\b|-out=|tables apply|rebalance run/);
    expect(text('review.yml')).not.toContain('upload-artifact');
  });
});

describe('a deploy', () => {
  it('happens on main alone', () => {
    expect(workflow('deploy.yml').on).toEqual({ push: { branches: ['main'] } });
  });

  it('begins with the checks of a pull request, and stops where they fail', () => {
    expect(jobOf('deploy.yml', 'check').uses).toBe('./.github/workflows/ci.yml');
    const dev = jobOf('deploy.yml', 'dev');
    expect([dev.needs, dev.if]).toEqual(['check', undefined]);
    expect(Object.keys(workflow('ci.yml').on)).toEqual(['pull_request', 'workflow_call']);
    const run = jobOf('ci.yml', 'verify').steps.map((each) => each.run);
    expect(run).toEqual(expect.arrayContaining(['npm ci', 'npm run check', 'npm test']));
  });

  it('is not cut off in its checks by a later commit', () => {
    expect(parse(text('ci.yml'))).toMatchObject({
      concurrency: { group: 'ci-${{ github.event.pull_request.number || github.sha }}' },
    });
  });

  it('gives prod the commit and the stacks that dev verified', () => {
    const prod = jobOf('deploy.yml', 'prod');
    expect(prod.needs).toBe('dev');
    expect(prod.if).toBeUndefined();
    expect(prod.with).toMatchObject({
      environment: 'prod',
      'verified-before': true,
      commit: '${{ needs.dev.outputs.commit }}',
      digest: '${{ needs.dev.outputs.digest }}',
    });
  });

  it('treats both environments alike', () => {
    const [dev, prod] = ['dev', 'prod'].map((name) => jobOf('deploy.yml', name));
    expect(dev?.uses).toBe('./.github/workflows/deploy-environment.yml');
    expect(prod?.uses).toBe(dev?.uses);
  });

  const deploy = jobOf('deploy-environment.yml', 'deploy');
  const position = (wanted: RegExp): number => {
    const found = deploy.steps.findIndex(({ run, uses }) => wanted.test(run ?? uses ?? ''));
    expect(found).toBeGreaterThanOrEqual(0);
    return found;
  };

  it('stands behind the approval of its environment, one at a time', () => {
    expect(deploy.environment).toBe('${{ inputs.environment }}');
    expect(deploy.concurrency).toEqual({
      group: 'deploy-${{ inputs.environment }}',
      'cancel-in-progress': false,
    });
  });

  it('checks the commit out that it was given, and refuses stacks that were not verified', () => {
    const checkouts = deploy.steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.at(-1)).toMatchObject({ with: { ref: '${{ inputs.commit }}' } });
    expect(checkouts.at(-1)?.if).toBeUndefined();
    expect(deploy.steps.indexOf(checkouts.at(-1)!)).toBeLessThan(position(/^npm ci$/));
    const compare = deploy.steps[position(/sha256sum/)];
    expect(compare?.env).toEqual({ EXPECTED: '${{ inputs.digest }}' });
    expect(compare?.run).toMatch(/"\$digest" != "\$EXPECTED" \]; then\n(.*\n)*? *exit 1/);
    expect(position(/sha256sum/)).toBeLessThan(position(/scaleout deploy/));
  });

  const bash = async (script: string, cwd: string, env: Record<string, string>): Promise<number> => {
    const options = { cwd, env: testEnvironment({ ENVIRONMENT: 'prod', ...env }) };
    return promisify(execFile)(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
      options,
    ).then(
      () => 0,
      (error: unknown) => (error as { code: number }).code,
    );
  };

  it.each([
    ['a digest', 'true', { COMMIT: 'c', DIGEST: 'd' }, 0],
    ['no digest', 'true', { COMMIT: 'c', DIGEST: '' }, 1],
    ['no commit', 'true', { COMMIT: '', DIGEST: 'd' }, 1],
    ['no word on whether it was verified', '', { COMMIT: 'c', DIGEST: '' }, 1],
    ['no digest where none is asked for', 'false', { COMMIT: 'c', DIGEST: '' }, 0],
  ])('given %s ends with the right status', async (_, before, given, status) => {
    const first = deploy.steps[0];
    expect(first?.env).toEqual({
      COMMIT: '${{ inputs.commit }}',
      DIGEST: '${{ inputs.digest }}',
      VERIFIED_BEFORE: '${{ inputs.verified-before }}',
    });
    expect(await bash(first?.run ?? '', project, { ...given, VERIFIED_BEFORE: before })).toBe(status);
  });

  it('takes to prod no commit that main has left behind, however late the approval', async () => {
    const compare = position(/git rev-parse HEAD/);
    expect(deploy.steps[compare - 1]).toMatchObject({
      if: 'inputs.verified-before',
      with: { ref: 'refs/heads/main' },
    });
    expect(deploy.steps[compare]).toMatchObject({
      if: 'inputs.verified-before',
      env: { COMMIT: '${{ inputs.commit }}' },
    });
    const repository = mkdtempSync(path.join(tmpdir(), 'scaleout-workflow-test-'));
    try {
      const git = async (...args: string[]): Promise<string> =>
        (await promisify(execFile)('git', args, { cwd: repository, env: testEnvironment() })).stdout.trim();
      const author = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];
      await git('init', '-q');
      await git(...author, 'commit', '-q', '--allow-empty', '-m', 'one');
      const one = await git('rev-parse', 'HEAD');
      const script = deploy.steps[compare]?.run ?? '';
      expect(await bash(script, repository, { COMMIT: one })).toBe(0);
      await git(...author, 'commit', '-q', '--allow-empty', '-m', 'two');
      expect(await bash(script, repository, { COMMIT: one })).toBe(1);
    } finally {
      rmSync(repository, { recursive: true });
    }
  });

  it('synthesizes into nothing, and hashes every file that Terraform would read', () => {
    const synths = scripts.filter((script) => script.includes('npm run synth'));
    expect(synths).toHaveLength(2);
    for (const script of synths)
      expect(script.trim().split('\n')).toEqual(['rm -rf cdktf.out', 'npm run synth']);
    expect(deploy.steps[position(/sha256sum/)]?.run).toContain(
      'cd cdktf.out/stacks && find . -type f -print0',
    );
    // What init leaves in the directory is not part of it.
    expect(position(/sha256sum/)).toBeLessThan(position(/scaleout deploy/));
  });

  it('audits what it applies, before it does', () => {
    expect(deploy.steps[position(/scaleout audit/)]?.run).toContain('--dir cdktf.out');
    expect(position(/scaleout audit/)).toBeLessThan(position(/scaleout deploy/));
    expect(
      scripts.filter((script) => script.includes('cdktf synth') || script.includes('SCALEOUT_STAGE')),
    ).toEqual([]);
  });

  it('applies through the guards, and nothing past them', () => {
    expect(deploy.steps[position(/scaleout deploy/)]?.run).toMatch(
      /npx scaleout deploy "\$ENVIRONMENT" --yes /,
    );
    expect(
      deploy.steps.filter(({ run }) =>
        /terraform .* (apply|destroy)\b|cdktf (deploy|destroy)/.test(run ?? ''),
      ),
    ).toEqual([]);
  });

  it('distributes, rebalances and verifies in that order, after a login of its own', () => {
    const post = position(/tables apply/);
    const verbs = [...(deploy.steps[post]?.run ?? '').matchAll(/npx scaleout (\w+ \w+)/g)].map(
      ([, verb]) => verb,
    );
    expect(verbs).toEqual(['tables apply', 'rebalance run', 'tables verify']);
    expect(deploy.steps[post - 1]?.uses).toMatch(/^azure\/login@/);
  });

  it('hands over only what has been verified, and uploads neither plan nor state', () => {
    expect(position(/tables verify/)).toBeLessThan(deploy.steps.findIndex(({ id }) => id === 'verified'));
    expect(deploy.steps.find(({ id }) => id === 'verified')?.if).toBeUndefined();
    expect(deploy.outputs).toEqual({
      commit: '${{ steps.verified.outputs.commit }}',
      digest: '${{ steps.verified.outputs.digest }}',
    });
    const upload = deploy.steps[position(/^actions\/upload-artifact@/)];
    expect(String(upload?.with['path']).trim().split('\n')).toEqual([
      'report/',
      'cdktf.out/stacks/*/cdk.tf.json',
    ]);
  });
});

describe('the commands that workflows call', () => {
  it('are scripts of package.json', () => {
    const known = Object.keys(
      z
        .object({ scripts: z.record(z.string(), z.string()) })
        .parse(JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8'))).scripts,
    );
    const called = scripts.flatMap((script) =>
      [...script.matchAll(/\bnpm (?:run )?([\w:-]+)/g)].map(([, name]) => name!),
    );
    expect([...new Set(called)].sort()).toEqual(['check', 'check:cdktn', 'ci', 'synth', 'test']);
    expect(called.filter((name) => name !== 'ci' && !known.includes(name))).toEqual([]);
  });

  const called = new Map<string, Set<string>>();
  for (const script of scripts) {
    for (const [, words = '', flags = ''] of script.matchAll(/npx scaleout ((?:[a-z]+ ?)+)([^>|\n]*)/g)) {
      const verb = words
        .trim()
        .replace(/^audit$/, 'audit check')
        .replace(/^audit diff .*/, 'audit diff');
      const used = called.get(verb) ?? new Set();
      for (const [flag] of flags.matchAll(/--[a-z-]+/g)) used.add(flag);
      called.set(verb, used);
    }
  }

  it('are these verbs', () => {
    expect([...called.keys()].sort()).toEqual([
      'audit check',
      'audit diff',
      'deploy',
      'guard',
      'rebalance run',
      'tables apply',
      'tables verify',
    ]);
  });

  it.each([...called])('scaleout %s exists, with the flags they give it', async (verb, flags) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.join(project, 'scripts', 'scaleout.js'), ...verb.split(' '), '--help'],
      { cwd: project, env: testEnvironment() },
    );
    expect(stdout).toContain(`Usage: scaleout ${verb}`);
    for (const flag of flags) expect(stdout).toMatch(new RegExp(`${flag}\\b`));
  });
});
