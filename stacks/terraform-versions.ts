/** The oldest Terraform this is tested with. */
export const OLDEST_TERRAFORM = '1.9.0';

/** The Terraform versions a stack works with: from `oldest` on, and none that may have changed the language. */
export function terraformVersions(oldest: string): string {
  return `>= ${oldest}, < 2.0.0`;
}
