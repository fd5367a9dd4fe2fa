import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { HttpAnswer, HttpRequest, Variables } from '../../scripts/adopt/https';
import type { Login } from '../../scripts/adopt/login';
import { cloudOf, loginOf, tokenFor } from '../../scripts/adopt/login';
import { failureOf } from './hand-made';

const APPLICATION = { ARM_TENANT_ID: 'tenant', ARM_CLIENT_ID: 'client' };
const SUBSCRIPTION = '11111111-2222-3333-4444-555555555555';

describe('how Terraform logs in', () => {
  let directory: string;
  const file = (name: string, text: string): string => {
    const made = path.join(directory, name);
    writeFileSync(made, text);
    return made;
  };
  beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), 'scaleout-login-'))));
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  it.each<readonly [string, Variables, Login]>([
    [
      'a secret, before all else',
      { ...APPLICATION, ARM_CLIENT_SECRET: 's', ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: 't' },
      { kind: 'secret', tenant: 'tenant', client: 'client', secret: 's' },
    ],
    [
      'a token',
      { ...APPLICATION, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN: 't' },
      { kind: 'token', tenant: 'tenant', client: 'client', token: 't' },
    ],
    [
      'a token of GitHub',
      {
        ...APPLICATION,
        ARM_USE_OIDC: '1',
        ACTIONS_ID_TOKEN_REQUEST_URL: 'https://github.example/token',
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'r',
      },
      { kind: 'issued', tenant: 'tenant', client: 'client', url: 'https://github.example/token', token: 'r' },
    ],
    [
      'a token of Azure Pipelines',
      {
        ...APPLICATION,
        ARM_USE_OIDC: 'true',
        SYSTEM_OIDCREQUESTURI: 'https://pipelines.example/oidc',
        SYSTEM_ACCESSTOKEN: 'r',
        ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID: 'connection',
      },
      {
        kind: 'issued',
        tenant: 'tenant',
        client: 'client',
        url: 'https://pipelines.example/oidc',
        token: 'r',
        serviceConnection: 'connection',
      },
    ],
    [
      'the identity of the machine',
      { ARM_USE_MSI: 'true', ARM_MSI_ENDPOINT: 'http://identity.example/token' },
      { kind: 'identity', endpoint: 'http://identity.example/token' },
    ],
    ['the Azure CLI', {}, { kind: 'cli' }],
    [
      'the Azure CLI, of a tenant',
      { ARM_TENANT_ID: 'tenant', ARM_USE_OIDC: 'false' },
      { kind: 'cli', tenant: 'tenant' },
    ],
  ])('is %s', (_, variables, login) => {
    expect(loginOf(variables)).toEqual(login);
  });

  it('is read from the files that variables name', () => {
    const variables = {
      ARM_TENANT_ID: 'tenant',
      ARM_CLIENT_ID_FILE_PATH: file('id', 'client\n'),
      ARM_CLIENT_SECRET_FILE_PATH: file('secret', 's\n'),
    };
    expect(loginOf(variables)).toEqual({ kind: 'secret', tenant: 'tenant', client: 'client', secret: 's' });
    const token = { ...APPLICATION, ARM_USE_OIDC: 'true', ARM_OIDC_TOKEN_FILE_PATH: file('token', 't') };
    expect(loginOf(token)).toMatchObject({ kind: 'token', token: 't' });
  });

  it.each<readonly [string, Variables]>([
    ['ARM_CLIENT_SECRET is set, and ARM_TENANT_ID is not', { ARM_CLIENT_SECRET: 's', ARM_CLIENT_ID: 'c' }],
    ['ARM_CLIENT_SECRET is set, and ARM_CLIENT_ID is not', { ARM_CLIENT_SECRET: 's', ARM_TENANT_ID: 't' }],
    ['the variables name a client certificate', { ...APPLICATION, ARM_CLIENT_CERTIFICATE_PATH: '/c.pfx' }],
    ['nothing says where the token comes from', { ...APPLICATION, ARM_USE_OIDC: 'true' }],
    [
      'ARM_CLIENT_SECRET_FILE_PATH names /nowhere',
      { ...APPLICATION, ARM_CLIENT_SECRET_FILE_PATH: '/nowhere' },
    ],
    ['ARM_USE_CLI is false', { ARM_USE_CLI: 'false' }],
  ])('is refused where %s', async (words, variables) => {
    await expect(failureOf(() => loginOf(variables))).resolves.toMatchObject({
      code: 'adopt.no-login',
      message: expect.stringContaining(words) as string,
    });
  });

  describe('with a token', () => {
    const cloud = { login: 'https://login', resourceManager: 'https://arm', audience: 'https://arm' };
    const sent: HttpRequest[] = [];
    const answering =
      (answers: Readonly<Record<string, Partial<HttpAnswer>>>) =>
      (request: HttpRequest): Promise<HttpAnswer> => {
        sent.push(request);
        const answer = answers[new URL(request.url).host];
        if (answer === undefined) return Promise.reject(new Error('getaddrinfo ENOTFOUND'));
        return Promise.resolve({ status: 200, headers: {}, text: '{}', ...answer });
      };
    const got = (
      login: Login,
      answers: Readonly<Record<string, Partial<HttpAnswer>>>,
      environment: Variables = {},
    ) =>
      tokenFor(cloud, login, {
        subscription: SUBSCRIPTION,
        send: answering(answers),
        environment: { PATH: directory, ...environment },
        signal: new AbortController().signal,
      });
    const token = { text: JSON.stringify({ access_token: 'TOKEN' }) };
    beforeEach(() => (sent.length = 0));

    it('of a secret, of an assertion, and of the one that a pipeline issues', async () => {
      const of = { tenant: 'tenant', client: 'client' };
      await expect(got({ kind: 'secret', ...of, secret: 's&1' }, { login: token })).resolves.toBe('TOKEN');
      expect(sent).toMatchObject([{ method: 'POST', url: 'https://login/tenant/oauth2/v2.0/token' }]);
      expect(Object.fromEntries(new URLSearchParams(sent[0]?.body))).toEqual({
        grant_type: 'client_credentials',
        client_id: 'client',
        client_secret: 's&1',
        scope: 'https://arm/.default',
      });
      await expect(got({ kind: 'token', ...of, token: 'jwt' }, { login: token })).resolves.toBe('TOKEN');
      expect(new URLSearchParams(sent[1]?.body).get('client_assertion')).toBe('jwt');
      const github = { kind: 'issued', ...of, url: 'https://github/token?a=1', token: 'r' } as const;
      await expect(got(github, { login: token, github: { text: '{"value":"jwt"}' } })).resolves.toBe('TOKEN');
      expect(sent[2]).toMatchObject({
        method: 'GET',
        url: 'https://github/token?a=1&audience=api%3A%2F%2FAzureADTokenExchange',
        headers: { Authorization: 'Bearer r' },
      });
      const pipelines = { ...github, url: 'https://ado/oidc', serviceConnection: 'c' };
      await expect(got(pipelines, { login: token, ado: { text: '{"oidcToken":"jwt"}' } })).resolves.toBe(
        'TOKEN',
      );
      expect(sent[4]).toMatchObject({
        method: 'POST',
        url: 'https://ado/oidc?api-version=7.1&serviceConnectionId=c&audience=api%3A%2F%2FAzureADTokenExchange',
      });
    });

    it('of a machine', async () => {
      const login = { kind: 'identity', endpoint: 'http://imds/token' } as const;
      await expect(got(login, { imds: token })).resolves.toBe('TOKEN');
      expect(sent).toMatchObject([
        {
          url: 'http://imds/token?api-version=2018-02-01&resource=https%3A%2F%2Farm%2F',
          headers: { Metadata: 'true' },
        },
      ]);
    });

    it('of the Azure CLI, and says what to do where that gives none', async () => {
      const az = file('az', '#!/bin/sh\necho "$@" >&2\necho \'{"accessToken":"TOKEN"}\'\n');
      chmodSync(az, 0o755);
      await expect(got({ kind: 'cli' }, {})).resolves.toBe('TOKEN');
      writeFileSync(
        az,
        '#!/bin/sh\necho "ERROR: Please run \'az login\' to setup account. ($@)" >&2\nexit 1\n',
      );
      await expect(got({ kind: 'cli', tenant: 'tenant' }, {})).rejects.toMatchObject({
        code: 'adopt.no-login',
        message: expect.stringMatching(
          /the Azure CLI gives no token \(ERROR: Please run 'az login' to setup account\. \(account get-access-token --resource https:\/\/arm\/ --tenant tenant --output json\)\): run az login --tenant tenant/,
        ) as string,
      });
      rmSync(az);
      await expect(got({ kind: 'cli' }, {})).rejects.toMatchObject({
        code: 'adopt.no-login',
        message: expect.stringContaining('the Azure CLI is not installed') as string,
      });
    });

    it('that is refused, without a word of what was sent', async () => {
      const login = { kind: 'secret', tenant: 'tenant', client: 'client', secret: 'TOP-SECRET' } as const;
      const text = JSON.stringify({
        error: 'invalid_client',
        error_description: 'AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1',
      });
      const failed = got(login, { login: { status: 401, text } });
      await expect(failed).rejects.toMatchObject({
        code: 'adopt.no-login',
        message:
          'adopt cannot log in to Azure: Azure refuses the login of the application client of tenant tenant with 401 (AADSTS7000215: Invalid client secret provided): correct the ARM_ variables, which Terraform reads as well. Nothing was written',
      });
      await expect(got(login, {})).rejects.toMatchObject({
        code: 'adopt.unreachable',
        message: expect.stringContaining('login cannot be reached (getaddrinfo ENOTFOUND)') as string,
      });
    });

    it('of the cloud that a variable names', async () => {
      await expect(cloudOf({}, answering({}))).resolves.toMatchObject({
        resourceManager: 'https://management.azure.com',
      });
      await expect(cloudOf({ ARM_ENVIRONMENT: 'usgovernment' }, answering({}))).resolves.toMatchObject({
        login: 'https://login.microsoftonline.us',
      });
      await expect(cloudOf({ ARM_ENVIRONMENT: 'moon' }, answering({}))).rejects.toMatchObject({
        message: expect.stringContaining('write public, usgovernment, china') as string,
      });
      const metadata = {
        resourceManager: 'https://own/',
        authentication: { loginEndpoint: 'https://login.own/', audiences: ['https://audience.own/'] },
      };
      const named = { ARM_METADATA_HOSTNAME: 'own' };
      await expect(cloudOf(named, answering({ own: { text: JSON.stringify(metadata) } }))).resolves.toEqual({
        login: 'https://login.own',
        resourceManager: 'https://own',
        audience: 'https://audience.own',
      });
      await expect(cloudOf(named, answering({ own: { status: 404 } }))).rejects.toMatchObject({
        code: 'adopt.no-login',
      });
    });
  });
});
