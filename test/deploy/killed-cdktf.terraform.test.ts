import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { guard } from '../../scripts/infra/guard';
import { ENVIRONMENT, GROUP_ID, OWN_TAGS, PASSWORD, Rehearsal } from '../infra/rehearsal';
import { processTree } from '../support/process-tree';
import { OWN_PLUGIN } from '../support/shared-provider';
import { azureSuite } from '../support/lanes';

/**
 * `cdktf deploy` over what a killed one left in Azure: typed again, it takes over what is its own and finishes the job.
 *
 * The tests are steps of one story and run in order.
 */
const SLOW = 180_000;
const ROOT = resolve(__dirname, '../..');
const CREATION = 'PUT serverGroupsv2/wwi-sensors-dev';

azureSuite('a cdktf deploy that is killed', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({ operationMs: 2500 });
  }, SLOW);
  afterAll(() => rehearsal.end());

  function startDeploy(variables: NodeJS.ProcessEnv = {}): {
    readonly child: ChildProcess;
    readonly ended: Promise<{ readonly exitCode: number | null; readonly output: string }>;
  } {
    const child = spawn(
      process.execPath,
      [
        join(ROOT, 'scripts', 'cdktf.js'),
        'deploy',
        ENVIRONMENT,
        '--auto-approve',
        '--skip-provider-lock',
        '--output',
        join(rehearsal.home, 'cdktf.out'),
      ],
      {
        cwd: ROOT,
        env: { ...rehearsal.environment, CI: 'true', ...variables },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += stripVTControlCharacters(chunk.toString())));
    }
    const ended = new Promise<{ exitCode: number | null; output: string }>((done) => {
      child.once('close', (exitCode) => done({ exitCode, output }));
    });
    return { child, ended };
  }

  it(
    'takes over nothing that is somebody else’s',
    async () => {
      await rehearsal.inAzure('PUT', GROUP_ID, { location: 'westus2', tags: { managedBy: 'hand' } });
      const since = rehearsal.azure.requests.length;
      const { exitCode, output } = await startDeploy().ended;
      expect(output).toContain(`error: ${GROUP_ID} exists in Azure and is not taken over, because its`);
      expect({ exitCode, sent: rehearsal.changesSent(since) }).toEqual({ exitCode: 3, sent: [] });
      expect(readFileSync(rehearsal.stackFile, 'utf8')).not.toContain('"import"');
      await rehearsal.inAzure('PUT', GROUP_ID, { location: 'westus2', tags: OWN_TAGS });
    },
    SLOW,
  );

  it(
    'is finished by the next one, with no second cluster',
    async () => {
      const { child, ended } = startDeploy(OWN_PLUGIN);
      const deadline = Date.now() + SLOW;
      while (!rehearsal.changesSent().includes(CREATION)) {
        if (Date.now() > deadline) throw new Error('nobody asked for a cluster');
        await new Promise((done) => setTimeout(done, 20));
      }
      for (const pid of processTree(child.pid ?? 0)) process.kill(pid, 'SIGKILL');
      const killed = await ended;

      const { exitCode, output } = await startDeploy().ended;
      expect({ exitCode, creations: rehearsal.changesSent().filter((sent) => sent === CREATION) }).toEqual({
        exitCode: 0,
        creations: [CREATION],
      });
      expect(output).toMatch(/\/serverGroupsv2\/wwi-sensors-dev exists already: looking whether/);
      expect(killed.output + output).not.toContain(PASSWORD);
      expect(readFileSync(rehearsal.stackFile, 'utf8')).not.toContain('"import"');
      const after = await guard(rehearsal.context, { name: ENVIRONMENT, allow: [], ...rehearsal.options });
      expect(after).toMatchObject({ outcome: 'done', document: { changes: [] } });
    },
    3 * SLOW,
  );
});
