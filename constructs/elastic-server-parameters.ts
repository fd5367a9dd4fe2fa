import { PostgresqlFlexibleServerConfiguration } from '@cdktf/provider-azurerm/lib/postgresql-flexible-server-configuration';
import type { ITerraformDependable } from 'cdktf';
import { Annotations, Token } from 'cdktf';
import { Construct } from 'constructs';
import { elasticClusterId } from '../config/azure/resource-names';
import {
  elasticParameterViolations,
  elasticServerParameters,
  parametersNeedingRestart,
} from '../config/azure/server-parameters';
import { allOf } from '../config/text/text';
import { byName, inSequence } from './in-sequence';
import { propProblems, requireValid, unknownNames } from './invalid-props';
import type { OperationTimeouts } from './operation-timeouts';
import { operationTimeouts, timeoutsArgument } from './operation-timeouts';

export interface ElasticServerParametersProps {
  readonly clusterId: string;
  /** Names and values, for every node alike; numbers as text, in PostgreSQL's unit. */
  readonly parameters: Readonly<Record<string, string>>;
  /**
   * What changes the cluster before.
   *
   * @default - nothing but the cluster itself
   */
  readonly after?: ITerraformDependable | undefined;
  /** @default - the provider's */
  readonly timeouts?: OperationTimeouts;
}

/**
 * Parameters of an elastic cluster that differ from the service's values, on every node. One that is taken out goes back to
 * the service's value. The provider restarts the server after each that PostgreSQL reads when it starts.
 *
 * @throws InvalidPropsError naming every prop that the service would refuse
 */
export class ElasticServerParameters extends Construct {
  /** The parameter that is set last: what changes the cluster next waits for it. */
  readonly last: ITerraformDependable | undefined;

  constructor(scope: Construct, id: string, props: ElasticServerParametersProps) {
    super(scope, id);
    requireValid(this, problems(props));
    const { clusterId, parameters, after, timeouts } = props;
    this.warnOfRestart(Object.keys(parameters));
    this.last = inSequence(
      byName(Object.entries(parameters).map(([name, value]) => ({ name, value }))),
      after,
      ({ name, value }, waits) =>
        new PostgresqlFlexibleServerConfiguration(this, name, {
          serverId: clusterId,
          name,
          value,
          ...timeoutsArgument(timeouts),
          ...waits,
        }),
    );
  }

  private warnOfRestart(names: readonly string[]): void {
    const restart = parametersNeedingRestart(names, elasticServerParameters());
    if (restart.length === 0) return;
    Annotations.of(this).addWarning(
      `${allOf(restart)} take${restart.length === 1 ? 's' : ''} effect after a restart: the provider restarts the server whenever the value changes`,
    );
  }
}

function problems(props: ElasticServerParametersProps): string[] {
  return [
    ...unknownNames(Object.keys(props.parameters), (index) => `parameters.${index}`),
    ...propProblems(props, {
      clusterId: elasticClusterId,
      parameters: (parameters) =>
        elasticParameterViolations(parameters, (value) => Token.isUnresolved(value)),
      timeouts: operationTimeouts,
    }),
  ];
}
