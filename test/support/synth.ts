import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AzurermProvider } from '@cdktf/provider-azurerm/lib/provider';
import { App, TerraformStack } from 'cdktf';
import { loadBootstrap } from '../../config/environment/bootstrap';
import type {
  CosmosEnvironment,
  ElasticEnvironment,
  EnvironmentSettings,
  Stage,
} from '../../config/environment/environment';
import { parseCosmosEnvironment, parseEnvironment } from '../../config/environment/environment';
import { synthesize } from '../../stacks/synthesize';

/** A synthesized stack, as Terraform reads it. */
export interface StackJson {
  readonly resource?: Record<string, Record<string, Record<string, unknown>>>;
  readonly output?: Record<string, { value: unknown }>;
  readonly variable?: Record<string, Record<string, unknown>>;
  readonly provider?: Record<string, unknown>;
  readonly terraform: Record<string, unknown>;
}

export interface Synthesized {
  readonly text: string;
  readonly json: StackJson;
}

/** One of {@link ENVIRONMENTS} as its stack, at a stage of choice. */
export function synthesizeEnvironment(name: string, stage?: Stage): Synthesized {
  return synthesizeSettings(environment(name), stage);
}

/** Environments for tests: the sample ones, for clusters that begin empty. */
export const ENVIRONMENTS = path.join(__dirname, 'environments');

/** The settings of one of {@link ENVIRONMENTS}: `dev` or `prod`. */
export function environment(name: string): CosmosEnvironment {
  const file = path.join(ENVIRONMENTS, `${name}.yaml`);
  return parseCosmosEnvironment(readFileSync(file, 'utf8'), file);
}

/** The same two for elastic clusters. */
export const ELASTIC_ENVIRONMENTS = path.join(__dirname, 'elastic-environments');

/** The settings of one of {@link ELASTIC_ENVIRONMENTS}: `dev` or `prod`. */
export function elasticEnvironment(name: string): ElasticEnvironment {
  const file = path.join(ELASTIC_ENVIRONMENTS, `${name}.yaml`);
  const settings = parseEnvironment(readFileSync(file, 'utf8'), file);
  if (settings.service !== 'elastic-cluster') throw new Error(`${file} is about another service`);
  return settings;
}

export function synthesizeSettings(settings: EnvironmentSettings, stage?: Stage): Synthesized {
  return withOutdir((outdir) => {
    const [stack] = synthesize([settings], { outdir, ...(stage === undefined ? {} : { stage }) });
    return read(stack!.file);
  });
}

/** The stack of where the states lie, as this repository's file describes it. */
export function synthesizeBootstrap(): Synthesized {
  const bootstrap = loadBootstrap();
  if (bootstrap === undefined) throw new Error('there is no config/bootstrap.yaml');
  return withOutdir((outdir) => read(synthesize([], { outdir, bootstrap })[0]!.file));
}

/** Constructs alone in a stack named `stack`, synthesized with all validations on, and the warnings they gave. */
export function synthesizeConstructs(
  build: (stack: TerraformStack) => void,
): Synthesized & { readonly warnings: readonly string[] } {
  return withOutdir((outdir) => {
    const app = new App({ outdir, stackTraces: false });
    const stack = new TerraformStack(app, 'stack');
    new AzurermProvider(stack, 'Provider', { features: [{}] });
    build(stack);
    app.synth();
    const warnings = stack.node
      .findAll()
      .flatMap(({ node }) =>
        node.metadata
          .filter(({ type }) => type === '@cdktf/warn')
          .map(({ data }) => `${node.path}: ${String(data)}`),
      );
    return { ...read(path.join(outdir, 'stacks', 'stack', 'cdk.tf.json')), warnings };
  });
}

/** `type.name` of every resource, sorted. */
export function addresses({ json }: Synthesized): string[] {
  return Object.entries(json.resource ?? {})
    .flatMap(([type, resources]) => Object.keys(resources).map((name) => `${type}.${name}`))
    .sort();
}

/** The only resource of a type, without cdktf's own notes. */
export function onlyResource({ json }: Synthesized, type: string): Record<string, unknown> {
  const resources = Object.values(json.resource?.[type] ?? {});
  if (resources.length !== 1) throw new Error(`expected one ${type}, found ${String(resources.length)}`);
  return Object.fromEntries(Object.entries(resources[0]!).filter(([key]) => key !== '//'));
}

function read(file: string): Synthesized {
  const text = readFileSync(file, 'utf8');
  return { text, json: JSON.parse(text) as StackJson };
}

function withOutdir<T>(use: (outdir: string) => T): T {
  const outdir = mkdtempSync(path.join(tmpdir(), 'scaleout-synth-'));
  try {
    return use(outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
