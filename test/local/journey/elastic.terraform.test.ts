import { silentReporter } from '../../../scripts/lib/reporter';
import { localRun } from '../../../scripts/local/commands';
import { localEngines } from '../../../scripts/local/engines';
import { loadWorkload } from '../../../config/workload/workload';
import { elasticSuite } from '../../support/elastic';
import { testEnvironment } from '../../support/environment';
import { scratchDirectory } from '../../support/scratch';
import { recordingReporter } from './recording-reporter';

const scratch = scratchDirectory();

/** The unmodified azurerm 4.73.0, whose block the bindings do not know, against the stand-in and a real cluster. */
elasticSuite('terraform', 'the journey of an elastic cluster, deployed with Terraform', () => {
  test('Terraform creates one node, scales it to three in place, and the verbs run against it', async () => {
    const reporter = recordingReporter();
    const workload = await loadWorkload('sensors');
    const { document, text, outcome } = await localRun(
      { reporter, signal: new AbortController().signal, confirm: () => Promise.resolve(true) },
      {
        rows: 2000,
        // Nobody writes here, and copying without blocking writes takes minutes.
        workload: { ...workload, distribution: { ...workload.distribution, online: false } },
        terraform: true,
        service: 'elastic-cluster',
      },
      { engines: localEngines({}), environment: testEnvironment(), stateDirectory: scratch },
    );
    expect(outcome).toBe('done');
    expect(document).toMatchObject({
      engine: 'native',
      simulated: false,
      rebalance: { moves: 0 },
      tasks: { perDevice: 1, allDevices: 32 },
      verify: { ok: true },
      terraform: {
        provider: 'hashicorp/azurerm 4.73.0',
        environment: 'dev',
        service: 'elastic-cluster',
        deploys: [
          { stage: 'single-node', imported: 0, changed: 0, destroyed: 0 },
          { stage: 'scaled-out', imported: 0, added: 0, changed: 1, destroyed: 0 },
        ],
        replanEmpty: true,
      },
    });
    // The group, the server and its firewall rule.
    expect(document.terraform?.deploys[0]?.added).toBe(3);
    expect(document.terraform).not.toHaveProperty('adopted');
    expect(document.placements.map(({ shards }) => shards).sort()).toEqual([10, 11, 11]);
    expect(text).toContain('Service: elastic-cluster, of Azure Database for PostgreSQL');
    const told = reporter.lines.join('\n');
    expect(told).toMatch(/native: taken, PostgreSQL 17\.\d+ with Citus 1[34]\./);
    expect(told).toMatch(
      /coordinator_fqdn, [\w-]+\.postgres\.database\.azure\.com, is 127\.0\.0\.1:\d+ here/,
    );
  }, 300_000);

  test('without PostgreSQL 17 one paragraph says so, before anything is started', async () => {
    const run = localRun(
      {
        reporter: silentReporter,
        signal: new AbortController().signal,
        confirm: () => Promise.resolve(true),
      },
      { rows: 2000, terraform: true, service: 'elastic-cluster' },
      {
        engines: localEngines({}).filter(({ name }) => name === 'embedded'),
        environment: testEnvironment(),
        stateDirectory: scratch,
      },
    );
    await expect(run).rejects.toThrow(
      /^this needs PostgreSQL 17 with Citus 13\.2 or newer, and no engine has that here \(embedded: PostgreSQL from npm has no Citus\)/,
    );
  });
});
