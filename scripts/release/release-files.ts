import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { configDirectory } from '../../config/file/files';
import { PROJECT_DIRECTORY } from '../infra/project';
import type { ProcessEnvironment } from '../infra/terraform';
import { bytesDigest } from '../lib/digest';
import type { Release, ReleaseFile } from './release';
import { releaseOf } from './release';

/** Of the project: what synthesizes, judges and applies, and the packages and versions that it is done with. */
const PROGRAM = [
  'cdktf.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  '.terraform-version',
  'config',
  'constructs',
  'stacks',
  'scripts',
];
/** Of the config that people edit: what all environments have in common. */
const COMMON = ['workloads', 'policy.yaml', 'waivers.yaml'];
/** Within the project's own `config/`, only its program: what people edit comes from where SCALEOUT_CONFIG_DIR says. */
const EDITED = /^config\/(?:environments|workloads)\/|^config\/[^/]+\.ya?ml$/;
const LEFT_BEHIND = /(?:^|\/)(?:node_modules\/|[^/]*\.(?:log|tsbuildinfo|tmp)$|\.DS_Store$)/;

/** The release that this checkout deploys, of the environments of its config. */
export function currentRelease(environment: ProcessEnvironment): Release {
  const config = configDirectory(environment);
  return releaseOf([
    ...filesOf(PROJECT_DIRECTORY, PROGRAM).filter((file) => !EDITED.test(file.path)),
    ...filesOf(config, COMMON).map(({ path: name, sha256 }) => ({ path: `config/${name}`, sha256 })),
  ]);
}

function filesOf(home: string, names: readonly string[]): readonly ReleaseFile[] {
  const there = new Map(readdirSync(home, { withFileTypes: true }).map((entry) => [entry.name, entry]));
  return names.flatMap((name) => {
    const entry = there.get(name);
    if (entry === undefined) return [];
    const paths = entry.isDirectory() ? filesBelow(home, name) : [name];
    return paths
      .filter((file) => !LEFT_BEHIND.test(file))
      .map((file) => ({ path: file, sha256: bytesDigest(readFileSync(path.join(home, file))) }));
  });
}

/** Paths with slashes, on every system. */
function filesBelow(home: string, within: string): readonly string[] {
  return readdirSync(path.join(home, within), { withFileTypes: true }).flatMap((entry) => {
    const name = `${within}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(home, name) : [name];
  });
}
