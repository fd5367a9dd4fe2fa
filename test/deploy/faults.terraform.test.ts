import { deploy } from '../../scripts/infra/deploy';
import { guard } from '../../scripts/infra/guard';
import { InterruptedError } from '../../scripts/lib/errors';
import { CLUSTER_ID, ENVIRONMENT, PASSWORD, Rehearsal } from '../infra/rehearsal';
import { azureSuite } from '../support/lanes';
import { OWN_PLUGIN } from '../support/shared-provider';

/**
 * Azure and the machine at their worst: each time one clear paragraph, and the same command again goes on from there.
 * Steps of one story, in order.
 */
const SLOW = 180_000;
const CLUSTER = /serverGroupsv2\/[^/]+$/;

azureSuite('a deploy that meets a fault', () => {
  let rehearsal: Rehearsal;
  beforeAll(async () => {
    rehearsal = await Rehearsal.start({ operationMs: 1500 });
  }, SLOW);
  afterAll(() => rehearsal.end());

  const run = (environment: Record<string, string | undefined> = {}, signal?: AbortSignal) =>
    deploy(signal === undefined ? rehearsal.context : { ...rehearsal.context, signal }, {
      name: ENVIRONMENT,
      allow: [],
      ...rehearsal.options,
      // A plugin that runs already has the environment that it was started with.
      environment: {
        ...rehearsal.environment,
        ...(Object.keys(environment).length > 0 ? OWN_PLUGIN : {}),
        ...environment,
      },
    });

  it(
    'says what this machine lacks, and sends nothing',
    async () => {
      const since = rehearsal.azure.requests.length;
      await expect(run({ TERRAFORM_BINARY_NAME: 'no-such-terraform' })).rejects.toThrow(
        /^no-such-terraform is not installed, or not on the PATH/,
      );
      await expect(run({ TF_VAR_admin_password: undefined })).rejects.toThrow(
        /^nothing says what the variable "admin_password" is/,
      );
      await expect(run({ ARM_SUBSCRIPTION_ID: undefined })).rejects.toThrow(
        /^nothing says which subscription/,
      );
      expect(rehearsal.changesSent(since)).toEqual([]);
    },
    SLOW,
  );

  it(
    'waits out 429 and 500, and explains a conflict',
    async () => {
      rehearsal.azure.inject({ method: 'PUT', path: CLUSTER, answer: { kind: 'throttled' } });
      rehearsal.azure.inject({ method: 'PUT', path: CLUSTER, answer: { kind: 'conflict' } });
      await expect(run()).rejects.toThrow(
        /^another operation is under way in Azure \(azurerm_cosmosdb_postgresql_cluster\.\w+\): Conflict: .*run the same command again/,
      );
    },
    SLOW,
  );

  it(
    'explains an operation that Azure gave up, and finishes the next time',
    async () => {
      rehearsal.azure.inject({
        method: 'PUT',
        path: CLUSTER,
        answer: { kind: 'operationFails', message: 'No room.' },
      });
      await expect(run()).rejects.toThrow(
        /^Azure accepted the change and then gave it up \(.*\): No room\. /,
      );
      const { outcome, document } = await run();
      expect({ outcome, pending: document.pending }).toEqual({ outcome: 'done', pending: [] });
    },
    SLOW,
  );

  it(
    'stopped with Ctrl-C in the middle, says so, and the next one finishes',
    async () => {
      rehearsal.writeConfig(['stage: single-node', 'stage: scaled-out']);
      const stop = new AbortController();
      const since = rehearsal.azure.requests.length;
      const watch = setInterval(() => {
        if (rehearsal.changesSent(since).length > 0) stop.abort();
      }, 20);
      try {
        await expect(run({}, stop.signal)).rejects.toThrow(InterruptedError);
      } finally {
        clearInterval(watch);
      }
      const { outcome, document } = await run();
      expect({ outcome, pending: document.pending }).toEqual({ outcome: 'done', pending: [] });
      expect((await rehearsal.inAzure('GET', CLUSTER_ID)).body).toMatchObject({
        properties: { nodeCount: 3 },
      });
    },
    SLOW,
  );

  it(
    'says at once that a resource failed, and why when the rest is stopped with Ctrl-C',
    async () => {
      const HOME = '{ name: home, from: 203.0.113.20, to: 203.0.113.20 }';
      rehearsal.writeConfig(
        ['stage: single-node', 'stage: scaled-out'],
        ['to: 203.0.113.15 }', `to: 203.0.113.9 }, ${HOME}`],
      );
      rehearsal.azure.inject({
        method: 'PUT',
        path: /firewallRules\/home/,
        answer: { kind: 'conflict' },
      });
      // Tried again in a minute, which nobody waits for.
      rehearsal.azure.inject({
        method: 'PUT',
        path: /firewallRules\/office/,
        answer: { kind: 'throttled', retryAfterSeconds: 60 },
      });
      const stop = new AbortController();
      const since = rehearsal.context.reporter.lines.length;
      const FAILED = /^! azurerm_cosmosdb_postgresql_firewall_rule\.Firewall_home_\w+ failed\. /;
      const watch = setInterval(() => {
        if (rehearsal.context.reporter.lines.slice(since).some((line) => FAILED.test(line))) stop.abort();
      }, 20);
      try {
        await expect(run({}, stop.signal)).rejects.toThrow(
          /^stopped as asked, with \d of 2 steps done .*\. Before that, another operation is under way in Azure \(azurerm_cosmosdb_postgresql_firewall_rule\.Firewall_home_/,
        );
      } finally {
        clearInterval(watch);
      }
      rehearsal.writeConfig(['stage: single-node', 'stage: scaled-out']);
      expect((await run()).outcome).toBe('done');
    },
    SLOW,
  );

  it(
    'does nothing where a person says no, or there is nothing to do',
    async () => {
      rehearsal.writeConfig(
        ['stage: single-node', 'stage: scaled-out'],
        ['highAvailability: false', 'highAvailability: true'],
      );
      const since = rehearsal.azure.requests.length;
      const refusing = { ...rehearsal.context, confirm: () => Promise.resolve(false) };
      await expect(deploy(refusing, { name: ENVIRONMENT, allow: [], ...rehearsal.options })).rejects.toThrow(
        /^nothing was applied to dev, as answered$/,
      );
      expect(
        await guard(rehearsal.context, { name: ENVIRONMENT, allow: [], ...rehearsal.options }),
      ).toMatchObject({ outcome: 'changes', document: { ok: true, changes: [{ action: 'update' }] } });
      rehearsal.writeConfig(['stage: single-node', 'stage: scaled-out']);
      expect(await run()).toMatchObject({
        outcome: 'done',
        text: 'Nothing to do: dev is as its config says.',
      });
      expect(rehearsal.changesSent(since)).toEqual([]);
      expect(rehearsal.context.reporter.lines.join('\n')).not.toContain(PASSWORD);
    },
    SLOW,
  );
});
