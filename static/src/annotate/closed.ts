/** The page of a closed campaign: it still sends finished drawings that wait on this device. */
import type { Config as AnnotateConfig } from "./config";
import { createOutbox, outboxKey } from "./saving/outbox";
import { findOwner, rememberOwner } from "./saving/owner";
import { createDelivery } from "./saving/queued_upload";
import { connect } from "../shared/delivery/connection";
import { oneTabAtATime } from "../shared/delivery/outbox";
import { deviceStorage } from "../shared/storage";

interface Config {
  readonly labeler: Pick<AnnotateConfig["labeler"], "id" | "visit" | "device_name">;
  readonly csrf_token: string;
  readonly urls: Pick<AnnotateConfig["urls"], "labels" | "skip" | "nothing" | "session">;
}

const config = JSON.parse(document.getElementById("outbox-config")!.textContent) as Config;
const { storage } = deviceStorage();
const owner = findOwner(storage, config.labeler);
const ask = connect(config.urls.session, {
  labeler: config.labeler.id,
  csrfToken: config.csrf_token,
  visit: config.labeler.visit,
  became: (labeler) => rememberOwner(storage, labeler, owner),
});
// A waiting correction is refused here and stays on the device.
const deliver = createDelivery(ask, { ...config.urls, correct: "" });
const outbox = createOutbox(storage, owner, { deliver }, oneTabAtATime(outboxKey(owner)));
outbox.listen({ retry: () => void send() });

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
