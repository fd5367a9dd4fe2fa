import { identifyProcess } from '../../scripts/local/engines/processes';
import { enterRun } from './enter-run';
import { publishTestRun } from './test-run';

/** Looks for no engine and no program: these tests need none (jest.unit.config.js). */
export default function unitSetup(): void {
  publishTestRun({ directory: enterRun().directory, owner: identifyProcess(), citus: 'none' });
}
