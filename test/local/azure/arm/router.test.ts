import type { ArmError } from '../../../../scripts/local/azure/arm/arm';
import { matchRoute } from '../../../../scripts/local/azure/arm/router';
import type { Route } from '../../../../scripts/local/azure/arm/router';

const route: Route = {
  method: 'GET',
  pattern: '/subscriptions/{subscription}/resourceGroups/{group}',
  apiVersions: ['2023-07-01'],
  handle: () => ({ status: 200 }),
};
const version = new URLSearchParams('api-version=2023-07-01');

describe('matchRoute', () => {
  it('takes placeholders as they are spelled and literals in any case', () => {
    expect(
      matchRoute([route], 'GET', '/SUBSCRIPTIONS/S-1/resourcegroups/My%20Group', version).params,
    ).toEqual({
      subscription: 'S-1',
      group: 'My Group',
    });
  });

  it('takes all that lies before an extension for its scope', () => {
    const extension: Route = { ...route, pattern: '{scope...}/providers/A.B/locks/{lock}' };
    const scopeOf = (path: string): string | undefined =>
      matchRoute([extension], 'GET', path, version).params['scope'];
    expect(scopeOf('/subscriptions/s/providers/a.b/locks/l')).toBe('/subscriptions/s');
    expect(scopeOf('/a/b/providers/A.B/locks/x/providers/A.B/locks/l')).toBe('/a/b/providers/A.B/locks/x');
    expect(() => scopeOf('/providers/A.B/locks/l')).toThrow(/does not answer/);
  });

  it('keeps the hosts of data planes apart from Resource Manager and from each other', () => {
    const vault: Route = { ...route, host: '{vault}.vault.azure.net' };
    const path = '/subscriptions/s/resourceGroups/g';
    const match = (routes: readonly Route[], host?: string) => matchRoute(routes, 'GET', path, version, host);
    expect(match([route, vault], 'wwi.vault.azure.net')).toMatchObject({
      route: vault,
      params: { vault: 'wwi' },
    });
    expect(match([vault, route]).route).toBe(route);
    for (const host of ['wwi.blob.core.windows.net', 'a.b.vault.azure.net', undefined]) {
      expect(() => match([vault], host)).toThrow(/does not answer/);
    }
    expect(() => match([route], 'wwi.vault.azure.net')).toThrow(/wwi\.vault\.azure\.net/);
  });

  it.each([
    ['another method', 'DELETE', '/subscriptions/s/resourceGroups/g'],
    ['a longer path', 'GET', '/subscriptions/s/resourceGroups/g/resources'],
    ['another literal', 'GET', '/subscriptions/s/resources/g'],
  ])('answers 501 to %s, and says to what', (_, method, path) => {
    const error = refusalOf(method, path, 'api-version=2023-07-01');
    expect(error).toMatchObject({ status: 501, code: 'NotImplementedByStandIn' });
    expect(error?.message).toContain(`${method} ${path}`);
  });

  it.each([
    ['no api-version', '/subscriptions/s/resourceGroups/g', '', 'MissingApiVersionParameter'],
    [
      'one that is not served',
      '/subscriptions/s/resourceGroups/g',
      'api-version=1',
      'InvalidApiVersionParameter',
    ],
    [
      'an address that is not percent-encoding',
      '/subscriptions/%zz/resourceGroups/g',
      '',
      'InvalidRequestUri',
    ],
  ])('answers 400 to %s', (_, path, query, code) => {
    expect(refusalOf('GET', path, query)).toMatchObject({ status: 400, code });
  });
});

function refusalOf(method: string, path: string, query: string): ArmError | undefined {
  try {
    matchRoute([route], method, path, new URLSearchParams(query));
    return undefined;
  } catch (error) {
    return error as ArmError;
  }
}
