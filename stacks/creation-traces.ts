/**
 * Runs `work` without the stack traces that cdktf keeps of where every token was made. Nothing here shows them, and
 * formatting hundreds is a good part of the time of a synth. An error that `work` throws keeps its own trace: that is
 * formatted when it is read, later.
 */
export function withoutCreationTraces<T>(work: () => T): T {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  Error.prepareStackTrace = () => '';
  try {
    return work();
  } finally {
    if (before === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', before);
  }
}
