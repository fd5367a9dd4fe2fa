import path from 'node:path';
import { differencesOf } from './compare';
import type { Difference } from './compare';

/** The files of a synthesis: the path below its directory, with slashes, and the text. */
export type SynthesizedFiles = ReadonlyMap<string, string>;

interface Allowance {
  readonly file: string;
  readonly pointer: string;
  readonly why: string;
}

/** All that may differ. Whatever else does is something that Terraform, or the order of a deploy, would see. */
export const ALLOWED: readonly Allowance[] = [
  { file: 'manifest.json', pointer: '/version', why: 'the framework that wrote the file' },
  { file: 'cdk.tf.json', pointer: '/~1~1/metadata/version', why: 'the framework that wrote the file' },
  {
    file: 'cdk.tf.json',
    pointer: '/terraform/required_providers/azurerm/version',
    why: 'the plugin that the bindings were generated from',
  },
];

export interface FoundDifference extends Difference {
  readonly file: string;
  /** Why it may be; absent where it may not. */
  readonly allowed?: string;
}

/** Every difference between what two frameworks synthesized, file by file. A file that one lacks differs as a whole. */
export function judge(ours: SynthesizedFiles, theirs: SynthesizedFiles): FoundDifference[] {
  return [...new Set([...ours.keys(), ...theirs.keys()])].sort().flatMap((file) =>
    differencesOf(contents(file, ours.get(file)), contents(file, theirs.get(file))).map((difference) => {
      const allowance = ALLOWED.find(
        (each) => each.file === path.posix.basename(file) && each.pointer === difference.pointer,
      );
      const present = difference.before !== undefined && difference.after !== undefined;
      return {
        file,
        ...difference,
        ...(allowance !== undefined && present ? { allowed: allowance.why } : {}),
      };
    }),
  );
}

/** JSON as its values, so that spaces do not count; any other file as its text. */
function contents(file: string, text: string | undefined): unknown {
  return text === undefined || !file.endsWith('.json') ? text : JSON.parse(text);
}

/** What the check found, for programs. */
export interface CheckDocument {
  readonly formatVersion: 1;
  readonly cdktn: string;
  readonly bindings: string;
  /** Files compared, as `<stage>/<path>`. */
  readonly files: readonly string[];
  readonly differences: readonly FoundDifference[];
}
