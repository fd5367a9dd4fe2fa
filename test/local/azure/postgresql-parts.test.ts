import { readFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parameterNamed } from '../../../scripts/local/azure/postgresql/postgresql-parameters';
import {
  roleNameRefusal,
  rolePasswordRefusal,
} from '../../../scripts/local/azure/postgresql/postgresql-roles';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import type { Send } from './arm-client';
import { armClient, azurermVersion, CLUSTER, createCluster } from './arm-client';

const ROLE = `${CLUSTER}/roles/app`;
const PASSWORD = 'Role-of-app-1';
const role = { properties: { password: PASSWORD } };
const value = (text: unknown): object => ({ properties: { value: text } });

describe('what belongs to a cluster', () => {
  let azure: AzureStandIn;
  let send: Send;
  let directory = '';

  async function start(operationMs = 0): Promise<void> {
    azure = await startAzureStandIn({
      newClusters: 'accepted',
      stateFile: join(directory, 'azure.json'),
      operationMs,
    });
    send = armClient(azure, azurermVersion);
  }
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'azure-'));
    await start();
  });
  afterEach(async () => {
    await azure.close();
    rmSync(directory, { recursive: true });
  });

  describe('a role', () => {
    it('is made as a long-running operation, listed and dropped', async () => {
      await createCluster(send, 0);
      const made = await send('PUT', ROLE, role);
      expect(made).toMatchObject({ status: 201, body: { properties: { provisioningState: 'InProgress' } } });
      expect(made.headers).toHaveProperty('azure-asyncoperation');
      expect((await send('GET', ROLE)).body).toMatchObject({
        id: ROLE,
        name: 'app',
        type: 'Microsoft.DBforPostgreSQL/serverGroupsv2/roles',
        properties: { provisioningState: 'Succeeded' },
      });
      expect((await send('PUT', ROLE, role)).status).toBe(200);
      expect((await send('GET', `${CLUSTER}/roles`)).body).toMatchObject({ value: [{ id: ROLE }] });
      expect((await send('DELETE', ROLE)).status).toBe(202);
      expect((await send('GET', ROLE)).status).toBe(404);
      expect((await send('DELETE', ROLE)).status).toBe(204);
    });

    it('keeps its password nowhere', async () => {
      await createCluster(send, 0);
      const answers = [await send('PUT', ROLE, role), await send('GET', ROLE)];
      const kept = [
        readFileSync(join(directory, 'azure.json'), 'utf8'),
        JSON.stringify([answers, azure.requests]),
      ];
      for (const text of kept) expect(text).not.toContain(PASSWORD);
    });

    it('is refused without a cluster, and goes with it', async () => {
      expect((await send('PUT', ROLE, role)).body.error.code).toBe('ResourceGroupNotFound');
      await createCluster(send, 0);
      expect((await send('PUT', ROLE.replace('/wwi/', '/other/'), role)).body.error.code).toBe(
        'ResourceNotFound',
      );
      await send('PUT', ROLE, role);
      await send('DELETE', CLUSTER);
      await createCluster(send, 0);
      expect((await send('GET', ROLE)).status).toBe(404);
    });

    it.each([
      ['no body', ROLE, undefined, /password of a role is required/],
      ['no password', ROLE, value('x'), /password of a role is required/],
      ['a short password', ROLE, { properties: { password: 'Short-1' } }, /8 to 256 characters/],
      ['a name in capitals', `${CLUSTER}/roles/App`, role, /'App' is not allowed/],
      ['the name of the administrator', `${CLUSTER}/roles/citus`, role, /'citus' is reserved/],
    ])('is refused with %s', async (_, path, body, message) => {
      await createCluster(send, 0);
      const { status, body: answer } = await send('PUT', path, body);
      expect(status).toBe(400);
      expect(answer.error.message).toMatch(message);
      expect((await send('GET', `${CLUSTER}/roles`)).body).toEqual({ value: [] });
    });
  });

  describe('a configuration', () => {
    const shards = `${CLUSTER}/coordinatorConfigurations/citus.shard_count`;
    const memory = `${CLUSTER}/nodeConfigurations/work_mem`;

    it('has its default until somebody sets it, and again once that is set', async () => {
      await createCluster(send, 2);
      const untouched = (await send('GET', shards)).body;
      expect(untouched.properties).toEqual({
        value: '32',
        defaultValue: '32',
        source: 'system-default',
        dataType: 'Integer',
        allowedValues: '1-64000',
        requiresRestart: false,
        provisioningState: 'Succeeded',
      });
      expect(await send('PUT', shards, value('48'))).toMatchObject({
        status: 201,
        body: { properties: { value: '48', provisioningState: 'InProgress' } },
      });
      expect((await send('GET', shards)).body.properties).toMatchObject({
        value: '48',
        source: 'user-override',
      });
      await send('PUT', shards, value('32'));
      expect((await send('GET', shards)).body).toEqual(untouched);
    });

    it('is one thing on the coordinator and another on the workers', async () => {
      await createCluster(send, 2);
      expect((await send('PUT', memory, value('65536'))).status).toBe(201);
      expect((await send('GET', memory)).body).toMatchObject({
        id: memory,
        type: 'Microsoft.DBforPostgreSQL/serverGroupsv2/nodeConfigurations',
        properties: { value: '65536' },
      });
      const coordinators = await send('GET', `${CLUSTER}/coordinatorConfigurations/work_mem`);
      expect(coordinators.body.properties).toMatchObject({ value: '4096' });
    });

    it("is refused in the service's words where the service knows none of that name", async () => {
      await createCluster(send, 2);
      for (const [method, kind] of [
        ['GET', 'coordinatorConfigurations'],
        ['PUT', 'nodeConfigurations'],
      ] as const) {
        const path = `${CLUSTER}/${kind}/log_checkpoints`;
        expect(await send(method, path, method === 'PUT' ? value('on') : undefined)).toMatchObject({
          status: 404,
          body: {
            error: {
              code: 'not_found',
              message: 'There is no configuration with name "log_checkpoints".',
            },
          },
        });
      }
    });

    it('is refused on workers that are not there', async () => {
      await createCluster(send, 0);
      const { status, body } = await send('PUT', memory, value('65536'));
      expect([status, body.error.message]).toEqual([
        400,
        "The configuration 'work_mem' cannot be set on worker nodes: the cluster 'wwi' has none.",
      ]);
      expect((await send('PUT', shards, value('48'))).status).toBe(201);
    });

    it.each([
      ['no value', 'citus.shard_count', undefined, /needs a value, which is text/],
      ['a number that is no text', 'citus.shard_count', 48, /needs a value, which is text/],
      ['a value out of range', 'citus.shard_count', '0', /allowed values are 1-64000/],
      ['a unit', 'work_mem', '64MB', /'64MB' of the configuration 'work_mem' is not allowed/],
      ['a word that is not one of the words', 'citus.multi_shard_modify_mode', 'both', /parallel,sequential/],
      ['another way to say yes', 'jit', 'true', /allowed values are on,off/],
    ])('is refused with %s', async (_, name, given, message) => {
      await createCluster(send, 2);
      const path = `${CLUSTER}/coordinatorConfigurations/${name}`;
      const before = (await send('GET', path)).body;
      const refused = await send('PUT', path, value(given));
      expect(refused.status).toBe(400);
      expect(refused.body.error.message).toMatch(message);
      expect((await send('GET', path)).body).toEqual(before);
    });
  });

  it('is changed one thing at a time, whatever it is', async () => {
    await createCluster(send, 2);
    await azure.close();
    await start(60_000);
    expect((await send('PUT', ROLE, role)).status).toBe(201);
    const firewall = { properties: { startIpAddress: '203.0.113.8', endIpAddress: '203.0.113.15' } };
    for (const [method, path, body] of [
      ['PUT', `${CLUSTER}/roles/other`, role],
      ['PUT', `${CLUSTER}/firewallRules/office`, firewall],
      ['PUT', `${CLUSTER}/coordinatorConfigurations/jit`, value('off')],
      ['PUT', `${CLUSTER}/nodeConfigurations/jit`, value('off')],
      ['PATCH', CLUSTER, { properties: { nodeCount: 3 } }],
      ['DELETE', CLUSTER, undefined],
    ] as const) {
      expect(await send(method, path, body)).toMatchObject({
        status: 409,
        body: { error: { code: 'AnotherOperationInProgress' } },
      });
    }
  });
});

describe('parameterNamed', () => {
  it('knows no name that every object has', () => {
    expect(parameterNamed('constructor')).toBeUndefined();
  });

  it.each([
    ['citus.shard_count', ['1', '64000'], ['0', '64001', '1.5', '', ' 1', '1e3']],
    ['random_page_cost', ['1.1', '4'], ['-1', 'x', '']],
    ['lock_timeout', ['0', '2147483647'], ['-1', '10s']],
    ['log_min_duration_statement', ['-1', '1000'], ['-2']],
    ['log_statement', ['none', 'ddl'], ['NONE', '']],
    ['array_nulls', ['on', 'off'], ['ON', '1']],
  ])('%s allows what it is said to', (name, allowed, refused) => {
    const parameter = parameterNamed(name)!;
    expect([...allowed, parameter.defaultValue].filter((text) => !parameter.allows(text))).toEqual([]);
    expect(refused.filter((text) => parameter.allows(text))).toEqual([]);
  });
});

describe('rules for roles', () => {
  it.each(['app', 'app_reader', '9lives', 'a'.repeat(63)])('allow the name %s', (name) => {
    expect(roleNameRefusal(name)).toBeUndefined();
  });
  it.each([
    '',
    'App',
    'a b',
    '-a',
    'a'.repeat(64),
    'pg_read_all_data',
    'postgres',
    'public',
    'azure_pg_admin',
  ])('refuse the name "%s"', (name) => {
    expect(roleNameRefusal(name)).toContain(`'${name}'`);
  });
  it('never repeat a password', () => {
    expect(rolePasswordRefusal('secret')).toMatch(/8 to 256/);
    expect(rolePasswordRefusal('secret')).not.toContain('secret');
    expect(rolePasswordRefusal('a'.repeat(257))).toBeDefined();
    expect(rolePasswordRefusal('a'.repeat(256))).toBeUndefined();
  });
});
