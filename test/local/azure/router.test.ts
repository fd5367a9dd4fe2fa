import type { ArmError } from '../../../scripts/local/azure/arm';
import { matchRoute } from '../../../scripts/local/azure/router';
import type { Route } from '../../../scripts/local/azure/router';

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
