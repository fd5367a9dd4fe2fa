import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { deploy } from '../../scripts/infra/deploy';
import { CLUSTER_ID, ENVIRONMENT, Rehearsal } from './rehearsal';
import { azureSuite } from '../support/lanes';

/** `cdktf deploy` and `cdktf destroy` as people type them, with the guards before them. Steps of one story, in order. */
const SLOW = 180_000;
const ROOT = resolve(__dirname, '../..');

azureSuite('the guards before cdktf', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start();
    rehearsal.writeConfig(['stage: single-node', 'stage: scaled-out']);
    await deploy(rehearsal.context, { name: ENVIRONMENT, allow: [], ...rehearsal.options });
  }, SLOW);
  afterAll(() => rehearsal.end());

  const cdktf = (verb: string, environment: Record<string, string> = {}) =>
    new Promise<{ exitCode: number | null; output: string; sent: string[] }>((done, fail) => {
      const since = rehearsal.azure.requests.length;
      const child = spawn(
        process.execPath,
        [
          join(ROOT, 'scripts', 'cdktf.js'),
          verb,
          ENVIRONMENT,
          '--auto-approve',
          '--skip-provider-lock',
          '--output',
          join(rehearsal.home, 'cdktf.out'),
        ],
        {
          cwd: ROOT,
          env: { ...rehearsal.environment, CI: 'true', ...environment },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      }
      child.on('error', fail);
      child.on('close', (exitCode) =>
        done({ exitCode, output: stripVTControlCharacters(output), sent: rehearsal.changesSent(since) }),
      );
    });

  it(
    'refuses the way back to one node before anything is sent, which Azure would only refuse half-way',
    async () => {
      rehearsal.writeConfig();
      const { exitCode, output, sent } = await cdktf('deploy', {
        SCALEOUT_ALLOW: 'back-to-one-node:wwi-sensors-dev',
      });
      expect(output).toContain('REFUSED back-to-one-node:wwi-sensors-dev at dev/Cluster/Resource');
      expect(output).toContain('back-to-one-node:wwi-sensors-dev cannot be allowed');
      expect({ exitCode, sent }).toEqual({ exitCode: 3, sent: [] });
    },
    SLOW,
  );

  it(
    'explains in one paragraph what fails while cdktf applies',
    async () => {
      rehearsal.writeConfig(
        ['stage: single-node', 'stage: scaled-out'],
        ['to: 203.0.113.15', 'to: 203.0.113.14'],
      );
      rehearsal.azure.inject({ method: 'PUT', path: /firewallRules/, answer: { kind: 'conflict' } });
      const { exitCode, output } = await cdktf('deploy');
      expect(output).toMatch(
        /^error: another operation is under way in Azure \(azurerm_cosmosdb_postgresql_firewall_rule\.\w+\): .* run the same command again$/m,
      );
      expect(exitCode).toBe(1);
    },
    SLOW,
  );

  it(
    'destroys a cluster that is unprotected, and only named by who destroys it; all else goes through to cdktf',
    async () => {
      const allow = 'destroy-cluster:wwi-sensors-dev,destroy-resource-group:rg-wwi-sensors-dev';
      rehearsal.writeConfig([
        'highAvailability: false',
        'highAvailability: false\n  protectFromDestroy: false',
      ]);
      const unnamed = await cdktf('destroy');
      expect(unnamed.output).toContain(`SCALEOUT_ALLOW=${allow}`);
      expect(unnamed).toMatchObject({ exitCode: 3, sent: [] });

      const named = await cdktf('destroy', { SCALEOUT_ALLOW: allow });
      expect(named.output).toContain('Destroy complete!');
      expect(named.exitCode).toBe(0);
      expect((await rehearsal.inAzure('GET', CLUSTER_ID)).status).toBe(404);
    },
    // Of which the provider spends the most watching the cluster and the group go.
    2 * SLOW,
  );
});
