/** One `rebalance run` in a process of its own, to be killed. The input is the first argument, as JSON. */
import { rebalanceRun } from '../../scripts/rebalance/commands';
import type { RebalanceRunInput } from '../../scripts/rebalance/commands';
import { recordingContext } from './fixtures';

const input = JSON.parse(process.argv[2] ?? '') as RebalanceRunInput;
rebalanceRun(recordingContext().context, input).then(
  ({ outcome }) => process.stdout.write(outcome),
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  },
);
