import { Token } from 'cdktf';
import { addressRangeViolations } from '../config/azure/address-ranges';
import { optionalProblems } from './invalid-props';

/** The clauses of a prop that lists who may come in. One range that only Terraform knows leaves the list to Azure. */
export function addressRangeProblems(name: string, ranges: readonly string[] | undefined): readonly string[] {
  return optionalProblems(name, ranges, (listed) =>
    Array.isArray(listed) && listed.some((range) => Token.isUnresolved(range))
      ? []
      : addressRangeViolations(listed),
  );
}
