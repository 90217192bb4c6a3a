/** The page of a closed campaign: finished drawings that still wait on this device go out from it. */
import { createApi } from "../annotate/api";
import type { Urls } from "../annotate/api";
import { createOutbox, oneTabAtATime } from "../annotate/outbox";
import { deviceStorage } from "../annotate/storage";

interface Config {
  readonly labeler: number;
  readonly guest_token: string | null;
  readonly csrf_token: string;
  readonly urls: Pick<Urls, "labels" | "skip" | "nothing" | "session">;
}

const config = JSON.parse(document.getElementById("outbox-config")!.textContent!) as Config;
const owner = String(config.labeler);
const api = createApi(
  { ...config.urls, next: "", draft: "", sent: "", correct: "" },
  { labeler: config.labeler, csrfToken: config.csrf_token, guestToken: config.guest_token },
);
const outbox = createOutbox(deviceStorage().storage, owner, api, oneTabAtATime(owner));

function tell(state: "sending" | "sent" | "kept"): void {
  const line = document.querySelector<HTMLElement>("[data-outbox]")!;
  line.textContent = document.querySelector(`[data-outbox-text="${state}"]`)!.textContent;
  line.hidden = false;
}

async function send(): Promise<void> {
  if (!outbox.all().length) return;
  tell("sending");
  await outbox.deliver();
  tell(outbox.all().length ? "kept" : "sent");
}

addEventListener("online", () => void send());
void send();
