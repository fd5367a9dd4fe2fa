import { section } from '../audit/stack/synthesized';
import type { Synthesized } from '../audit/stack/synthesized';

/** A provider as the lock file pins it. */
export interface LockedProvider {
  /** `registry.terraform.io/hashicorp/azurerm`. */
  readonly source: string;
  readonly version: string;
  /** Of its packages, as `h1:...` and `zh:...`, sorted. */
  readonly hashes: readonly string[];
}

const BLOCK = /^provider "([^"\n]+)" \{\n([\s\S]*?)^\}/gm;

/** Reads `.terraform.lock.hcl`, as `terraform init` writes it. Pure. */
export function lockedProviders(text: string): readonly LockedProvider[] {
  return [...text.matchAll(BLOCK)]
    .map(([, source = '', body = '']) => ({
      source,
      version: /^\s*version\s*=\s*"([^"]+)"/m.exec(body)?.[1] ?? '',
      hashes: [...(/^\s*hashes\s*=\s*\[([^\]]*)\]/m.exec(body)?.[1] ?? '').matchAll(/"([^"]+)"/g)]
        .map(([, hash = '']) => hash)
        .sort(),
    }))
    .sort((a, b) => (a.source < b.source ? -1 : 1));
}

/** The providers of a stack that no hash pins: another package by their name would do as well. Pure. */
export function unlockedProviders(stack: Synthesized, locked: readonly LockedProvider[]): readonly string[] {
  const required = Object.values(
    section(stack, 'terraform')['required_providers'] ?? {},
  ) as readonly unknown[];
  return required.flatMap((each) => {
    const { source, version } = each as { readonly source?: unknown; readonly version?: unknown };
    if (typeof source !== 'string') return ['a provider without a source'];
    const full = fullSource(source);
    const found = locked.find((candidate) => candidate.source === full);
    const pinned =
      found !== undefined &&
      found.version === version &&
      found.hashes.some((hash) => /^h1:.{20}|^zh:.{20}/.test(hash));
    return pinned ? [] : [source];
  });
}

/** A source as the lock file spells it: Terraform fills in its own registry and its maker's name. */
function fullSource(source: string): string {
  const parts = source.toLowerCase().split('/');
  return ['registry.terraform.io', 'hashicorp']
    .slice(0, Math.max(0, 3 - parts.length))
    .concat(parts)
    .join('/');
}
