import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configDirectory } from '../../config/file/files';
import { auditFresh, differenceFresh } from '../../scripts/infra/audit-synth';
import { errorDocument } from '../../scripts/lib/errors';
import { silentReporter } from '../../scripts/lib/reporter';
import type { VerbContext } from '../../scripts/lib/verb';
import { testEnvironment } from '../support/environment';
import { laneSuite } from '../support/lanes';

const context: VerbContext = {
  reporter: silentReporter,
  signal: new AbortController().signal,
  confirm: () => Promise.reject(new Error('an audit asks nothing')),
};

// Each test starts the app once or twice, which a busy machine takes its time over.
jest.setTimeout(60_000);

laneSuite('synth', 'the environments of this project', () => {
  it('pass their audit, synthesized afresh', async () => {
    const { document, outcome } = await auditFresh(context, { today: '2026-03-01', waivers: [] });
    // The samples take over one cluster, whose tags are ours from then on, and have another that is ours.
    expect(
      document.findings.map(({ environment, level, ruleId, check }) => [
        environment,
        level,
        `${ruleId}/${check}`,
      ]),
    ).toEqual(
      ['environment', 'workload', 'managedBy', 'production'].map((tag) => [
        'dev',
        'after-adoption',
        `tags/${tag}`,
      ]),
    );
    expect(outcome).toBe('done');
    expect(document.environments).toEqual(['bootstrap', 'dev', 'prod']);
  });

  it('scale out by one change in place of the same cluster', async () => {
    const { document } = await differenceFresh(context, {
      before: 'dev@single-node',
      after: 'dev@scaled-out',
    });
    expect(document.counts).toEqual({ update: 2, create: 0, replace: 0, destroy: 0, refused: 0, differs: 0 });
    expect(document.changes.map(({ attribute, before, after }) => [attribute, before, after])).toEqual([
      ['node_count', 0, 2],
      ['value', 'single-node', 'scaled-out'],
    ]);
  });

  it('never scale back in', async () => {
    const { document } = await differenceFresh(context, {
      before: 'prod@scaled-out',
      after: 'prod@single-node',
    });
    expect(document.counts.refused).toBe(1);
  });

  it('are judged as their config says, whatever stage a shell has exported', async () => {
    const environment = testEnvironment({ SCALEOUT_STAGE: 'nonsense' });
    const { document } = await differenceFresh(context, { before: 'dev', after: 'prod' }, { environment });
    expect(document.kind).toBe('comparison');
  });

  it('fails on files that are wrong with each issue as data, as every other verb does', async () => {
    const config = mkdtempSync(path.join(tmpdir(), 'scaleout-config-'));
    try {
      for (const folder of ['environments', 'workloads']) mkdirSync(path.join(config, folder));
      writeFileSync(path.join(config, 'environments', 'dev.yaml'), 'name: dev\nlocation: nowhere at all\n');
      const environment = testEnvironment({ SCALEOUT_CONFIG_DIR: config });
      const failure: unknown = await auditFresh(context, {}, { environment }).catch(
        (error: unknown) => error,
      );
      const { error } = errorDocument(failure);
      expect(error).toMatchObject({
        code: 'config.invalid',
        details: {
          issues: expect.arrayContaining([expect.objectContaining({ path: 'location', line: 2 })]) as unknown,
        },
      });
    } finally {
      rmSync(config, { recursive: true });
    }
  });

  it('judges the environments that are finished, and names what another one lacks', async () => {
    const config = mkdtempSync(path.join(tmpdir(), 'scaleout-config-'));
    try {
      cpSync(configDirectory({}), config, { recursive: true, filter: (file) => !/\.ts$/.test(file) });
      const draft = path.join(config, 'environments', 'dev.yaml');
      writeFileSync(
        draft,
        readFileSync(draft, 'utf8').replace('postgresVersion: 16', 'postgresVersion: many'),
      );
      const environment = testEnvironment({ SCALEOUT_CONFIG_DIR: config });
      const input = { today: '2026-03-01', waivers: [] };
      const { document, outcome, text } = await auditFresh(context, input, { environment });
      expect(outcome).toBe('refused');
      expect([document.environments, document.unfinished]).toEqual([['bootstrap', 'prod'], ['dev']]);
      expect(document.findings).toMatchObject([
        {
          ruleId: 'config',
          check: 'config.wrong-value:cluster.postgresVersion',
          environment: 'dev',
          level: 'error',
        },
      ]);
      expect(text).toMatch(/dev\.yaml:\d+: cluster\.postgresVersion: is "many"/);
      const alone = await auditFresh(context, { ...input, environment: 'prod' }, { environment });
      expect(alone.outcome).toBe('done');
    } finally {
      rmSync(config, { recursive: true });
    }
  });

  it('fails on an environment that is not there', async () => {
    await expect(auditFresh(context, { environment: 'prd' })).rejects.toThrow(/did you mean "prod"/);
  });
});
