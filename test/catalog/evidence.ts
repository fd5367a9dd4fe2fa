/** What Citus says, or what is lost, where the program refuses for a reason of that kind. */
const EVIDENCE: readonly { readonly reason: RegExp; readonly citus: RegExp }[] = [
  { reason: / has triggers? /, citus: /because it has triggers/ },
  { reason: /RESTRICTIVE/, citus: /lacks policy/ },
  { reason: /has grants on columns/, citus: /lacks column|permission denied|^lost: ACL .*COLUMN / },
  { reason: /without SELECT on/, citus: /permission denied|^lost: (?:ACL|rows of .* as) / },
  { reason: /by INHERITS/, citus: /is not a regular, foreign or partitioned table/ },
  { reason: /would change the distribution column/, citus: /cannot create foreign key constraint/ },
  { reason: /is not part of its (?:unique|primary|exclusion)/, citus: /cannot create constraint on/ },
  { reason: /is partitioned itself/, citus: /multi-level partitioned tables/ },
  { reason: /ranges, base types or operators/, citus: /dependency on unsupported object/ },
  {
    reason: /no table with an identity column/,
    citus: /table with identity column|alter table command is currently unsupported/,
  },
  // Where names are long Citus gives up before the rule is gone.
  { reason: /without its rule/, citus: /^(?:lost|changed): RULE |is too long and could lead to deadlocks/ },
  { reason: /a primary key or a replica identity/, citus: /REPLICA IDENTITY or PRIMARY KEY/ },
];

/**
 * What bears a refusal out: of what Citus said and lost when it was told to do it all the same, something of the kind that a reason
 * speaks of; for a reason of another kind, anything. Pure.
 */
export function evidenceFor(reasons: readonly string[], found: readonly string[]): string | undefined {
  return reasons.flatMap((reason) => {
    const kinds = EVIDENCE.filter((each) => each.reason.test(reason));
    const [own] = found.filter((each) => kinds.length === 0 || kinds.some(({ citus }) => citus.test(each)));
    return own ?? [];
  })[0];
}
