import { KEY_VAULT_SECRET } from './azurerm';
import { namesSecret } from './secrets';
import type { Leaf } from './synthesized';

/** The argument of a vault's secret that Terraform passes on and keeps nowhere, and the one that it keeps. */
export const WRITE_ONLY_SECRET = 'value_wo';
export const READABLE_SECRET = 'value';

/** A value that its name, or a name above it, calls a secret. */
export interface SecretPlace {
  /** What calls it one. */
  readonly name: string;
  /**
   * `argument` of a resource or a provider, which may need the secret; `copy`, an output or a local, which nothing
   * needs; `default` of a variable.
   */
  readonly kind: 'argument' | 'copy' | 'default';
}

/** Finds the secret's name in the path of a value; undefined where no name says that the value is one. */
export function secretPlace({ pointer }: Leaf): SecretPlace | undefined {
  const [section = '', ...path] = pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = (names: readonly string[], kind: SecretPlace['kind']): SecretPlace | undefined => {
    const name = names.find(namesSecret);
    return name === undefined ? undefined : { name, kind };
  };
  switch (section) {
    case 'output':
      // What an output is called, not what its description or its flags say.
      return path[1] === 'value' ? found([path[0] ?? '', ...path.slice(2)], 'copy') : undefined;
    case 'locals':
      return found(path, 'copy');
    case 'variable':
      return path[1] === 'default' ? found([path[0] ?? '', ...path.slice(2)], 'default') : undefined;
    case 'resource':
    case 'data':
      if (path[0] === KEY_VAULT_SECRET && [WRITE_ONLY_SECRET, READABLE_SECRET].includes(path[2] ?? '')) {
        return { name: path[2] ?? '', kind: 'argument' };
      }
      // The names of type and resource say nothing of an argument.
      return found(path.slice(2), 'argument');
    default:
      return found(path.slice(1), 'argument');
  }
}
