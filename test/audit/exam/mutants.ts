import type { Json, JsonObject } from '../../../scripts/audit/stack/synthesized';
import { isObject } from '../../../scripts/audit/stack/synthesized';
import type { Where } from './harm';
import { ADDED, BROKEN, DOCUMENT, DUPLICATE_KEYS, ELSEWHERE, GONE, PARAMETERS } from './harm';

/** What a person with a text editor can do to a synthesized file, by what it does. */
export interface Mutant {
  /** What is done, as reports count it. */
  readonly kind: string;
  /** Stack, place and value, so that a failure names what passed. */
  readonly title: string;
  readonly stack: Where;
  readonly text: string;
}

/** A document that may be written to. */
export type Draft = { [key: string]: DraftValue };
type DraftValue = null | boolean | number | string | DraftValue[] | Draft;

/** Every mutant of the synthesized stacks: the tables of harm.ts, applied wherever they fit. */
export function mutants(documents: Readonly<Record<Where, JsonObject>>): readonly Mutant[] {
  const places = Object.keys(documents) as Where[];
  return places.flatMap((stack) => {
    const document = documents[stack];
    const make = (kind: string, what: string, change: (draft: Draft) => void): Mutant[] => {
      const draft = structuredClone(document) as Draft;
      change(draft);
      const text = JSON.stringify(draft);
      return text === JSON.stringify(document) ? [] : [{ kind, title: `${stack}: ${what}`, stack, text }];
    };
    return [
      ...arguments_(document, stack, make),
      ...GONE.filter(({ where }) => where.includes(stack)).flatMap(({ type }) =>
        namesOf(document, type).flatMap((name) =>
          make('resource removed', `${type}.${name}`, (draft) => {
            const group = at(draft, ['resource', type]);
            Reflect.deleteProperty(group, name);
          }),
        ),
      ),
      ...duplicates(document, make),
      ...ADDED.flatMap(({ type, body }) =>
        make('resource added', `${type} ${JSON.stringify(body).slice(0, 60)}`, (draft) => {
          add(draft, type, 'extra', filled(body, document));
        }),
      ),
      ...PARAMETERS.flatMap(({ name, value }) => parameter(document, name, value, make)),
      ...DOCUMENT.filter(({ where }) => where === undefined || where.includes(stack)).flatMap(
        ({ kind, title, change }) => make(kind, title, change),
      ),
      ...DUPLICATE_KEYS.flatMap(({ title, change }) => {
        const text = change(JSON.stringify(document));
        return text === undefined
          ? []
          : [{ kind: 'duplicate key', title: `${stack}: ${title}`, stack, text }];
      }),
    ];
  });
}

type Make = (kind: string, what: string, change: (draft: Draft) => void) => Mutant[];

/** Each judged argument of the first resource of a type: removed, weakened, made unknown, ignored, and pointed elsewhere. */
function arguments_(document: JsonObject, stack: Where, make: Make): Mutant[] {
  return BROKEN.filter(({ where }) => where === undefined || where.includes(stack)).flatMap((broken) =>
    namesOf(document, broken.type)
      .slice(0, 1)
      .flatMap((name) => {
        const path = broken.path.split('.');
        const home = ['resource', broken.type, name];
        if (!has(document, [...home, ...path])) return [];
        const what = `${broken.type}.${name}.${broken.path}`;
        return [
          ...(broken.removed === false
            ? []
            : make('argument removed', what, (draft) => put(draft, [...home, ...path], undefined))),
          ...(broken.weak ?? []).flatMap((value) =>
            make('argument weakened', `${what} = ${JSON.stringify(value)}`, (draft) =>
              put(draft, [...home, ...path], filled(value, document) as DraftValue),
            ),
          ),
          ...(broken.unknown === false
            ? []
            : make('argument unknown', what, (draft) => put(draft, [...home, ...path], '${local.later}'))),
          ...(broken.ignored === false
            ? []
            : make('argument ignored', what, (draft) => {
                const block = at(draft, home);
                const lifecycle = isDraft(block['lifecycle']) ? block['lifecycle'] : {};
                const before = Array.isArray(lifecycle['ignore_changes']) ? lifecycle['ignore_changes'] : [];
                block['lifecycle'] = { ...lifecycle, ignore_changes: [...before, path[0] ?? ''] };
              })),
          ...(broken.reference === true
            ? ELSEWHERE.flatMap((value) =>
                make('argument moved', `${what} = ${value}`, (draft) =>
                  put(draft, [...home, ...path], value),
                ),
              )
            : []),
        ];
      }),
  );
}

/** The same thing of Azure declared twice, under another address. */
function duplicates(document: JsonObject, make: Make): Mutant[] {
  const resource = document['resource'];
  if (!isObject(resource ?? null)) return [];
  return Object.entries(resource as JsonObject).flatMap(([type, named]) =>
    Object.entries(named as JsonObject)
      .slice(0, 1)
      .flatMap(([name, body]) =>
        make('resource duplicated', `${type}.${name}`, (draft) => {
          add(draft, type, `${name}_twice`, body);
        }),
      ),
  );
}

/** A server parameter set to what it must not be. */
function parameter(document: JsonObject, name: string, value: string, make: Make): Mutant[] {
  const kinds = [
    [
      'azurerm_cosmosdb_postgresql_cluster',
      'azurerm_cosmosdb_postgresql_coordinator_configuration',
      'cluster_id',
    ],
    ['azurerm_cosmosdb_postgresql_cluster', 'azurerm_cosmosdb_postgresql_node_configuration', 'cluster_id'],
    ['azurerm_postgresql_flexible_server', 'azurerm_postgresql_flexible_server_configuration', 'server_id'],
  ] as const;
  return kinds.flatMap(([cluster, type, id]) =>
    namesOf(document, cluster).flatMap((owner) =>
      make('parameter', `${type} ${name} = ${value}`, (draft) => {
        add(draft, type, 'extra', { name, value, [id]: `\${${cluster}.${owner}.id}` });
      }),
    ),
  );
}

/** `CLUSTER`, `VAULT` and so on in a text stand for the stack's own resource of that kind. */
function filled(value: Json, document: JsonObject): Json {
  const own = (type: string): string => `\${${type}.${namesOf(document, type)[0] ?? 'none'}.id}`;
  const cluster =
    namesOf(document, 'azurerm_postgresql_flexible_server').length > 0
      ? own('azurerm_postgresql_flexible_server')
      : own('azurerm_cosmosdb_postgresql_cluster');
  return JSON.parse(
    JSON.stringify(value)
      .replaceAll('@CLUSTER', cluster)
      .replaceAll('@VAULT', own('azurerm_key_vault'))
      .replaceAll('@GROUP', own('azurerm_resource_group'))
      .replaceAll('@STORAGE', own('azurerm_storage_account')),
  ) as Json;
}

function namesOf(document: JsonObject, type: string): readonly string[] {
  const resource = document['resource'];
  const named = isObject(resource) ? resource[type] : undefined;
  return isObject(named) ? Object.keys(named) : [];
}

function add(draft: Draft, type: string, name: string, body: Json): void {
  const resource = at(draft, ['resource']);
  const named = isDraft(resource[type]) ? resource[type] : {};
  resource[type] = { ...named, [name]: structuredClone(body) as DraftValue };
}

/** The object at a path, made where there is none; the first of a list stands for the list. */
export function at(draft: Draft, path: readonly string[]): Draft {
  let current = draft;
  for (const key of path) {
    const found = current[key];
    const first = Array.isArray(found) ? found[0] : found;
    if (isDraft(first)) current = first;
    else {
      const made: Draft = {};
      current[key] = made;
      current = made;
    }
  }
  return current;
}

/** Writes a value, or takes it away where it is undefined. */
export function put(draft: Draft, path: readonly string[], value: DraftValue | undefined): void {
  const target = at(draft, path.slice(0, -1));
  const key = path.at(-1) ?? '';
  if (value === undefined) Reflect.deleteProperty(target, key);
  else target[key] = value;
}

function has(document: JsonObject, path: readonly string[]): boolean {
  let current: Json | undefined = document;
  for (const key of path) {
    if (Array.isArray(current)) current = (current as readonly Json[])[0];
    current = isObject(current) ? current[key] : undefined;
  }
  return current !== undefined && current !== null;
}

function isDraft(value: unknown): value is Draft {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
