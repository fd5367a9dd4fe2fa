import type { ArmRequest } from '../arm';
import { param } from '../arm';
import type { Route } from '../router';

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
    // The provider refuses to start without these; names under .invalid resolve nowhere (RFC 6761).
    suffixes: {
      storage: 'storage.invalid',
      keyVaultDns: 'vault.invalid',
      mhsmDns: 'managedhsm.invalid',
    },
  };
}

function issuer(request: ArmRequest): string {
  return `${request.origin}/${param(request, 'tenant')}/v2.0`;
}

/** An unsigned JSON Web Token: clients read who they are from it, and nobody here checks it. */
function token(request: ArmRequest): string {
  const seconds = Math.floor(Date.now() / 1000);
  const principal = '00000000-0000-0000-0000-00000000000a';
  const claims = {
    iss: issuer(request),
    aud: `${request.origin}/`,
    iat: seconds,
    exp: seconds + 3600,
    tid: param(request, 'tenant'),
    oid: principal,
    sub: principal,
    appid: principal,
    idtyp: 'app',
  };
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.`;
}
