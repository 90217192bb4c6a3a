/** One import as the server tells it, and what can be done with it. Pure. */

export type Status = "queued" | "running" | "stopping" | "stopped" | "complete" | "failed";

export interface Job {
  readonly status: Status;
  readonly done: number;
  /** 0 as long as the files have not been counted. */
  readonly total: number;
  readonly imported: number;
  readonly present: number;
  readonly refused: number;
  readonly unused: number;
  readonly percent: number;
  readonly message: string;
}

/** Whether the worker has, or will soon have, its hands on it. */
export function isActive(status: Status): boolean {
  return status === "queued" || status === "running" || status === "stopping";
}
