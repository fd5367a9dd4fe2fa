import { stateBackend } from '../../../scripts/audit/rules/state-backend';
import { bootstrapStack, facts, problems, stack, status } from '../builders';

describe('state-backend', () => {
  it('holds for Azure storage reached with Entra ID', () => {
    expect(status(stateBackend, stack('prod'))).toBe('compliant');
  });

  it.each([
    ['dev', 'warning'],
    ['prod', undefined],
  ])('finds state on a disk in %s', (environment, level) => {
    const local = stack(environment, {
      sections: { terraform: { backend: { local: { path: 'a.tfstate' } } } },
    });
    const found = problems(stateBackend, local);
    expect(found.map((problem) => problem.level)).toEqual([level]);
    expect(found[0]?.message).toMatch(/the state backend is local/);
  });

  it('lets the state of what the states lie in stay on a disk, and of nothing else by that name', () => {
    const production = { ...facts('bootstrap'), production: true };
    expect(status(stateBackend, bootstrapStack(), production)).toBe('compliant');
    const emptied = bootstrapStack({}, { 'azurerm_storage_account.states': undefined });
    expect(problems(stateBackend, emptied, production).map(({ check }) => check)).toEqual(['backend']);
  });

  it.each([
    ['no backend', { sections: { terraform: {} } }, /the state backend is none/],
    ['an access key', { backend: { access_key: 'c2VjcmV0' } }, /holds access_key/],
    ['a SAS token', { backend: { sas_token: 'c2VjcmV0' } }, /holds sas_token/],
    ['a client secret', { backend: { client_secret: 'c2VjcmV0' } }, /holds client_secret/],
    [
      'the account key by default',
      { backend: { use_azuread_auth: undefined } },
      /use_azuread_auth is not set/,
    ],
    ['the account key on purpose', { backend: { use_azuread_auth: false } }, /use_azuread_auth is false/],
    ['an unknown place', { backend: { key: undefined } }, /key is not set/],
    ['an empty place', { backend: { container_name: '' } }, /container_name is empty/],
    [
      'a path of a machine',
      { resources: { 'azurerm_storage_blob.b': { source: '/home/me/x.sql' } } },
      /source is the absolute path/,
    ],
    [
      'a path of a Windows machine',
      { resources: { 'azurerm_storage_blob.b': { source: 'C:\\x.sql' } } },
      /absolute path/,
    ],
  ])('finds %s', (_, parts, message) => {
    const found = problems(stateBackend, stack('prod', parts));
    expect(found.map((problem) => problem.message)).toEqual([expect.stringMatching(message)]);
    expect(JSON.stringify(found)).not.toContain('c2VjcmV0');
  });

  it("takes an Azure resource's id for no path", () => {
    const subnet = {
      subnet_id: '/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v',
    };
    expect(status(stateBackend, stack('prod', { resources: { 'azurerm_private_endpoint.e': subnet } }))).toBe(
      'compliant',
    );
  });

  it('finds two environments in one state', () => {
    const shared = { key: 'shared.tfstate' };
    const dev = stack('dev', { backend: shared });
    const prod = stack('prod', { backend: shared });
    expect(problems(stateBackend, prod, facts('prod', [dev]))[0]?.message).toMatch(
      /prod and dev share one state/,
    );
    expect(status(stateBackend, prod, facts('prod', [stack('dev')]))).toBe('compliant');
  });
});
