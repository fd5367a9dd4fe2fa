/**
 * Where the state of a stack lies that keeps it on this machine: a path from cdktf.out/stacks/NAME, where Terraform
 * runs, to outside what the next synth replaces, and the same text on every machine.
 */
export function localStatePath(stack: string): string {
  return `../../../.scaleout/state/${stack}.tfstate`;
}
