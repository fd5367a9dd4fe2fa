import type { AuditDocument, FileDigest } from '../judge/judge';

/** What a report was made of and by, a line each; none where no command made it. Pure. */
export function provenanceLines({ provenance }: AuditDocument): readonly string[] {
  if (provenance === undefined) return [];
  const { tool, madeAt, files, policy } = provenance;
  return [
    `made ${madeAt} by ${tool.name} ${tool.version}, commit ${tool.commit ?? 'unknown'}`,
    ...files.map(digestLine),
    ...policy.files.map(digestLine),
    `sha256:${policy.sha256}  policy in force`,
  ];
}

function digestLine({ path, sha256 }: FileDigest): string {
  return `sha256:${sha256}  ${path}`;
}
