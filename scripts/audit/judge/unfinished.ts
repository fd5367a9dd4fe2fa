import path from 'node:path';
import type { ConfigIssue } from '../../../config/file/config-error';
import { describeIssue } from '../../../config/file/config-error';
import type { Finding } from './judge';

/** The id under which reports name what is wrong in a config file: no rule can judge what was never synthesized. */
export const UNFINISHED = 'config';

/**
 * What is wrong in the files of environments that were not synthesized, one finding to an issue. Pure.
 *
 * @param environment the only one that is asked for
 */
export function unfinishedFindings(
  issues: readonly ConfigIssue[],
  environment: string | undefined,
): readonly Finding[] {
  return issues
    .map((issue): Finding => {
      const name = path.basename(issue.file).replace(/\.ya?ml$/, '');
      return {
        ruleId: UNFINISHED,
        check: issue.path === '' ? issue.code : `${issue.code}:${issue.path}`,
        level: 'error',
        environment: name,
        constructPath: name,
        pointer: '',
        message: `the environment is not judged, as its file is wrong: ${describeIssue(issue)}`,
        source: { file: issue.file, line: issue.line ?? 1 },
        value: 'none',
        waiver: null,
      };
    })
    .filter((finding) => environment === undefined || finding.environment === environment);
}
