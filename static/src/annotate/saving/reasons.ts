/** Why something waits or was refused, as a sentence of the page. */
import { SignedOut } from "../../shared/server";
import type { Refused, Trouble } from "../../shared/server";
import type { Say } from "../config";
import type { Parcel } from "./queued_upload";

/** Why something has to wait, as a sentence. */
export function whyIn(say: Say, trouble: Trouble): string {
  if (trouble instanceof SignedOut) return say("error_signed_out");
  return say(`error_${trouble.reason}`);
}

/** The server's no, in its own words. */
export function reasonIn(say: Say, { status, code, reason }: NonNullable<Parcel["refused"]>): string {
  // Of what a proxy on the way found too large, the site heard nothing, and no word is said.
  return status === 413 && !code ? say("refused_too_large") : say("refused", { reason });
}

export const reasonOf = ({ status, code, message }: Refused): NonNullable<Parcel["refused"]> => ({
  status,
  code,
  reason: message || `HTTP ${status}`,
});
