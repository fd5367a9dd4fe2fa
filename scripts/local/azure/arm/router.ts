import type { ArmRequest, ArmResponse, Method } from './arm';
import { ArmError } from './arm';

/** One address that a resource provider answers. */
export interface Route {
  readonly method: Method;
  /** A data plane's name, such as `{vault}.vault.azure.net`; absent for Resource Manager itself. */
  readonly host?: string;
  /**
   * Such as `/subscriptions/{subscription}/resourceGroups/{group}`; a placeholder takes one segment. Where it begins with
   * `{scope...}`, that takes everything before the rest, as what extends a resource lies below the resource's own id.
   */
  readonly pattern: string;
  /** Versions of the API it answers to, as `?api-version=`; absent for addresses outside Resource Manager. */
  readonly apiVersions?: readonly string[];
  /** True for the addresses a client asks before it has a token. */
  readonly anonymous?: boolean;
  /** What a token is for, named in the challenge to a client that has none; absent where there is no challenge. */
  readonly audience?: string;
  handle(request: ArmRequest): ArmResponse;
}

export interface RouteMatch {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The route for an address. Literal segments are compared without regard to case, as Resource Manager does:
 * `resourcegroups` and `resourceGroups` are one thing.
 *
 * @param host the data plane that was asked; absent for Resource Manager
 * @throws ArmError 501 for an address no provider here answers, 400 for a missing or unknown api-version
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
  query: URLSearchParams,
  host?: string,
): RouteMatch {
  // Two services may share an address, each with versions of its own.
  let refused: ArmError | undefined;
  for (const route of routes) {
    if (route.method !== method) continue;
    const hostParams = matchHost(route.host, host);
    const pathParams = hostParams && matchPath(route.pattern, path);
    if (pathParams === undefined) continue;
    const refusal = apiVersionRefusal(route, query);
    if (refusal === undefined) return { route, params: { ...hostParams, ...pathParams } };
    refused ??= refusal;
  }
  if (refused !== undefined) throw refused;
  // 501 is the one server error the provider does not retry, so a gap in the stand-in shows at once.
  const address = `${host ?? ''}${path}`;
  throw new ArmError(
    501,
    'NotImplementedByStandIn',
    `the Azure stand-in does not answer ${method} ${address}`,
  );
}

/** Whether a host is what a route's `host` describes, and the values of its placeholders if so. */
export function matchHost(
  pattern: string | undefined,
  host: string | undefined,
): Record<string, string> | undefined {
  if (pattern === undefined || host === undefined) return pattern === host ? {} : undefined;
  return matchSegments(pattern.split('.'), host.split('.'));
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = segments(pattern);
  const given = segments(path);
  const scope = /^\{(\w+)\.\.\.\}$/.exec(wanted[0] ?? '')?.[1];
  if (scope === undefined) return matchSegments(wanted, given);
  const rest = given.length - (wanted.length - 1);
  if (rest < 1) return undefined;
  const params = matchSegments(wanted.slice(1), given.slice(rest));
  return params && { ...params, [scope]: `/${given.slice(0, rest).join('/')}` };
}

function matchSegments(
  wanted: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = given[index] ?? '';
    if (segment.startsWith('{')) params[segment.slice(1, -1)] = value;
    else if (segment.toLowerCase() !== value.toLowerCase()) return undefined;
  }
  return params;
}

function segments(path: string): string[] {
  return path.split('/').filter(Boolean).map(decodeSegment);
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ArmError(
      400,
      'InvalidRequestUri',
      `the address holds "${segment}", which is not percent-encoding`,
    );
  }
}

function apiVersionRefusal(route: Route, query: URLSearchParams): ArmError | undefined {
  if (route.apiVersions === undefined) return undefined;
  const version = query.get('api-version');
  if (version === null) {
    return new ArmError(
      400,
      'MissingApiVersionParameter',
      'the api-version query parameter (?api-version=) is required for all requests',
    );
  }
  if (route.apiVersions.includes(version)) return undefined;
  const served = route.apiVersions.join(', ');
  const type = /\/providers\/[^/]+\/(\w+)(?!.*\/providers\/)/.exec(route.pattern)?.[1];
  if (type !== undefined) {
    return new ArmError(
      400,
      'NoRegisteredProviderFound',
      `No registered resource provider found for API version '${version}' for type '${type}'. The supported api-versions are '${served}'.`,
    );
  }
  return new ArmError(
    400,
    'InvalidApiVersionParameter',
    `the api-version "${version}" is not served at ${route.pattern}; it is served at ${served}`,
  );
}
