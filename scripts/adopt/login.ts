import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { nodeCodeOf, ScaleoutError } from '../lib/errors';
import { orUndefined } from '../lib/or-undefined';
import { paragraph, runProcess } from '../infra/terraform';
import type { HttpAnswer, HttpRequest, SendHttp, Variables } from './https';

/** Where a cloud of Azure takes logins and requests. */
export interface Cloud {
  readonly login: string;
  readonly resourceManager: string;
  /** What a token for Resource Manager is for; without a slash at its end. */
  readonly audience: string;
}

/** How Terraform's provider logs in, as its variables say. */
export type Login =
  | { readonly kind: 'secret'; readonly tenant: string; readonly client: string; readonly secret: string }
  | { readonly kind: 'token'; readonly tenant: string; readonly client: string; readonly token: string }
  | {
      readonly kind: 'issued';
      readonly tenant: string;
      readonly client: string;
      readonly url: string;
      readonly token: string;
      /** Of Azure Pipelines; GitHub has none. */
      readonly serviceConnection?: string;
    }
  | { readonly kind: 'identity'; readonly endpoint: string; readonly client?: string }
  | { readonly kind: 'cli'; readonly tenant?: string };

const CLOUDS: Readonly<Record<string, Cloud>> = {
  public: {
    login: 'https://login.microsoftonline.com',
    resourceManager: 'https://management.azure.com',
    audience: 'https://management.azure.com',
  },
  usgovernment: {
    login: 'https://login.microsoftonline.us',
    resourceManager: 'https://management.usgovcloudapi.net',
    audience: 'https://management.usgovcloudapi.net',
  },
  china: {
    login: 'https://login.chinacloudapi.cn',
    resourceManager: 'https://management.chinacloudapi.cn',
    audience: 'https://management.chinacloudapi.cn',
  },
};

const INSTANCE_METADATA = 'http://169.254.169.254/metadata/identity/oauth2/token';

const metadataSchema = z.object({
  resourceManager: z.string(),
  authentication: z.object({ loginEndpoint: z.string(), audiences: z.array(z.string()).min(1) }),
});
const tokenSchema = z.object({ access_token: z.string().min(1) });
const refusalSchema = z.object({ error: z.string().optional(), error_description: z.string().optional() });

/**
 * How the variables say that Terraform logs in, in the order in which the provider tries: a secret, a token of a pipeline,
 * the identity of a machine, the Azure CLI. Pure but for the files that variables name.
 *
 * @throws ScaleoutError for a way that lacks a variable, and for one that is not known here
 */
export function loginOf(environment: Variables): Login {
  const at = (...names: readonly string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
  const orFile = (name: string): string | undefined =>
    at(name) ?? contentOf(`${name}_FILE_PATH`, environment);
  const isSet = (name: string): boolean => ['1', 't', 'true'].includes(at(name)?.toLowerCase() ?? '');
  const tenant = at('ARM_TENANT_ID');
  const client = orFile('ARM_CLIENT_ID');
  const application = (why: string): { readonly tenant: string; readonly client: string } => {
    if (tenant !== undefined && client !== undefined) return { tenant, client };
    const missing = tenant === undefined ? 'ARM_TENANT_ID' : 'ARM_CLIENT_ID';
    throw noLogin(`${why} and ${missing} is not: set it as well, or unset both and run az login`);
  };

  const secret = orFile('ARM_CLIENT_SECRET');
  if (secret !== undefined) return { kind: 'secret', ...application('ARM_CLIENT_SECRET is set,'), secret };
  if (at('ARM_CLIENT_CERTIFICATE', 'ARM_CLIENT_CERTIFICATE_PATH') !== undefined) {
    throw noLogin(
      'the variables name a client certificate, with which adopt cannot log in: set ARM_CLIENT_SECRET, use ARM_USE_OIDC, or unset the certificate and run az login. Terraform takes each of them',
    );
  }
  if (isSet('ARM_USE_OIDC')) {
    const token = at('ARM_OIDC_TOKEN') ?? contentOf('ARM_OIDC_TOKEN_FILE_PATH', environment);
    if (token !== undefined) return { kind: 'token', ...application('ARM_USE_OIDC is set,'), token };
    const url = at('ARM_OIDC_REQUEST_URL', 'ACTIONS_ID_TOKEN_REQUEST_URL', 'SYSTEM_OIDCREQUESTURI');
    const request = at('ARM_OIDC_REQUEST_TOKEN', 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'SYSTEM_ACCESSTOKEN');
    if (url === undefined || request === undefined) {
      throw noLogin(
        'ARM_USE_OIDC is set, and nothing says where the token comes from: set ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH, or ARM_OIDC_REQUEST_URL with ARM_OIDC_REQUEST_TOKEN; on GitHub the job needs permissions: { id-token: write }',
      );
    }
    const serviceConnection = at(
      'ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID',
      'ARM_OIDC_AZURE_SERVICE_CONNECTION_ID',
    );
    return {
      kind: 'issued',
      ...application('ARM_USE_OIDC is set,'),
      url,
      token: request,
      ...(serviceConnection === undefined ? {} : { serviceConnection }),
    };
  }
  if (isSet('ARM_USE_MSI')) {
    const endpoint = at('ARM_MSI_ENDPOINT') ?? INSTANCE_METADATA;
    return { kind: 'identity', endpoint, ...(client === undefined ? {} : { client }) };
  }
  if (at('ARM_USE_CLI') !== undefined && !isSet('ARM_USE_CLI')) {
    throw noLogin(
      'ARM_USE_CLI is false, and no other variable says how to log in: set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID, or unset it and run az login',
    );
  }
  return { kind: 'cli', ...(tenant === undefined ? {} : { tenant }) };
}

function contentOf(variable: string, environment: Variables): string | undefined {
  const file = environment[variable];
  if (file === undefined || file === '') return undefined;
  const content = orUndefined(() => readFileSync(file, 'utf8').trim());
  if (content !== undefined && content !== '') return content;
  throw noLogin(`${variable} names ${file}, which cannot be read or is empty: correct the variable`);
}

/** Where the cloud is that `ARM_METADATA_HOSTNAME` or `ARM_ENVIRONMENT` name. @throws ScaleoutError */
export async function cloudOf(environment: Variables, send: SendHttp): Promise<Cloud> {
  const host = environment['ARM_METADATA_HOSTNAME'] ?? '';
  if (host === '') {
    const name = environment['ARM_ENVIRONMENT'] ?? '';
    const cloud = CLOUDS[name === '' ? 'public' : name.toLowerCase()];
    if (cloud !== undefined) return cloud;
    throw noLogin(
      `ARM_ENVIRONMENT is ${name}: write ${Object.keys(CLOUDS).join(', ')}, or name the host of another cloud in ARM_METADATA_HOSTNAME`,
    );
  }
  const answer = await reached(send, {
    method: 'GET',
    url: `https://${host}/metadata/endpoints?api-version=2022-09-01`,
    headers: {},
  });
  const read = metadataSchema.safeParse(jsonOf(answer));
  if (answer.status !== 200 || !read.success) {
    throw noLogin(
      `ARM_METADATA_HOSTNAME is ${host}, which does not say where Azure is (it answers ${String(answer.status)}): correct or unset it`,
    );
  }
  const { resourceManager, authentication } = read.data;
  return {
    login: withoutSlash(authentication.loginEndpoint),
    resourceManager: withoutSlash(resourceManager),
    audience: withoutSlash(authentication.audiences[0] ?? resourceManager),
  };
}

/**
 * A token for Resource Manager. It is held in memory alone: no message has it.
 *
 * @param subscription that the Azure CLI is asked for, where no tenant is named
 * @throws ScaleoutError where the login fails, with what to do
 */
export async function tokenFor(
  cloud: Cloud,
  login: Login,
  options: {
    readonly subscription: string;
    readonly send: SendHttp;
    readonly environment: Variables;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { send } = options;
  switch (login.kind) {
    case 'secret':
      return exchanged(cloud, login, send, { client_secret: login.secret });
    case 'token':
      return exchanged(cloud, login, send, assertion(login.token));
    case 'issued':
      return exchanged(cloud, login, send, assertion(await issuedToken(login, send)));
    case 'identity':
      return identityToken(cloud, login, send);
    case 'cli':
      return cliToken(cloud, login, options);
  }
}

function assertion(token: string): Readonly<Record<string, string>> {
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: token,
  };
}

async function exchanged(
  cloud: Cloud,
  { tenant, client }: { readonly tenant: string; readonly client: string },
  send: SendHttp,
  proof: Readonly<Record<string, string>>,
): Promise<string> {
  const answer = await reached(send, {
    method: 'POST',
    url: `${cloud.login}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client,
      scope: `${cloud.audience}/.default`,
      ...proof,
    }).toString(),
  });
  return tokenIn(answer, `the application ${client} of tenant ${tenant}`);
}

/** GitHub and Azure Pipelines give a running job a token that says which job it is. */
async function issuedToken(
  { url, token, serviceConnection }: Extract<Login, { kind: 'issued' }>,
  send: SendHttp,
): Promise<string> {
  const address = new URL(url);
  if (serviceConnection !== undefined) {
    address.searchParams.set('api-version', '7.1');
    address.searchParams.set('serviceConnectionId', serviceConnection);
  }
  address.searchParams.set('audience', 'api://AzureADTokenExchange');
  const answer = await reached(send, {
    method: serviceConnection === undefined ? 'GET' : 'POST',
    url: address.href,
    headers: { Authorization: `Bearer ${token}`, Accept: 'application/json' },
  });
  const read = z
    .object({ value: z.string().optional(), oidcToken: z.string().optional() })
    .safeParse(jsonOf(answer));
  const issued = read.data?.value ?? read.data?.oidcToken;
  if (answer.status === 200 && issued !== undefined) return issued;
  throw noLogin(
    `${address.host} answers ${String(answer.status)} where the pipeline asks for its token: on GitHub the job needs permissions: { id-token: write }`,
  );
}

async function identityToken(
  cloud: Cloud,
  { endpoint, client }: Extract<Login, { kind: 'identity' }>,
  send: SendHttp,
): Promise<string> {
  const address = new URL(endpoint);
  address.searchParams.set('api-version', '2018-02-01');
  address.searchParams.set('resource', `${cloud.audience}/`);
  if (client !== undefined) address.searchParams.set('client_id', client);
  const answer = await reached(send, { method: 'GET', url: address.href, headers: { Metadata: 'true' } });
  return tokenIn(answer, 'the managed identity of this machine (ARM_USE_MSI)');
}

async function cliToken(
  cloud: Cloud,
  { tenant }: Extract<Login, { kind: 'cli' }>,
  { subscription, environment, signal }: Parameters<typeof tokenFor>[2],
): Promise<string> {
  const whose = tenant === undefined ? ['--subscription', subscription] : ['--tenant', tenant];
  const args = [
    'account',
    'get-access-token',
    '--resource',
    `${cloud.audience}/`,
    ...whose,
    '--output',
    'json',
  ];
  try {
    const { exitCode, stdout, stderr } = await runProcess('az', args, { environment, signal });
    const token = z
      .object({ accessToken: z.string().min(1) })
      .safeParse(orUndefined(() => JSON.parse(stdout) as unknown));
    if (exitCode === 0 && token.success) return token.data.accessToken;
    const said = paragraph(stderr);
    throw noLogin(
      `the Azure CLI gives no token${said === '' ? '' : ` (${said})`}: run az login${tenant === undefined ? '' : ` --tenant ${tenant}`}`,
    );
  } catch (error) {
    if (nodeCodeOf(error) !== 'ENOENT') throw error;
    throw noLogin(
      'no variable says how to log in, and the Azure CLI is not installed: install it and run az login, or set ARM_CLIENT_ID, ARM_CLIENT_SECRET and ARM_TENANT_ID, as Terraform reads them',
    );
  }
}

function tokenIn(answer: HttpAnswer, whose: string): string {
  const json = jsonOf(answer);
  const read = tokenSchema.safeParse(json);
  if (answer.status === 200 && read.success) return read.data.access_token;
  const { error, error_description: description } = refusalSchema.safeParse(json).data ?? {};
  // What follows the first line are trace ids.
  const said = (description ?? error ?? '').split(/[\r\n]/)[0] ?? '';
  throw noLogin(
    `Azure refuses the login of ${whose} with ${String(answer.status)}${said === '' ? '' : ` (${said.replace(/\.$/, '')})`}: correct the ARM_ variables, which Terraform reads as well`,
  );
}

/** An answer, or the reason in words where none comes. */
export async function reached(send: SendHttp, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await send(request);
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    const { host } = new URL(request.url);
    throw new ScaleoutError(
      'adopt.unreachable',
      `${host} cannot be reached (${error instanceof Error ? error.message : String(error)}): check the network, HTTPS_PROXY and NO_PROXY, and the certificates that SSL_CERT_FILE names. Nothing was written`,
      { cause: error },
    );
  }
}

/** The JSON of an answer; undefined where it has none. */
export function jsonOf({ text }: HttpAnswer): unknown {
  return orUndefined(() => JSON.parse(text) as unknown);
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

function noLogin(why: string): ScaleoutError {
  return new ScaleoutError('adopt.no-login', `adopt cannot log in to Azure: ${why}. Nothing was written`);
}
