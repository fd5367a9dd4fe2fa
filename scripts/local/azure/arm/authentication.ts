import type { ArmRequest } from './arm';
import { param } from './arm';
import type { Route } from './router';

/**
 * How a client finds this Azure and logs in to it: the metadata document, and the token endpoint of Entra ID. Every
 * address in them is the stand-in's own, so that a client can reach nothing outside this machine through it.
 */
export function authenticationRoutes(): Route[] {
  return [
    {
      method: 'GET',
      pattern: '/metadata/endpoints',
      apiVersions: ['2022-09-01'],
      anonymous: true,
      handle: ({ origin }) => ({ status: 200, body: cloud(origin) }),
    },
    {
      method: 'GET',
      pattern: '/{tenant}/v2.0/.well-known/openid-configuration',
      anonymous: true,
      handle: (request) => ({
        status: 200,
        body: {
          issuer: issuer(request),
          token_endpoint: `${request.origin}/${param(request, 'tenant')}/oauth2/v2.0/token`,
        },
      }),
    },
    {
      method: 'POST',
      pattern: '/{tenant}/oauth2/v2.0/token',
      anonymous: true,
      handle: (request) => ({
        status: 200,
        body: { token_type: 'Bearer', expires_in: 3600, ext_expires_in: 3600, access_token: token(request) },
      }),
    },
  ];
}

/** The shape clients demand: identity provider AAD, tenant common, and a Resource Manager. */
function cloud(origin: string) {
  return {
    name: 'ScaleoutStandIn',
    resourceManager: origin,
    microsoftGraphResourceId: `${origin}/graph/`,
    authentication: {
      loginEndpoint: origin,
      audiences: [`${origin}/`],
      tenant: 'common',
      identityProvider: 'AAD',
    },
    // Azure's own names, as clients check their form. Who is sent here by `terraformEnvironment` reaches data planes
    // through the stand-in's proxy alone, and that leads to the stand-in or nowhere.
    suffixes: {
      storage: 'core.windows.net',
      keyVaultDns: 'vault.azure.net',
      mhsmDns: 'managedhsm.azure.net',
    },
  };
}

function issuer(request: ArmRequest): string {
  return `${request.origin}/${param(request, 'tenant')}/v2.0`;
}

/** Id of the one tenant there is. */
export const TENANT_ID = '00000000-0000-0000-0000-000000000000';

/** Object id of the one principal that logs in here. */
export const PRINCIPAL_ID = '00000000-0000-0000-0000-00000000000a';

/** Whom a token names as its holder, by object id; undefined for a token that is not of the form. Pure. */
export function principalOf(authorization: string | undefined): string | undefined {
  const [, claims = ''] = /^Bearer [^.]+\.([^.]+)\./.exec(authorization ?? '') ?? [];
  try {
    const { oid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { oid?: unknown };
    return typeof oid === 'string' ? oid : undefined;
  } catch {
    return undefined;
  }
}

/** An unsigned JSON Web Token: clients read who they are from it, and nobody here checks it. */
function token(request: ArmRequest): string {
  const seconds = Math.floor(Date.now() / 1000);
  const claims = {
    iss: issuer(request),
    aud: `${request.origin}/`,
    iat: seconds,
    exp: seconds + 3600,
    tid: param(request, 'tenant'),
    oid: PRINCIPAL_ID,
    sub: PRINCIPAL_ID,
    appid: PRINCIPAL_ID,
    idtyp: 'app',
  };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}
