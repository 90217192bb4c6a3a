/** Sentences for why an upload waits or was refused. */
import { SignedOut } from "../../shared/server";
import type { Refused, Trouble } from "../../shared/server";
import type { Say } from "../config";
import type { QueuedUpload } from "./queued_upload";

/** Return the sentence for why an upload has to wait. */
export function formatTrouble(say: Say, trouble: Trouble): string {
  if (trouble instanceof SignedOut) return say("error_signed_out");
  return say(`error_${trouble.reason}`);
}

/** Return the server's reason for a refusal. */
export function formatRefusal(say: Say, { status, code, reason }: NonNullable<QueuedUpload["refused"]>): string {
  // If a proxy rejects an upload as too large, there is no sentence of the site.
  return status === 413 && !code ? say("refused_too_large") : say("refused", { reason });
}

export const refusalOf = ({ status, code, message }: Refused): NonNullable<QueuedUpload["refused"]> => ({
  status,
  code,
  reason: message || `HTTP ${status}`,
});
