import type { IAspect, TerraformElement } from 'cdktf';
import { TerraformResource, TerraformStack, Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { tagViolations } from '../config/azure/tags';
import { show } from '../config/text/text';
import { propProblems, refuse } from './invalid-props';

type Tags = Readonly<Record<string, unknown>>;

interface TaggableResource extends TerraformResource {
  tags: Record<string, string>;
  readonly tagsInput?: unknown;
}

/** Have an argument `tags` that is a list and means something else. */
const OTHER_TAGS: ReadonlySet<string> = new Set([
  'azurerm_api_management_named_value',
  'azurerm_sentinel_threat_intelligence_indicator',
]);

/**
 * Puts tags on every resource of a scope that takes any: `Aspects.of(stack).add(new MandatoryTags(tags))`. Other tags of
 * a resource stay.
 *
 * Whatever would give one of them another value fails the synthesis, with the path of the construct and all such places
 * at once: a tag of the resource itself, an override of the resource or of its stack, and ignoring changes of tags. It is
 * an error and not a correction, because the one who wrote it expects otherwise.
 */
export class MandatoryTags implements IAspect {
  private readonly tags: Readonly<Record<string, string>>;

  /** @throws Error naming every tag that Azure would refuse */
  constructor(tags: Readonly<Record<string, string>>) {
    refuse('not mandatory tags', propProblems({ tags }, { tags: tagViolations }));
    this.tags = { ...tags };
  }

  visit(node: IConstruct): void {
    if (!isTaggable(node)) return;
    const declared = node.tagsInput;
    const isMap = declared === undefined || isPlainMap(declared);
    const refused = isMap
      ? this.conflicts(declared ?? {}, 'tags')
      : ['tags is known only to Terraform, and could hold anything: pass a map'];
    const missing = Object.keys(this.tags).some(
      (name) => (declared as Tags | undefined)?.[name] === undefined,
    );
    // A resource that has them all is left as it is.
    if (isMap && missing) node.tags = { ...(declared as Record<string, string> | undefined), ...this.tags };
    // Told in the validation, after every aspect has run: overrides may still come, and all problems are told at once.
    node.node.addValidation({ validate: () => [...refused, ...this.overrides(node)] });
  }

  /** Overrides that take part in what is synthesized after the resource's own arguments. */
  private overrides(resource: TaggableResource): string[] {
    const ofStack = at(rawOverrides(TerraformStack.of(resource)), [
      'resource',
      resource.terraformResourceType,
      resource.friendlyUniqueId,
    ]);
    const ignored = [resource.lifecycle?.ignoreChanges ?? []].flat();
    return [
      ...this.override(rawOverrides(resource), 'an override of the resource'),
      ...this.override(ofStack, 'an override of the stack'),
      ...ignoring(ignored, 'lifecycle'),
    ];
  }

  private override(overrides: unknown, where: string): string[] {
    if (!isPlainMap(overrides)) return [];
    const ignored = at(overrides, ['lifecycle', 'ignore_changes']);
    const found = ignoring([ignored ?? []].flat(), where);
    if (!Object.hasOwn(overrides, 'tags')) return found;
    const { tags } = overrides;
    if (isPlainMap(tags)) return [...found, ...this.conflicts(tags, where)];
    return [...found, `${where} puts ${show(tags ?? null)} in the place of all tags: remove it`];
  }

  /** Tags of the same name, which Azure compares without regard to case, and with another value. */
  private conflicts(tags: Tags, where: string): string[] {
    return Object.entries(tags).flatMap(([name, value]) => {
      const mandatory = Object.keys(this.tags).find((each) => each.toLowerCase() === name.toLowerCase());
      if (mandatory === undefined || (mandatory === name && value === this.tags[name])) return [];
      return [
        `${where} sets the tag ${show(name)} to ${show(value ?? null)}, and ${show(mandatory)} is ${show(this.tags[mandatory])} on every resource: remove it`,
      ];
    });
  }
}

/** Generated classes of resources with tags have this accessor, so none of them needs to be imported to know it. */
function isTaggable(node: IConstruct): node is TaggableResource {
  return (
    TerraformResource.isTerraformResource(node) &&
    'tagsInput' in node &&
    !OTHER_TAGS.has(node.terraformResourceType)
  );
}

function ignoring(attributes: readonly unknown[], where: string): string[] {
  const isIgnored = attributes.some((each) => each === 'all' || /^tags(?:\W|$)/.test(String(each)));
  return isIgnored
    ? [`${where} ignores changes of tags, and what Azure has would win: leave tags out of ignore_changes`]
    : [];
}

/** What addOverride has collected. The framework keeps it to itself, and writes it over everything else. */
function rawOverrides(element: TerraformElement | TerraformStack): unknown {
  return (element as unknown as { readonly rawOverrides?: unknown }).rawOverrides;
}

function at(value: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (isPlainMap(inner) ? inner[key] : undefined), value);
}

function isPlainMap(value: unknown): value is Tags {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Token.isUnresolved(value);
}
