import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AzureStandIn } from '../../../scripts/local/azure/http/server';
import { startAzureStandIn } from '../../../scripts/local/azure/http/server';
import type { ArmAnswer, Send } from './arm-client';
import { armClient, azurermVersion, GROUP } from './arm-client';
import { vaultProperties } from './bodies';
import type { DataPlaneAnswer } from './data-plane-client';
import { dataPlane, login } from './data-plane-client';

const VAULT = `${GROUP}/providers/Microsoft.KeyVault/vaults/wwi-vault`;
const SUBSCRIPTION = GROUP.split('/resourceGroups')[0] ?? '';
const DELETED = `${SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/westus2/deletedVaults/wwi-vault`;
const ROLE = `${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions`;
const OFFICER = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7';
const USER = '4633458b-17de-408a-b874-0445c86b69e6';
const PRINCIPAL = '00000000-0000-0000-0000-00000000000a';
const COLLEAGUE = '00000000-0000-0000-0000-00000000000b';
const ASSIGNMENT = '11111111-1111-1111-1111-111111111111';
const SECRET = 'Kept-nowhere-7';

describe('vaults', () => {
  let azure: AzureStandIn;
  let directory = '';
  let stateFile = '';
  let send: Send;
  let token = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'azure-'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  beforeEach(async () => {
    stateFile = join(directory, `${String(Math.random())}.json`);
    azure = await startAzureStandIn({ surroundings: { principals: [COLLEAGUE] }, operationMs: 0, stateFile });
    send = armClient(azure, azurermVersion);
    token = await login(azure);
    await send('PUT', GROUP, { location: 'westus2' });
  });
  afterEach(() => azure.close());

  const create = (extra: object = {}, id = VAULT): Promise<ArmAnswer> =>
    send('PUT', id, { location: 'westus2', properties: { ...vaultProperties, ...extra } });
  const grant = (role: string, scope = VAULT): Promise<ArmAnswer> =>
    send('PUT', `${scope}/providers/Microsoft.Authorization/roleAssignments/${ASSIGNMENT}`, {
      properties: { roleDefinitionId: `${ROLE}/${role}`, principalId: PRINCIPAL, description: '' },
    });
  const secret = (method: string, path: string, body?: object): Promise<DataPlaneAnswer> =>
    dataPlane(azure, method, `https://wwi-vault.vault.azure.net${path}?api-version=7.4`, {
      token,
      ...(body === undefined ? {} : { body }),
    });

  it('makes one, changes it in place and lists it', async () => {
    expect(await create()).toMatchObject({
      status: 201,
      body: {
        properties: {
          vaultUri: 'https://wwi-vault.vault.azure.net/',
          softDeleteRetentionInDays: 90,
          networkAcls: { ipRules: [{ value: '203.0.113.8/32' }, { value: '198.51.100.0/24' }] },
        },
      },
    });
    expect(await send('PATCH', VAULT, { tags: { owner: 'a' } })).toMatchObject({
      status: 200,
      body: { tags: { owner: 'a' }, properties: { enablePurgeProtection: true } },
    });
    const listed = await send('GET', `${SUBSCRIPTION}/providers/Microsoft.KeyVault/vaults`);
    expect(listed.body['value']).toMatchObject([{ id: VAULT }]);
  });

  it.each([
    ['a tenant that is none', { tenantId: 'contoso' }, /tenantId/],
    ['a SKU it does not have', { sku: { family: 'A', name: 'basic' } }, /sku/],
    ['no soft delete', { enableSoftDelete: false }, /enableSoftDelete/],
    ['purge protection turned off', { enablePurgeProtection: false }, /irreversible/],
    [
      'a permission that is none',
      { accessPolicies: [{ objectId: PRINCIPAL, permissions: { secrets: ['Get', 'Guess'] } }] },
      /accessPolicies/,
    ],
    ['too short a retention', { softDeleteRetentionInDays: 6 }, /from 7 to 90/],
    ['an access it does not know', { publicNetworkAccess: 'enabled' }, /publicNetworkAccess/],
    ['a default action it does not know', { networkAcls: { defaultAction: 'deny' } }, /defaultAction/],
    [
      'a private address',
      { networkAcls: { defaultAction: 'Deny', bypass: 'None', ipRules: [{ value: '10.0.0.4' }] } },
      /public IPv4/,
    ],
    [
      'an address that is none',
      { networkAcls: { defaultAction: 'Deny', bypass: 'None', ipRules: [{ value: '203.0.113.300' }] } },
      /public IPv4/,
    ],
  ])('refuses %s', async (_, extra, message) => {
    expect(await create(extra)).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(message) as string } },
    });
    expect((await send('GET', VAULT)).status).toBe(404);
  });

  it('refuses a name that is none, that is taken, and that a deleted vault has', async () => {
    const other = `${SUBSCRIPTION}/resourceGroups/other`;
    await send('PUT', other, { location: 'westus2' });
    expect((await create({}, `${VAULT}--x`)).body.error.code).toBe('VaultNameNotValid');
    await create();
    const elsewhere = VAULT.replace(GROUP, other);
    expect((await create({}, elsewhere)).body.error.code).toBe('VaultAlreadyExists');
    await send('DELETE', VAULT);
    expect((await create({}, elsewhere)).body.error.code).toBe('ConflictError');
  });

  it('refuses to shorten the retention, or to take purge protection away', async () => {
    await create();
    for (const properties of [{ softDeleteRetentionInDays: 7 }, { enablePurgeProtection: false }]) {
      expect((await send('PATCH', VAULT, { properties })).status).toBe(400);
    }
  });

  it('refuses to move', async () => {
    await create();
    const moved = { location: 'eastus', properties: vaultProperties };
    expect((await send('PUT', VAULT, moved)).body.error.code).toBe('InvalidResourceLocation');
  });

  it('keeps a deleted vault, with what is in it, until it is recovered', async () => {
    await create();
    await grant(OFFICER);
    await secret('PUT', '/secrets/a', { value: SECRET });
    expect((await send('DELETE', VAULT)).status).toBe(200);
    expect((await send('GET', VAULT)).status).toBe(404);
    expect((await send('GET', DELETED)).body.properties).toMatchObject({ vaultId: VAULT });
    expect(await send('POST', `${DELETED}/purge`)).toMatchObject({
      status: 400,
      body: { error: { code: 'MethodNotAllowed' } },
    });
    expect((await create({ createMode: 'recover' })).status).toBe(200);
    expect((await send('GET', DELETED)).status).toBe(404);
    expect((await secret('GET', '/secrets/a')).status).toBe(200);
  });

  it('purges one that is not protected', async () => {
    await create({ enablePurgeProtection: undefined });
    await send('DELETE', VAULT);
    expect((await send('POST', `${DELETED}/purge`)).status).toBe(202);
    expect((await send('GET', DELETED)).status).toBe(404);
    expect((await create()).status).toBe(201);
  });

  describe('secrets', () => {
    it('tells a client without a token what the token is for', async () => {
      const { status, headers } = await dataPlane(
        azure,
        'GET',
        'https://wwi-vault.vault.azure.net/secrets/a?api-version=7.4',
      );
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe(
        `Bearer authorization="${azure.origin}/00000000-0000-0000-0000-000000000000", resource="https://vault.azure.net"`,
      );
    });

    it('are written by whom a role lets, on the vault or above, and by nobody else', async () => {
      await create();
      expect((await secret('PUT', '/secrets/a', { value: SECRET })).text).toContain('ForbiddenByRbac');
      await grant(USER);
      expect((await secret('PUT', '/secrets/a', { value: SECRET })).status).toBe(403);
      expect((await secret('GET', '/secrets/a')).status).toBe(404);
      await send('DELETE', `${VAULT}/providers/Microsoft.Authorization/roleAssignments/${ASSIGNMENT}`);
      await grant(OFFICER, GROUP);
      expect((await secret('PUT', '/secrets/a', { value: SECRET })).status).toBe(200);
    });

    it('are written by whom an access policy lets where the vault goes by these', async () => {
      const policy = (secrets: string[]) => ({
        enableRbacAuthorization: false,
        accessPolicies: [
          { tenantId: vaultProperties.tenantId, objectId: PRINCIPAL, permissions: { secrets } },
        ],
      });
      await create(policy(['Get']));
      expect((await secret('PUT', '/secrets/a', { value: SECRET })).text).toContain('AccessDenied');
      await create(policy(['Get', 'Set']));
      expect((await secret('PUT', '/secrets/a', { value: SECRET })).status).toBe(200);
    });

    it('are out of reach where the network lets nobody in', async () => {
      await create({ publicNetworkAccess: 'Disabled' });
      await grant(OFFICER);
      expect((await secret('GET', '/secrets/a')).text).toContain('ForbiddenByConnection');
      await create({ networkAcls: { defaultAction: 'Deny', bypass: 'AzureServices', ipRules: [] } });
      expect((await secret('GET', '/secrets/a')).text).toContain('ForbiddenByFirewall');
    });

    it.each([
      ['more than 25 KiB', { value: 'x'.repeat(26_000) }, /more than 25600 bytes/],
      [
        'sixteen tags',
        { tags: Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`t${String(index)}`, 'x'])) },
        /16 tags, and 15/,
      ],
      ['an expiry in words', { attributes: { exp: 'tomorrow' } }, /exp is a number of seconds/],
      ['an expiry before its beginning', { attributes: { nbf: 1814313600, exp: 1814313599 } }, /before nbf/],
      ['no value', { value: '' }, /value is not specified/],
    ])('are refused with %s', async (_, extra, message) => {
      await create();
      await grant(OFFICER);
      const { status, text } = await secret('PUT', '/secrets/a', { value: SECRET, ...extra });
      expect([status, text]).toEqual([400, expect.stringMatching(message)]);
      expect((await secret('GET', '/secrets/a')).status).toBe(404);
    });

    it('are read by nobody while they are disabled', async () => {
      await create();
      await grant(OFFICER);
      await secret('PUT', '/secrets/a', { value: SECRET, attributes: { enabled: false } });
      const read = await secret('GET', '/secrets/a');
      expect([read.status, read.text]).toEqual([403, expect.stringContaining('SecretDisabled')]);
      await secret('PATCH', '/secrets/a', { attributes: { enabled: true } });
      expect((await secret('GET', '/secrets/a')).status).toBe(200);
    });

    it('have versions, and a deleted one keeps its name until it is recovered', async () => {
      await create();
      await grant(OFFICER);
      const first = await secret('PUT', '/secrets/a', {
        value: SECRET,
        contentType: 'text',
        tags: { o: '1' },
      });
      const second = await secret('PUT', '/secrets/a', {
        value: `${SECRET}x`,
        attributes: { exp: 1814313600 },
      });
      expect(second.body['id']).not.toBe(first.body['id']);
      expect((await secret('PATCH', '/secrets/a', { contentType: 'other' })).body).toMatchObject({
        id: second.body['id'],
        contentType: 'other',
        attributes: { exp: 1814313600, enabled: true },
      });
      expect((await secret('DELETE', '/secrets/a')).body).toMatchObject({
        recoveryId: 'https://wwi-vault.vault.azure.net/deletedsecrets/a',
      });
      expect((await secret('GET', '/secrets/a')).status).toBe(404);
      expect((await secret('PUT', '/secrets/a', { value: SECRET })).status).toBe(409);
      expect((await secret('DELETE', '/deletedsecrets/a')).status).toBe(403);
      expect((await secret('POST', '/deletedsecrets/a/recover')).status).toBe(200);
      expect((await secret('GET', '/secrets/a')).body['id']).toBe(second.body['id']);
    });

    it.each([
      ['no value', '/secrets/a', {}],
      ['a name with a dot', '/secrets/a.b', { value: SECRET }],
    ])('refuse %s', async (_, path, body) => {
      await create();
      await grant(OFFICER);
      expect(await secret('PUT', path, body)).toMatchObject({
        status: 400,
        body: { error: { code: 'BadParameter' } },
      });
    });

    it('are kept nowhere: not stored, not recorded, not given back', async () => {
      await create();
      await grant(OFFICER);
      const written = await secret('PUT', '/secrets/a', { value: SECRET });
      const read = await secret('GET', '/secrets/a');
      for (const text of [
        readFileSync(stateFile, 'utf8'),
        written.text,
        read.text,
        JSON.stringify(azure.requests),
      ]) {
        expect(text).not.toContain(SECRET);
      }
      expect(azure.requests.at(-2)).toMatchObject({ method: 'PUT', body: { value: '(redacted)' } });
    });
  });

  describe('role assignments', () => {
    const assignment = `${VAULT}/providers/Microsoft.Authorization/roleAssignments/${ASSIGNMENT}`;

    it('name the role with the subscription, however it was asked for', async () => {
      await create();
      const { status, body } = await send('PUT', assignment, {
        properties: {
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${OFFICER}`,
          principalId: PRINCIPAL,
        },
      });
      expect(status).toBe(201);
      expect(body.properties).toMatchObject({
        roleDefinitionId: `${ROLE}/${OFFICER}`,
        scope: VAULT,
        principalType: 'ServicePrincipal',
      });
      expect((await send('GET', `${ROLE}/${OFFICER}`)).body.properties).toMatchObject({
        roleName: 'Key Vault Secrets Officer',
      });
      expect((await send('DELETE', assignment)).status).toBe(200);
      expect((await send('DELETE', assignment)).status).toBe(204);
    });

    it('are no resources of their group, which can be emptied of the others', async () => {
      await grant(OFFICER, GROUP);
      expect((await send('GET', `${GROUP}/resources`)).body['value']).toEqual([]);
    });

    it('are made for all who are in the directory, and whom the request gives a type: nobody looks for them', async () => {
      await create();
      const to = (last: string, principalId: string, more: object = {}): Promise<ArmAnswer> =>
        send('PUT', assignment.replace(/1$/, last), {
          properties: { roleDefinitionId: `${ROLE}/${OFFICER}`, principalId, ...more },
        });
      expect((await to('2', COLLEAGUE)).body.properties['principalType']).toBe('User');
      const unseen = PRINCIPAL.replace(/a$/, 'c');
      expect((await to('3', unseen, { principalType: 'ServicePrincipal' })).status).toBe(201);
    });

    it('are refused for a role, a principal, a scope or a name that is none, and twice', async () => {
      const properties = { roleDefinitionId: `${ROLE}/${OFFICER}`, principalId: PRINCIPAL };
      const refused = async (path: string, extra: object = {}): Promise<string> =>
        (await send('PUT', path, { properties: { ...properties, ...extra } })).body.error.code;
      expect(await refused(assignment)).toBe('ResourceNotFound');
      await create();
      expect(await refused(assignment.replace(ASSIGNMENT, 'me'))).toBe('InvalidRoleAssignmentId');
      expect(await refused(assignment, { principalId: 'me' })).toBe('InvalidPrincipalId');
      expect(await refused(assignment, { roleDefinitionId: `${ROLE}/${PRINCIPAL}` })).toBe(
        'RoleDefinitionDoesNotExist',
      );
      const nobody = PRINCIPAL.replace(/a$/, 'c');
      expect(await refused(assignment, { principalId: nobody })).toBe('PrincipalNotFound');
      await send('PUT', assignment, { properties });
      expect(await refused(assignment.replace(/1$/, '2'))).toBe('RoleAssignmentExists');
    });
  });
});
