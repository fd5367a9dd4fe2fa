import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { deploy } from '../../scripts/infra/deploy';
import { guard } from '../../scripts/infra/guard';
import { at, CLUSTER_ID, ENVIRONMENT, GROUP_ID, PASSWORD, Rehearsal } from '../infra/rehearsal';
import { azureSuite } from '../support/lanes';
import { processTree } from '../support/process-tree';
import { OWN_PLUGIN } from '../support/shared-provider';

/**
 * Deploys that are killed with SIGKILL, all of their processes at once, while Azure works on what they began. The same
 * command again has to finish the job: no second cluster, none forgotten, and an empty plan at the end.
 *
 * The tests are steps of one story and run in order.
 */
const SLOW = 180_000;
const ROOT = resolve(__dirname, '../..');
/** Long enough to be killed in the middle. */
const OPERATION_MS = 2500;

azureSuite('a deploy that is killed', () => {
  let rehearsal: Rehearsal;
  let killedPid = 0;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({ operationMs: OPERATION_MS });
  }, SLOW);
  afterAll(() => rehearsal.end());

  const again = () =>
    deploy(rehearsal.context, { name: ENVIRONMENT, allow: [], pauseMs: 500, ...rehearsal.options });

  /** Runs a deploy in processes of its own. */
  function startDeploy(): { readonly child: ChildProcess; readonly said: () => string } {
    const script = `
      const { deploy } = require('./scripts/infra/deploy');
      const { streamReporter } = require('./scripts/lib/reporter');
      const context = { reporter: streamReporter(process.stderr), signal: new AbortController().signal, confirm: async () => true };
      deploy(context, { name: '${ENVIRONMENT}', allow: [], directory: ${JSON.stringify(join(rehearsal.home, 'cdktf.out'))} })
        .then(({ text }) => process.stdout.write(text), (error) => process.stdout.write(error.message));`;
    const child = spawn(process.execPath, ['-r', './scripts/typescript.js', '-e', script], {
      cwd: ROOT,
      env: { ...rehearsal.environment, ...OWN_PLUGIN },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return { child, said: () => said };
  }

  /** Waits for a request that changes something, as in `PUT serverGroupsv2/wwi-sensors-dev`. */
  async function sent(change: string, since: number, said: () => string): Promise<void> {
    const deadline = Date.now() + SLOW;
    while (!rehearsal.changesSent(since).includes(change)) {
      if (Date.now() > deadline) throw new Error(`nobody sent ${change}: ${said()}`);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async function killAfter(change: string): Promise<void> {
    const since = rehearsal.azure.requests.length;
    const { child, said } = startDeploy();
    const ended = new Promise((done) => child.once('close', done));
    await sent(change, since, said);
    killedPid = child.pid ?? 0;
    const killed = processTree(child.pid ?? 0);
    // The program, Terraform and the provider.
    expect(killed.length).toBeGreaterThanOrEqual(3);
    for (const pid of killed) process.kill(pid, 'SIGKILL');
    await ended;
    expect(said()).not.toContain(PASSWORD);
  }

  const cluster = async () =>
    (await rehearsal.inAzure('GET', CLUSTER_ID)).body as { properties: Record<string, unknown> };

  it(
    'in the middle of creating the cluster: the next one takes it over, and finishes it',
    async () => {
      await killAfter('PUT serverGroupsv2/wwi-sensors-dev');
      const left = readdirSync(tmpdir()).filter((name) =>
        name.startsWith(`scaleout-plan-${String(killedPid)}-`),
      );
      expect(left).toHaveLength(1);
      const before = rehearsal.azure.requests.length;
      // Whatever the pace of this machine: what the killed deploy began is still under way when the next one comes.
      rehearsal.azure.inject({ method: 'PATCH', path: /serverGroupsv2/, answer: { kind: 'conflict' } });
      const { outcome, document, text } = await again();
      expect(rehearsal.context.reporter.lines.join('\n')).toContain(
        'Azure still works on what an earlier deploy began',
      );
      expect({ outcome, pending: document.pending }).toEqual({ outcome: 'done', pending: [] });
      expect(document.adopted.map(({ id }) => id)).toContain(CLUSTER_ID);
      expect(text).toContain('Next: npx scaleout tables plan --env dev');
      // No second cluster is asked for: it gets its password, and the rest is created.
      expect(rehearsal.changesSent(before)).not.toContain('PUT serverGroupsv2/wwi-sensors-dev');
      expect(rehearsal.changesSent(before)).toContain('PUT firewallRules/office');
      expect(readFileSync(rehearsal.stackFile, 'utf8')).not.toContain('"import"');
      // Nor is the plan that was being applied left lying about, with the password in it.
      expect(readdirSync(tmpdir()).filter((name) => left.includes(name))).toEqual([]);
    },
    SLOW,
  );

  it(
    'in the middle of adding workers: the next one finds them, and there are not more',
    async () => {
      rehearsal.writeConfig(['stage: single-node', 'stage: scaled-out']);
      await killAfter('PATCH serverGroupsv2/wwi-sensors-dev');
      await new Promise((done) => setTimeout(done, OPERATION_MS));
      const { outcome, document } = await again();
      expect({ outcome, pending: document.pending, adopted: document.adopted }).toEqual({
        outcome: 'done',
        pending: [],
        adopted: [],
      });
      expect((await cluster()).properties).toMatchObject({ nodeCount: 3, state: 'Ready' });
    },
    SLOW,
  );

  it(
    'names who holds the state while another run is at it',
    async () => {
      rehearsal.writeConfig(
        ['stage: single-node', 'stage: scaled-out'],
        ['highAvailability: false', 'highAvailability: true'],
      );
      const since = rehearsal.azure.requests.length;
      const { child, said } = startDeploy();
      const ended = new Promise((done) => child.once('close', done));
      await sent('PATCH serverGroupsv2/wwi-sensors-dev', since, said);
      await expect(
        guard(rehearsal.context, { name: ENVIRONMENT, allow: [], ...rehearsal.options, skipSynth: true }),
      ).rejects.toThrow(
        /^the state of "dev" is locked by \S+@\S+ since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, for terraform apply\. If that run is still going, wait for it\. If it is dead, release its lock with terraform -chdir=cdktf\.out\/stacks\/dev force-unlock [0-9a-f-]{36}, and run the same command again$/,
      );
      await ended;
      expect(said()).toContain('a new plan is empty');
    },
    SLOW,
  );

  it(
    'takes over nothing that is somebody else’s',
    async () => {
      // A group of the same name in which nobody said whose it is, and a state that knows nothing.
      const { body } = await rehearsal.inAzure('GET', GROUP_ID);
      await rehearsal.inAzure('PUT', GROUP_ID, {
        location: 'westus2',
        tags: { environment: 'dev', managedBy: 'hand' },
      });
      const options = await rehearsal.synthesizeWith((stack) => {
        at(stack, 'terraform')['backend'] = { local: { path: '../../../.scaleout/state/other.tfstate' } };
      });
      rehearsal.forgetBackend();
      const since = rehearsal.azure.requests.length;
      await expect(
        deploy(rehearsal.context, { name: ENVIRONMENT, allow: [], ...options }),
      ).rejects.toMatchObject({
        exitCode: 3,
        message: `${GROUP_ID} exists in Azure and is not taken over, because its resource group rg-wwi-sensors-dev has the tags managedBy=hand and environment=dev where "dev" sets managedBy=scaleout and environment=dev. Nothing was done to it: choose another name in config/environments/dev.yaml, or, if it is yours, take it over with terraform import azurerm_resource_group.ResourceGroup ${GROUP_ID}`,
      });
      expect(rehearsal.changesSent(since)).toEqual([]);
      expect(body).toMatchObject({ id: GROUP_ID });
    },
    SLOW,
  );
});
