import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnvironment } from '../../../config/environment/environment';
import type { JsonObject } from '../../../scripts/audit/stack/synthesized';
import {
  ELASTIC_ENVIRONMENTS,
  ENVIRONMENTS,
  synthesizeBootstrap,
  synthesizeSettings,
} from '../../support/synth';
import type { Where } from './harm';

/** Roles and parameters, which the sample files leave out. */
const MORE = `roles: [{ name: app }]
parameters:
  coordinator: { work_mem: '65536', log_min_duration_statement: '5000' }
  workers: { work_mem: '65536' }
`;

/** The sample ones leave the date of the password out, as a date is over one day. */
function dated(text: string): string {
  return text.replace(/^keyVault:\n {2}name: .*\n/m, '$&  passwordExpiresUtc: 2027-06-30T00:00:00Z\n');
}

/** One stack of each kind, as the product writes it, with all that it can hold. */
export function examDocuments(): Readonly<Record<Where, JsonObject>> {
  return {
    prod: environmentDocument(dated(readEnvironment('prod')) + MORE, 'prod'),
    dev: environmentDocument(readEnvironment('dev'), 'dev'),
    elastic: environmentDocument(dated(readEnvironment('prod', ELASTIC_ENVIRONMENTS)), 'prod'),
    bootstrap: JSON.parse(synthesizeBootstrap().text) as JsonObject,
  };
}

/** The text of an environment's file. */
export function readEnvironment(name: string, directory = ENVIRONMENTS): string {
  return readFileSync(path.join(directory, `${name}.yaml`), 'utf8');
}

/** The stack of an environment's file. @throws ConfigError when the file is wrong */
export function environmentDocument(text: string, name: string): JsonObject {
  const settings = parseEnvironment(text, `config/environments/${name}.yaml`);
  return JSON.parse(synthesizeSettings(settings).text) as JsonObject;
}
