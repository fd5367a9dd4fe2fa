import { LogAnalyticsWorkspace } from '@cdktf/provider-azurerm/lib/log-analytics-workspace';
import { ManagementLock } from '@cdktf/provider-azurerm/lib/management-lock';
import { ResourceGroup } from '@cdktf/provider-azurerm/lib/resource-group';
import type { TerraformStack } from 'cdktf';
import { Aspects, ref, TerraformResource, Token } from 'cdktf';
import { Construct } from 'constructs';
import { MandatoryTags } from '../../constructs/mandatory-tags';
import { laneSuite } from '../support/lanes';
import { environment, onlyResource, synthesizeConstructs } from '../support/synth';
import { resourceTags } from '../../stacks/resource-tags';

// Not cdktf's own class for it, which asks the installed Terraform for its version.
const DATA = { terraformResourceType: 'terraform_data' };

const mandatory = { environment: 'dev', managedBy: 'scaleout' };
const group = { name: 'rg', location: 'westus2' };
const tagged = (build: (stack: TerraformStack) => void, tags: Record<string, string> = mandatory) =>
  synthesizeConstructs((stack) => {
    Aspects.of(stack).add(new MandatoryTags(tags));
    build(stack);
  });
const groupWith = (
  build: (group: ResourceGroup, stack: TerraformStack) => void,
  tags?: Record<string, string>,
) =>
  tagged((stack) => build(new ResourceGroup(stack, 'Group', { ...group, ...(tags ? { tags } : {}) }), stack));

laneSuite('synth', 'MandatoryTags', () => {
  test('tags every resource that takes tags, however deep, and no other', () => {
    const stack = tagged((scope) => {
      new ResourceGroup(scope, 'Group', group);
      const inner = new Construct(new Construct(scope, 'Outer'), 'Inner');
      new LogAnalyticsWorkspace(inner, 'Logs', { ...group, resourceGroupName: 'rg' });
      new ManagementLock(inner, 'Lock', { name: 'l', scope: 's', lockLevel: 'CanNotDelete' });
      new TerraformResource(inner, 'Data', DATA);
    });
    expect(onlyResource(stack, 'azurerm_resource_group')).toMatchObject({ tags: mandatory });
    expect(onlyResource(stack, 'azurerm_log_analytics_workspace')).toMatchObject({ tags: mandatory });
    expect(onlyResource(stack, 'azurerm_management_lock')).not.toHaveProperty('tags');
    expect(onlyResource(stack, 'terraform_data')).not.toHaveProperty('tags');
  });

  test('leaves the other tags of a resource, and takes an override that agrees', () => {
    const stack = groupWith((made) => made.addOverride('tags.environment', 'dev'), { owner: 'me' });
    expect(onlyResource(stack, 'azurerm_resource_group')).toMatchObject({
      tags: { owner: 'me', ...mandatory },
    });
  });

  test('keeps to its scope', () => {
    const stack = synthesizeConstructs((scope) => {
      const inner = new Construct(scope, 'Inner');
      Aspects.of(inner).add(new MandatoryTags(mandatory));
      new ResourceGroup(scope, 'Group', group);
    });
    expect(onlyResource(stack, 'azurerm_resource_group')).not.toHaveProperty('tags');
  });

  test('changes no byte of a stack that carries the tags already', () => {
    const tags = resourceTags(environment('prod'));
    const build = (stack: TerraformStack): void => {
      const made = new ResourceGroup(stack, 'Group', { ...group, tags });
      new LogAnalyticsWorkspace(stack, 'Logs', {
        ...group,
        resourceGroupName: made.name,
        tags: { zone: '1', ...tags },
      });
    };
    expect(tagged(build, tags).text).toBe(synthesizeConstructs(build).text);
  });

  test.each<[string, (group: ResourceGroup, stack: TerraformStack) => void, string]>([
    [
      'a tag of an override',
      (made) => made.addOverride('tags.environment', 'prod'),
      'an override of the resource sets the tag "environment" to "prod", and "environment" is "dev" on every resource: remove it',
    ],
    [
      'an override that takes a tag away',
      (made) => made.addOverride('tags.environment', undefined),
      'an override of the resource sets the tag "environment" to null, and "environment" is "dev" on every resource: remove it',
    ],
    [
      'an override with all tags',
      (made) => made.addOverride('tags', { environment: 'prod' }),
      'an override of the resource sets the tag "environment" to "prod", and "environment" is "dev" on every resource: remove it',
    ],
    [
      'an override that takes all tags away',
      (made) => made.addOverride('tags', undefined),
      'an override of the resource puts null in the place of all tags: remove it',
    ],
    [
      'an override by an expression',
      (made) => made.addOverride('tags', '${var.tags}'),
      'an override of the resource puts "${var.tags}" in the place of all tags: remove it',
    ],
    [
      'an override of the stack',
      (made, stack) =>
        stack.addOverride(`resource.azurerm_resource_group.${made.friendlyUniqueId}.tags.managedBy`, 'hand'),
      'an override of the stack sets the tag "managedBy" to "hand", and "managedBy" is "scaleout" on every resource: remove it',
    ],
    [
      'an override of the stack that takes all tags away',
      (made, stack) =>
        stack.addOverride(`resource.azurerm_resource_group.${made.friendlyUniqueId}.tags`, undefined),
      'an override of the stack puts null in the place of all tags: remove it',
    ],
    [
      'the same tag in other letters',
      (made) => made.addOverride('tags.Environment', 'dev'),
      'an override of the resource sets the tag "Environment" to "dev", and "environment" is "dev" on every resource: remove it',
    ],
    [
      'ignored changes of tags',
      (made) => {
        made.lifecycle = { ignoreChanges: ['name', 'tags'] };
      },
      'lifecycle ignores changes of tags, and what Azure has would win: leave tags out of ignore_changes',
    ],
    [
      'ignored changes of one tag',
      (made) => {
        made.lifecycle = { ignoreChanges: ['tags["environment"]'] };
      },
      'lifecycle ignores changes of tags, and what Azure has would win: leave tags out of ignore_changes',
    ],
    [
      'ignored changes of everything',
      (made) => {
        made.lifecycle = { ignoreChanges: 'all' };
      },
      'lifecycle ignores changes of tags, and what Azure has would win: leave tags out of ignore_changes',
    ],
    [
      'ignored changes by an override',
      (made) => made.addOverride('lifecycle.ignore_changes', ['tags']),
      'an override of the resource ignores changes of tags, and what Azure has would win: leave tags out of ignore_changes',
    ],
  ])('refuses %s, with its path', (_title, build, message) => {
    expect(() => groupWith(build)).toThrow(`[stack/Group] ${message}`);
  });

  test('refuses a tag of the resource itself, in any letters', () => {
    expect(() => groupWith(() => undefined, { environment: 'prod' })).toThrow(
      '[stack/Group] tags sets the tag "environment" to "prod", and "environment" is "dev" on every resource: remove it',
    );
    expect(() => groupWith(() => undefined, { MANAGEDBY: 'hand' })).toThrow(
      '[stack/Group] tags sets the tag "MANAGEDBY" to "hand", and "managedBy" is "scaleout" on every resource: remove it',
    );
  });

  test('refuses tags that only Terraform knows', () => {
    const unknown = '[stack/Group] tags is known only to Terraform, and could hold anything: pass a map';
    expect(() => groupWith(() => undefined, Token.asStringMap(ref('var.tags')))).toThrow(unknown);
    expect(() =>
      groupWith((made) => {
        made.tags = ref('var.tags') as unknown as Record<string, string>;
      }),
    ).toThrow(unknown);
  });

  test('refuses what an aspect after it does', () => {
    expect(() =>
      tagged((stack) => {
        new ResourceGroup(stack, 'Group', group);
        Aspects.of(stack).add({
          visit: (node) => {
            if (node instanceof ResourceGroup) node.addOverride('tags.environment', 'prod');
          },
        });
      }),
    ).toThrow('[stack/Group] an override of the resource sets the tag "environment" to "prod"');
  });

  test('fails with tags that Azure refuses', () => {
    expect(() => new MandatoryTags({ owner: 'me', Owner: 'you' })).toThrow(
      /^not mandatory tags: tags\.Owner is "owner" again to Azure/,
    );
  });

  test('tells all faults at once', () => {
    expect(() =>
      tagged((stack) => {
        new ResourceGroup(stack, 'One', group).addOverride('tags.environment', 'prod');
        new ResourceGroup(stack, 'Two', { ...group, tags: { managedBy: 'hand' } });
      }),
    ).toThrow(/\[stack\/One\][^]*\[stack\/Two\]/);
  });

  test('takes a tag whose value only Terraform knows', () => {
    const owner = Token.asString(ref('var.owner'));
    const stack = tagged(
      (scope) => {
        new ResourceGroup(scope, 'Group', { ...group, tags: { owner } });
      },
      { ...mandatory, owner },
    );
    expect(onlyResource(stack, 'azurerm_resource_group')).toMatchObject({
      tags: { ...mandatory, owner: '${var.owner}' },
    });
  });
});
