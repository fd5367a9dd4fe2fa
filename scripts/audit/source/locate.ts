import path from 'node:path';
import { BOOTSTRAP } from '../../../config/environment/bootstrap';
import type { LocatedYaml } from '../../../config/file/yaml';
import type { Note, SourceLine } from '../judge/judge';
import { CLUSTERS } from '../stack/azurerm';
import type { Json, Synthesized } from '../stack/synthesized';
import type { KeyPath } from './keys';
import { KEYS, RULE_KEYS, TAG_KEYS } from './keys';

/** A file of the project that makes resources. */
export interface CodeFile {
  readonly file: string;
  readonly text: string;
}

/** What lies behind a stack: what people wrote. */
export interface Sources {
  /** The environment's YAML, by the name of the environment; absent where there is none. */
  readonly yaml: ReadonlyMap<string, { readonly file: string; readonly located: LocatedYaml }>;
  readonly code: readonly CodeFile[];
}

/**
 * The line behind a place of a stack: the key of the environment's file that says it, or the line of TypeScript that makes it where
 * no key does. Pure; null where neither is there.
 */
export function sourceOf(place: Note, stack: Synthesized | undefined, sources: Sources): SourceLine | null {
  const keys = keyOf(place, stack);
  const yaml = sources.yaml.get(place.environment);
  if (keys !== undefined && yaml !== undefined) {
    const { line, depth } = yaml.located.locate(withIndexes(keys, yaml.located.data));
    if (depth > 0) return { file: yaml.file, line };
  }
  // A section that the file does not have is to be added to it, whoever else would make the resource.
  const isMissing = keys !== undefined && keys === RULE_KEYS[place.ruleId];
  const made = isMissing ? undefined : madeBy(place);
  const line = made === undefined ? undefined : lineOfClass(made, place, sources.code);
  if (line !== undefined) return line;
  return yaml === undefined ? null : { file: yaml.file, line: 1 };
}

/** Where a class is made: in the file that is called like a construct above the place, or in one that is about its kind of stack. */
function lineOfClass(name: string, place: Note, code: readonly CodeFile[]): SourceLine | undefined {
  const isBootstrap = place.environment === BOOTSTRAP;
  const constructs = place.constructPath.split('/').map((each) => each.toLowerCase());
  const found = code
    .filter(({ file }) => isBootstrap || !baseName(file).startsWith(BOOTSTRAP))
    .map(({ file, text }) => ({
      file,
      line: 1 + text.split('\n').findIndex((each) => each.includes(`new ${name}(`)),
    }))
    .filter(({ line }) => line > 0);
  return (
    found.find(({ file }) => constructs.includes(baseName(file).replaceAll('-', ''))) ??
    found.find(({ file }) => isBootstrap && baseName(file).startsWith(BOOTSTRAP)) ??
    found[0]
  );
}

function baseName(file: string): string {
  return path.basename(file, '.ts');
}

/** The key that says what stands at a place; undefined where the code alone does. */
function keyOf({ pointer, check, ruleId }: Note, stack: Synthesized | undefined): KeyPath | undefined {
  const [section, type = '', name = '', ...rest] = segmentsOf(pointer);
  if (section !== 'resource') return sectionKey(section, [type, name, ...rest], ruleId);
  const [argument = check.split(/[.:]/)[0] ?? '', within] = rest;
  if (argument === 'tags' || ruleId === 'tags') {
    const tag = within ?? check;
    return TAG_KEYS[tag] ?? (tag === 'tags' ? ['tags'] : ['tags', tag]);
  }
  const keys = KEYS[type];
  if (keys === undefined) return undefined;
  const ofRule = CLUSTERS.includes(type) ? RULE_KEYS[ruleId] : undefined;
  const found = keys.own?.[argument] ?? ofRule ?? keys.whole;
  const called = bodyName(stack, type, name);
  return found.includes('@name') ? found.map((each) => (each === '@name' ? `@${called}` : each)) : found;
}

function sectionKey(
  section: string | undefined,
  rest: readonly string[],
  ruleId: string,
): KeyPath | undefined {
  if (section === 'terraform' && rest[0] === 'backend') {
    return rest[1] === undefined ? ['state'] : ['state', BACKEND_KEYS[rest[2] ?? ''] ?? rest[2] ?? 'backend'];
  }
  return RULE_KEYS[ruleId];
}

/** What a backend calls them, and the file does. */
const BACKEND_KEYS: Readonly<Record<string, string>> = {
  resource_group_name: 'resourceGroup',
  storage_account_name: 'storageAccount',
  container_name: 'container',
};

function bodyName(stack: Synthesized | undefined, type: string, name: string): string {
  const block = stack?.resources.find((each) => each.type === type && each.name === name);
  const called: Json | undefined = block?.body['name'];
  return typeof called === 'string' ? called : '';
}

/** `@office` becomes the place of the item that is called so; a map has it as a key. */
function withIndexes(keys: KeyPath, data: unknown): readonly (string | number)[] {
  let at: unknown = data;
  return keys.map((each) => {
    const key = each.startsWith('@') ? each.slice(1) : each;
    if (Array.isArray(at)) {
      const list = at as readonly unknown[];
      const index = list.findIndex((item) => isRecord(item) && item['name'] === key);
      at = list[index];
      return index < 0 ? key : index;
    }
    at = isRecord(at) ? at[key] : undefined;
    return key;
  });
}

/** The class whose construction writes a place, as the framework and the provider's package name it. */
function madeBy({ pointer }: Note): string | undefined {
  const [section = '', type = ''] = segmentsOf(pointer);
  if (section === 'resource') return pascalCase(type.replace(/^azurerm_/, ''));
  if (section === 'data') return `Data${pascalCase(type)}`;
  return CLASSES[section];
}

/** By section of a stack; the stack itself makes the provider, and says the versions. */
const CLASSES: Readonly<Record<string, string>> = {
  provider: 'AzurermProvider',
  terraform: 'AzurermProvider',
  variable: 'TerraformVariable',
  output: 'TerraformOutput',
};

function pascalCase(type: string): string {
  return type
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}

function segmentsOf(pointer: string): readonly string[] {
  return pointer === ''
    ? []
    : pointer
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
