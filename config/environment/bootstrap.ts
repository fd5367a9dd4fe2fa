import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { addressRangeViolations } from '../azure/address-ranges';
import type { BootstrapSettings } from './bootstrap-schema';
import { bootstrapSchema } from './bootstrap-schema';
import { configDirectory, readConfigFile, shownPath } from '../file/files';
import { reportAll } from '../azure/report-all';
import { tagRule } from './tag-rules';
import { show } from '../text/text';
import type { Rule } from '../file/yaml';
import { parseYaml, rule } from '../file/yaml';

export type { BootstrapSettings } from './bootstrap-schema';

/** The stack of `bootstrap.yaml`; no environment can have this name. */
export const BOOTSTRAP = 'bootstrap';

const bootstrapRules: readonly Rule[] = [
  rule(z.object({ containers: z.array(z.string()) }), ({ containers }, report) => {
    containers.forEach((name, index) => {
      if (containers.indexOf(name) === index) return;
      report(['containers', index], `is ${show(name)}, which is listed before: remove it`);
    });
  }),
  rule(z.object({ allow: z.array(z.custom<string>()) }), ({ allow }, report) =>
    reportAll(['allow'], addressRangeViolations(allow), report),
  ),
  tagRule,
];

/**
 * Parses `bootstrap.yaml`: strictly, every issue at once.
 *
 * @param file what messages call the file
 * @throws ConfigError
 */
export function parseBootstrap(text: string, file: string): BootstrapSettings {
  return parseYaml(text, file, bootstrapSchema, bootstrapRules);
}

/**
 * Reads where the remote state of the environments lives; undefined where no file says so, and somebody else looks
 * after the storage account.
 *
 * @param directory the directory that may hold `bootstrap.yaml`
 * @throws ConfigError with every issue of the file
 */
export function loadBootstrap(directory: string = configDirectory()): BootstrapSettings | undefined {
  const file = path.join(directory, `${BOOTSTRAP}.yaml`);
  return existsSync(file) ? parseBootstrap(readConfigFile(file), shownPath(file)) : undefined;
}
