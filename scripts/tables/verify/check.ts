/** One thing that was looked at. */
export interface Check {
  /** `what:table`, the same in every run. */
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  /** Right as it is, and yet somebody may want to act: then `detail` says how. */
  readonly warning?: boolean;
}
