/** The part of `terraform providers schema -json` that tells blocks from arguments. */
export interface BlockSchema {
  readonly attributes?: Readonly<Record<string, unknown>>;
  readonly block_types?: Readonly<
    Record<string, { readonly nesting_mode: string; readonly block: BlockSchema }>
  >;
}

interface Holder {
  readonly block: BlockSchema;
}

export interface ProviderSchemas {
  /** By the provider's full name, `registry.terraform.io/hashicorp/azurerm`. */
  readonly provider_schemas?: Readonly<
    Record<
      string,
      {
        readonly provider: Holder;
        readonly resource_schemas?: Readonly<Record<string, Holder>>;
        readonly data_source_schemas?: Readonly<Record<string, Holder>>;
      }
    >
  >;
}

/** How a kind of block is looked up: a provider by its local name, the others by their type. */
export function schemaOf(
  { provider_schemas: providers = {} }: ProviderSchemas,
  kind: 'provider' | 'resource' | 'data',
  name: string,
): BlockSchema | undefined {
  if (kind === 'provider') {
    return Object.entries(providers).find(([source]) => source.endsWith(`/${name}`))?.[1].provider.block;
  }
  for (const each of Object.values(providers)) {
    const found = (kind === 'resource' ? each.resource_schemas : each.data_source_schemas)?.[name];
    if (found !== undefined) return found.block;
  }
  return undefined;
}
