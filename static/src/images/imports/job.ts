/** The state of an import, and the actions it allows. Pure. */

export type Status = "queued" | "running" | "stopping" | "stopped" | "complete" | "failed";

export interface Job {
  readonly status: Status;
  readonly done: number;
  /** 0 until the files are counted. */
  readonly total: number;
  readonly imported: number;
  readonly present: number;
  readonly refused: number;
  readonly unused: number;
  readonly percent: number;
  readonly message: string;
}

/** Return whether a worker has the import, or will soon. */
export function isActive(status: Status): boolean {
  return status === "queued" || status === "running" || status === "stopping";
}
