import type { ArmRequest, ArmResponse, Method } from './arm';
import { ArmError } from './arm';

/** One address that a resource provider answers. */
export interface Route {
  readonly method: Method;
  /** Such as `/subscriptions/{subscription}/resourceGroups/{group}`; a placeholder takes one segment. */
  readonly pattern: string;
  /** Versions of the API it answers to, as `?api-version=`; absent for addresses outside Resource Manager. */
  readonly apiVersions?: readonly string[];
  /** True for the addresses a client asks before it has a token. */
  readonly anonymous?: boolean;
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
 * @throws ArmError 501 for an address no provider here answers, 400 for a missing or unknown api-version
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  path: string,
  query: URLSearchParams,
): RouteMatch {
  for (const route of routes) {
    if (route.method !== method) continue;
    const params = matchPath(route.pattern, path);
    if (params === undefined) continue;
    checkApiVersion(route, query);
    return { route, params };
  }
  // 501 is the one server error the provider does not retry, so a gap in the stand-in shows at once.
  throw new ArmError(501, 'NotImplementedByStandIn', `the Azure stand-in does not answer ${method} ${path}`);
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = segments(pattern);
  const given = segments(path);
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

function checkApiVersion(route: Route, query: URLSearchParams): void {
  if (route.apiVersions === undefined) return;
  const version = query.get('api-version');
  if (version === null) {
    throw new ArmError(
      400,
      'MissingApiVersionParameter',
      'the api-version query parameter (?api-version=) is required for all requests',
    );
  }
  if (!route.apiVersions.includes(version)) {
    throw new ArmError(
      400,
      'InvalidApiVersionParameter',
      `the api-version "${version}" is not served at ${route.pattern}; it is served at ${route.apiVersions.join(', ')}`,
    );
  }
}
