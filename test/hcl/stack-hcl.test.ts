import { stackHcl } from '../../scripts/hcl/stack-hcl';

const argument = { type: 'string' };
const schemas = {
  provider_schemas: {
    'registry.terraform.io/hashicorp/azurerm': {
      provider: { block: { block_types: { features: { nesting_mode: 'list', block: {} } } } },
      resource_schemas: {
        azurerm_thing: {
          block: {
            attributes: { name: argument, tags: argument, rules: argument },
            block_types: {
              rule: { nesting_mode: 'set', block: { attributes: { port: argument } } },
              mapped: { nesting_mode: 'map', block: {} },
            },
          },
        },
      },
      data_source_schemas: { azurerm_thing: { block: { attributes: { id: argument } } } },
    },
  },
};
const hcl = (stack: Record<string, unknown>): string => stackHcl(stack, schemas);
const thing = (content: Record<string, unknown>): string =>
  hcl({ resource: { azurerm_thing: { Thing: content } } });
const lines = (...text: string[]): string => `${text.join('\n')}\n`;

describe('a stack in the native syntax', () => {
  test('tells blocks from arguments by the schema', () => {
    expect(
      thing({ name: 'a', rule: [{ port: 1 }, { port: 2 }], rules: [{ port: 3 }], tags: { 'a b': null } }),
    ).toBe(
      lines(
        'resource "azurerm_thing" "Thing" {',
        'name = "a"',
        'rule {',
        'port = 1',
        '}',
        'rule {',
        'port = 2',
        '}',
        'rules = [',
        '{',
        'port = 3',
        '},',
        ']',
        'tags = {',
        '"a b" = null',
        '}',
        '}',
      ),
    );
  });

  test('keeps what protects: lifecycle with its conditions, and the order that was asked for', () => {
    expect(
      thing({
        depends_on: ['azurerm_thing.Other'],
        lifecycle: {
          prevent_destroy: true,
          ignore_changes: ['tags["a"]'],
          precondition: [{ condition: '${var.a > 1}', error_message: 'Too "small".' }],
        },
      }),
    ).toBe(
      lines(
        'resource "azurerm_thing" "Thing" {',
        'depends_on = [',
        'azurerm_thing.Other,',
        ']',
        'lifecycle {',
        'prevent_destroy = true',
        'ignore_changes = [',
        'tags["a"],',
        ']',
        'precondition {',
        'condition = var.a > 1',
        'error_message = "Too \\"small\\"."',
        '}',
        '}',
        '}',
      ),
    );
    expect(thing({ lifecycle: { ignore_changes: 'all' } })).toContain('ignore_changes = all\n');
  });

  test('puts settings, variables and outputs in their own blocks, and leaves comments out', () => {
    expect(
      hcl({
        '//': { metadata: {} },
        output: { id: { value: '${data.azurerm_thing.This.id}', sensitive: true } },
        variable: { a: { type: 'string', nullable: false, default: '${b}' } },
        provider: { azurerm: [{ features: [{}] }] },
        data: { azurerm_thing: { This: { '//': {}, id: 'x' } } },
        locals: { b: ['${var.a}'] },
        terraform: {
          required_version: '>= 1.9.0',
          required_providers: { azurerm: { source: 'azurerm', version: '4.55.0' } },
          backend: { local: { path: 'a.tfstate' } },
        },
      }),
    ).toBe(
      [
        'terraform {\nrequired_version = ">= 1.9.0"\nrequired_providers {\nazurerm = {\nsource = "azurerm"\nversion = "4.55.0"\n}\n}\nbackend "local" {\npath = "a.tfstate"\n}\n}',
        'provider "azurerm" {\nfeatures {}\n}',
        'variable "a" {\ntype = string\nnullable = false\ndefault = "$${b}"\n}',
        'locals {\nb = [\nvar.a,\n]\n}',
        'output "id" {\nvalue = data.azurerm_thing.This.id\nsensitive = true\n}',
        'data "azurerm_thing" "This" {\nid = "x"\n}\n',
      ].join('\n\n'),
    );
  });

  test.each<[string, Record<string, unknown>]>([
    ['module', { module: {} }],
    ['resource.azurerm_other', { resource: { azurerm_other: {} } }],
    ['azurerm_thing.Thing.colour', { resource: { azurerm_thing: { Thing: { colour: 1 } } } }],
    ['azurerm_thing.Thing.constructor', { resource: { azurerm_thing: { Thing: { constructor: 1 } } } }],
    ['azurerm_thing.Thing.mapped', { resource: { azurerm_thing: { Thing: { mapped: {} } } } }],
    ['azurerm_thing.Thing.rule', { resource: { azurerm_thing: { Thing: { rule: 'x' } } } }],
    ['azurerm_thing.Thing.dynamic', { resource: { azurerm_thing: { Thing: { dynamic: {} } } } }],
    [
      'azurerm_thing.Thing.lifecycle.colour',
      { resource: { azurerm_thing: { Thing: { lifecycle: { colour: 1 } } } } },
    ],
    ['terraform.cloud', { terraform: { cloud: {} } }],
    ['provider.other', { provider: { other: [{}] } }],
  ])('refuses %s, and names it', (place, stack) => {
    expect(() => hcl(stack)).toThrow(`${place} cannot be written as HCL`);
  });
});
