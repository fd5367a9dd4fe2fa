/** How a verb is added to the program: its flags are declared on the command, and its work gets them typed. */
import type { Command, OptionValues } from '@commander-js/extra-typings';
import type { VerbResult } from '../lib/verb';
import type { CliContext, Io } from './io';
import { contextFor, exitStatus, printResult } from './io';

/** A command that has no arguments and no flags yet. */
export type Group = Command;

/** Gives a command its work. Each can print its document as JSON, and each ends in an exit status. */
export type AddVerb = <Args extends unknown[], Flags extends OptionValues, Above extends OptionValues>(
  command: Command<Args, Flags, Above>,
  work: (context: CliContext, flags: Flags, ...args: Args) => Promise<VerbResult> | VerbResult,
) => void;

/** @param end is told the exit status of the verb that ran */
export function verbsOf(io: Io, end: (status: number) => void): AddVerb {
  return (command, work) => {
    command
      .option('--json', 'print one JSON document on stdout; what is meant for people goes to stderr')
      .option('--yes', 'answer every question with yes')
      .option('--debug', 'show where an error came from');
    const isSet = (flag: string): boolean => command.getOptionValue(flag) === true;
    command.action(async () => {
      const result = await work(
        contextFor(io, { yes: isSet('yes'), events: isSet('events'), json: isSet('json') }),
        command.opts(),
        ...command.processedArgs,
      );
      await printResult(io, result, { json: isSet('json') });
      end(exitStatus(result.outcome, { detailedExitcode: isSet('detailedExitcode') }));
    });
  };
}
