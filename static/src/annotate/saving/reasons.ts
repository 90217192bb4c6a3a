/** Sentences for why an upload waits or was refused. */
import { SignedOut } from "../../shared/server";
import type { Refused, Trouble } from "../../shared/server";
import type { Say } from "../config";
import type { Parcel } from "./queued_upload";

/** Return the sentence for why an upload has to wait. */
export function whyIn(say: Say, trouble: Trouble): string {
  if (trouble instanceof SignedOut) return say("error_signed_out");
  return say(`error_${trouble.reason}`);
}

/** Return the server's reason for a refusal. */
export function reasonIn(say: Say, { status, code, reason }: NonNullable<Parcel["refused"]>): string {
  // If a proxy rejects an upload as too large, there is no sentence of the site.
  return status === 413 && !code ? say("refused_too_large") : say("refused", { reason });
}

export const reasonOf = ({ status, code, message }: Refused): NonNullable<Parcel["refused"]> => ({
  status,
  code,
  reason: message || `HTTP ${status}`,
});
