import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { BOOTSTRAP } from '../../../config/environment/bootstrap';
import { configDirectory, environmentFile, shownConfigPath, shownPath } from '../../../config/file/files';
import { locateYaml } from '../../../config/file/yaml';
import type { CodeFile, Sources } from './locate';

const PROJECT = path.resolve(__dirname, '../../..');
/** The folders whose files make resources. */
const CODE = ['constructs', 'stacks'];

/**
 * Reads what lies behind stacks, for the lines in it: the files of these environments, and the code that makes resources. What cannot be
 * read is left out, since a finding without a line is still one.
 */
export async function readSources(
  environments: readonly string[],
  directory: string = configDirectory(),
): Promise<Sources> {
  const yaml = await Promise.all(
    environments.map(async (name) => {
      const isBootstrap = name === BOOTSTRAP;
      const leaf = isBootstrap ? `${name}.yaml` : path.join('environments', `${name}.yaml`);
      const text = await textOf(path.join(directory, leaf));
      const located = text === undefined ? undefined : locateYaml(text);
      const file = isBootstrap ? shownConfigPath(leaf) : environmentFile(name);
      return located === undefined ? [] : [[name, { file, located }] as const];
    }),
  );
  const code = await Promise.all(CODE.map(codeIn));
  return { yaml: new Map(yaml.flat()), code: code.flat() };
}

async function codeIn(folder: string): Promise<readonly CodeFile[]> {
  const directory = path.join(PROJECT, folder);
  const leaves = await readdir(directory).catch(() => []);
  const files = await Promise.all(
    leaves
      .filter((leaf) => leaf.endsWith('.ts'))
      .sort()
      .map(async (leaf) => {
        const text = await textOf(path.join(directory, leaf));
        return text === undefined ? [] : [{ file: shownPath(path.join(directory, leaf)), text }];
      }),
  );
  return files.flat();
}

async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
