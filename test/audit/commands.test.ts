import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { audit, difference } from '../../scripts/audit/commands';
import { readPolicy } from '../../scripts/audit/read';
import { silentReporter } from '../../scripts/lib/reporter';
import type { VerbContext } from '../../scripts/lib/verb';
import type { JsonObject } from '../../scripts/audit/stack/synthesized';
import { stackJson, TODAY } from './builders';

const context: VerbContext = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.reject(new Error('an audit asks nothing')),
};

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'scaleout-audit-test-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Writes a synthesis; a stack may be given as raw text. */
function synthesis(stacks: Readonly<Record<string, JsonObject | string>>): void {
  const manifest: Record<string, object> = {};
  for (const [name, content] of Object.entries(stacks)) {
    mkdirSync(path.join(directory, 'stacks', name), { recursive: true });
    const file = `stacks/${name}/cdk.tf.json`;
    writeFileSync(
      path.join(directory, file),
      typeof content === 'string' ? content : JSON.stringify(content),
    );
    manifest[name] = { name, synthesizedStackPath: file };
  }
  writeFileSync(
    path.join(directory, 'manifest.json'),
    JSON.stringify({ version: '0.21.0', stacks: manifest }),
  );
}

const input = { today: TODAY, policy: { waivers: [] }, shown: 'cdktf.out' };

/** Logs that are kept for a week: a warning, and no error. */
const SHORT = {
  retention_in_days: 7,
  local_authentication_enabled: false,
  tags: {
    environment: 'prod',
    workload: 'sensors',
    managedBy: 'scaleout',
    owner: 'sensors-platform',
    costCentre: 'wwi-1042',
    production: 'true',
  },
};

describe('audit', () => {
  it('passes good stacks', async () => {
    synthesis({ prod: stackJson('prod'), dev: stackJson('dev') });
    const result = await audit(context, { ...input, directory });
    expect(result.outcome).toBe('done');
    expect(result.document.environments).toEqual(['dev', 'prod']);
  });

  it('says what was judged, when, and by which policy, whatever its files look like', async () => {
    synthesis({ dev: stackJson('dev'), prod: stackJson('prod') });
    const now = new Date('2026-03-01T10:11:12.000Z');
    const judged = async (more: object) =>
      (await audit(context, { ...input, today: undefined, now, directory, ...more })).document;
    const { provenance, judgedOn } = await judged({ environment: 'prod' });
    expect(judgedOn).toBe('2026-03-01');
    expect(provenance).toMatchObject({ tool: { name: 'scaleout' }, madeAt: '2026-03-01T10:11:12.000Z' });
    const bytes = readFileSync(path.join(directory, 'stacks/prod/cdk.tf.json'));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(provenance?.files).toEqual([{ path: 'stacks/prod/cdk.tf.json', sha256 }]);
    const policy = async (given: object) => (await judged({ policy: given })).provenance?.policy.sha256;
    expect(await policy({ waivers: [] })).toBe(provenance?.policy.sha256);
    expect(await policy({ waivers: [], notProduction: ['dev'] })).not.toBe(provenance?.policy.sha256);
    expect(await judged({})).toEqual(await judged({}));
  });

  it('names the line behind a finding, for programs as well', async () => {
    synthesis({ dev: stackJson('dev', { cluster: { node_public_ip_access_enabled: true } }) });
    const { document } = await audit(context, { ...input, directory });
    expect(document.findings[0]?.source).toEqual({
      file: expect.stringMatching(/config\/environments\/dev\.yaml$/) as string,
      line: expect.any(Number) as number,
    });
  });

  it('refuses a stack with an open error, and writes the report where asked', async () => {
    synthesis({ dev: stackJson('dev', { cluster: { node_public_ip_access_enabled: true } }) });
    const out = path.join(directory, 'audit.json');
    const result = await audit(context, { ...input, directory, format: 'json', out });
    expect(result.outcome).toBe('refused');
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(result.document);
    expect(result.text).toBe(readFileSync(out, 'utf8').trimEnd());
  });

  it('does not refuse for a warning or a waived error', async () => {
    synthesis({
      prod: stackJson('prod', { resources: { 'azurerm_log_analytics_workspace.logs': SHORT } }),
    });
    const warned = await audit(context, { ...input, directory });
    expect([warned.outcome, warned.document.counts.warning]).toEqual(['done', 1]);
    synthesis({ prod: stackJson('prod', { cluster: { ha_enabled: false } }) });
    const waivers = [
      {
        rule: 'availability',
        check: 'ha_enabled',
        level: 'error' as const,
        value: 'false',
        constructPath: 'prod/cluster',
        reason: 'r',
        expires: '2027-01-01',
      },
    ];
    expect((await audit(context, { ...input, directory, waivers })).outcome).toBe('done');
  });

  it('judges only what the last synthesis wrote, not what lies beside it', async () => {
    synthesis({ old: stackJson('old', { cluster: { node_public_ip_access_enabled: true } }) });
    synthesis({ dev: stackJson('dev') });
    expect((await audit(context, { ...input, directory })).document.environments).toEqual(['dev']);
  });

  it.each([
    [
      'an unknown environment',
      'prd',
      /there is no environment "prd" \(did you mean "prod"\?\): .* dev and prod/,
    ],
    [
      'a stack that is cut off',
      undefined,
      /^cdktf\.out\/stacks\/prod\/cdk\.tf\.json cannot be judged: it is not JSON/,
    ],
  ])('fails on %s', async (_, environment, message) => {
    synthesis({
      dev: stackJson('dev'),
      prod: environment === undefined ? '{"resource":' : stackJson('prod'),
    });
    await expect(audit(context, { ...input, directory, environment })).rejects.toThrow(message);
  });

  it.each([
    'main.tf',
    'override.tf.json',
    'cdk_override.tf',
    'terraform.tfvars',
    'terraform.tfvars.json',
    'x.auto.tfvars',
  ])('refuses a stack that lies beside %s, which Terraform would read as well', async (name) => {
    synthesis({ dev: stackJson('dev'), prod: stackJson('prod') });
    writeFileSync(path.join(directory, 'stacks', 'prod', name), '{}');
    await expect(audit(context, { ...input, directory, environment: 'dev' })).rejects.toMatchObject({
      message: expect.stringContaining(`cdktf.out/stacks/prod holds ${name} beside cdk.tf.json`) as string,
      exitCode: 3,
    });
  });

  it('passes over what Terraform keeps or does not read', async () => {
    synthesis({ dev: stackJson('dev') });
    mkdirSync(path.join(directory, 'stacks', 'dev', '.terraform'));
    for (const name of ['.terraform.lock.hcl', 'terraform.tfstate', 'notes.md']) {
      writeFileSync(path.join(directory, 'stacks', 'dev', name), '');
    }
    expect((await audit(context, { ...input, directory })).outcome).toBe('done');
  });

  it('refuses a manifest that has another file judged than Terraform reads', async () => {
    synthesis({ dev: stackJson('dev'), prod: stackJson('prod') });
    const file = path.join(directory, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('stacks/prod/', 'stacks/dev/'));
    await expect(audit(context, { ...input, directory })).rejects.toMatchObject({
      message: expect.stringMatching(/says that prod is stacks\/dev\/cdk\.tf\.json/) as string,
      exitCode: 3,
    });
  });

  it('says how to get a synthesis where there is none', async () => {
    await expect(audit(context, { ...input, directory })).rejects.toThrow(
      /^cdktf\.out\/manifest\.json cannot be read \(ENOENT\): .*Run npx cdktf synth first$/,
    );
  });

  it('says which file is missing from a synthesis, and when the manifest is none', async () => {
    synthesis({ dev: stackJson('dev') });
    rmSync(path.join(directory, 'stacks', 'dev'), { recursive: true });
    await expect(audit(context, { ...input, directory })).rejects.toThrow(
      /stacks\/dev\/cdk\.tf\.json cannot be read/,
    );
    writeFileSync(path.join(directory, 'manifest.json'), '{"stacks": 1}');
    await expect(audit(context, { ...input, directory })).rejects.toThrow(
      /is not the manifest of a synthesis/,
    );
  });

  it('says when the report cannot be written', async () => {
    synthesis({ dev: stackJson('dev') });
    const out = path.join(directory, 'none', 'audit.md');
    await expect(audit(context, { ...input, directory, out })).rejects.toThrow(
      /cannot be written \(ENOENT\)/,
    );
  });
});

describe('difference', () => {
  it('is an answer: changes, or nothing to do', async () => {
    synthesis({ dev: stackJson('dev'), prod: stackJson('prod') });
    const dev = { directory, environment: 'dev', label: 'dev' };
    const prod = { directory, environment: 'prod', label: 'prod' };
    expect(await difference(context, { before: dev, after: prod })).toMatchObject({
      outcome: 'changes',
      document: { formatVersion: 1, before: 'dev', after: 'prod', kind: 'comparison' },
    });
    expect((await difference(context, { before: dev, after: dev })).outcome).toBe('done');
  });
});

describe('difference, of what nobody should apply', () => {
  it.each([
    ['the service refuses', { node_count: 2 }, { node_count: 0 }, { refused: 1 }],
    ['destroys the cluster', { location: 'westus2' }, { location: 'eastus' }, { replace: 1 }],
  ])('is refused where it is one that %s', async (_, was, is, counts) => {
    synthesis({ dev: stackJson('dev', { cluster: was }) });
    const before = { directory, environment: 'dev', label: 'dev' };
    const after = mkdtempSync(path.join(tmpdir(), 'scaleout-audit-test-'));
    try {
      cpSync(directory, after, { recursive: true });
      const file = path.join(after, 'stacks', 'dev', 'cdk.tf.json');
      writeFileSync(file, JSON.stringify(stackJson('dev', { cluster: is })));
      const result = await difference(context, { before, after: { ...before, directory: after } });
      expect(result.outcome).toBe('refused');
      expect(result.document.counts).toMatchObject(counts);
    } finally {
      rmSync(after, { recursive: true });
    }
  });
});

describe('readPolicy', () => {
  it('takes the waivers of both files, and is strict', async () => {
    expect(await readPolicy(directory)).toEqual({ waivers: [], files: [] });
    writeFileSync(path.join(directory, 'policy.yaml'), 'notProduction: [dev]\n');
    writeFileSync(path.join(directory, 'waivers.yaml'), 'waivers: []\n');
    const read = await readPolicy(directory);
    expect(read).toMatchObject({ notProduction: ['dev'], waivers: [] });
    expect(read.files.map((file) => [path.basename(file.path), file.sha256])).toEqual([
      ['policy.yaml', createHash('sha256').update('notProduction: [dev]\n').digest('hex')],
      ['waivers.yaml', createHash('sha256').update('waivers: []\n').digest('hex')],
    ]);
    writeFileSync(path.join(directory, 'waivers.yaml'), 'waiver: []\n');
    await expect(readPolicy(directory)).rejects.toThrow(/waivers\.yaml:1: .*unknown key/);
    writeFileSync(path.join(directory, 'policy.yaml'), 'production: [prod]\n');
    await expect(readPolicy(directory)).rejects.toThrow(/policy\.yaml:1: .*unknown key/);
  });
});
