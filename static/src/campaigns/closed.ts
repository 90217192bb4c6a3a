/** The page of a closed campaign: finished drawings that still wait on this device go out from it. */
import { createApi } from "../annotate/saving/api";
import type { Urls } from "../annotate/saving/api";
import type { Config as AnnotateConfig } from "../annotate/config";
import { createOutbox, oneTabAtATime } from "../annotate/saving/outbox";
import { ownerOf, rememberOwner } from "../annotate/saving/owner";
import { deviceStorage } from "../shared/storage";

interface Config {
  readonly labeler: Pick<AnnotateConfig["labeler"], "id" | "visit" | "device_name">;
  readonly csrf_token: string;
  readonly urls: Pick<Urls, "labels" | "skip" | "nothing" | "session">;
}

const config = JSON.parse(document.getElementById("outbox-config")!.textContent!) as Config;
const { storage } = deviceStorage();
const owner = ownerOf(storage, config.labeler);
const api = createApi(
  { ...config.urls, next: "", draft: "", report: "", sent: "", correct: "" },
  {
    labeler: config.labeler.id,
    csrfToken: config.csrf_token,
    visit: config.labeler.visit,
    became: (labeler) => rememberOwner(storage, labeler, owner),
  },
);
const outbox = createOutbox(storage, owner, api, oneTabAtATime(owner));

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
