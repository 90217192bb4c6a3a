/** Creates the session with device storage, server, outbox and prefetched pictures. */
import { oneTabAtATime } from "../../shared/delivery/outbox";
import { forgetOthers } from "../../shared/offline/kept";
import { deviceStorage } from "../../shared/storage";
import type { Config, Say } from "../config";
import type { Editor } from "../core/editor";
import { Notice } from "../panels/notice";
import { OutboxPanel } from "../panels/outbox_panel";
import type { Page } from "../panels/page";
import type { Surface } from "../view/surface";
import { createApi } from "./api";
import { createDrafts } from "./draft";
import { createOutbox, outboxKey, countOthersWaiting } from "./outbox";
import { findOwner, rememberOwner } from "./owner";
import { newId } from "./queued_upload";
import { Session } from "./session";
import type { SessionParts } from "./session";
import { isOutdated, keepPage } from "./keep_page";
import { KeptPictures } from "./kept_pictures";
import { loadTask, Prefetcher } from "./prefetcher";
import type { FrameOf } from "./prefetcher";
import { simplifyToHalf } from "./simplify";

type Hooks = "update" | "showFeedback" | "opened" | "recall" | "ready" | "remember" | "closed" | "noneLeft";

export interface SessionOptions extends Pick<SessionParts, Hooks> {
  readonly config: Config;
  readonly say: Say;
  readonly page: Page;
  readonly editor: Editor;
  readonly surface: Surface;
  readonly frameOf: FrameOf;
  /** The page may close any moment. */
  leaving(): void;
}

export function createSession(options: SessionOptions): Session {
  const { config, say, page, editor } = options;
  const { storage, lasting } = deviceStorage();
  const owner = findOwner(storage, config.labeler);
  const writer = newId();
  const api = createApi(config.urls, {
    labeler: config.labeler.id,
    csrfToken: config.csrf_token,
    visit: config.labeler.visit,
    became: (labeler) => rememberOwner(storage, labeler, owner),
  });
  const outbox = createOutbox(storage, owner, api, oneTabAtATime(outboxKey(owner)));
  const panel = new OutboxPanel(say, document.documentElement.lang, () => {
    return countOthersWaiting(storage, owner);
  }, {
    sendNow: () => void session.retry(),
    reopen: (upload) => void session.reopen(upload),
    drop: ({ id }) => outbox.drop(id),
    simplify: (upload) => {
      const { refused: _, ...again } = upload;
      outbox.put({ ...again, polygons: simplifyToHalf(upload.polygons) });
      void session.retry();
    },
    sendAsNew: (upload) => {
      const { refused: _, ...again } = upload;
      outbox.put({ ...again, id: newId() });
      outbox.drop(upload.id);
      void session.retry();
    },
  });
  void forgetOthers(config.person, storage);
  const worker = lasting ? config.offline : null;
  let isKept = false;
  const kept = new KeptPictures(storage, worker === null ? null : config.person, config.campaign.slug);
  const session = new Session({
    ...options,
    api,
    outbox,
    drafts: createDrafts(storage, owner, writer, lasting),
    prefetcher: new Prefetcher(options.frameOf, (task, frameOf) => loadTask(task, frameOf, (url) => kept.load(url))),
    panel,
    notice: new Notice(document.getElementById("notice")!),
    kept,
    opened: (loaded) => {
      options.opened?.(loaded);
      // The page works, and the next pictures are on their way.
      if (worker !== null && !isKept) void keepPage(worker, config.person);
      isKept = true;
    },
    renewal: { isOutdated: async () => lasting && (await isOutdated()), reload: () => window.location.reload() },
    writer,
    login: config.urls.login,
    corrected: (label) => window.location.assign(config.urls.my_drawing.replace("{id}", label)),
  });

  window.addEventListener("online", () => void session.retry());
  window.addEventListener("offline", () => session.wentOffline());
  window.addEventListener("storage", ({ key, newValue }) => {
    session.autosave.changedElsewhere(key, newValue);
    if (key?.startsWith("ai4mars.outbox.")) panel.show(outbox);
  });
  const leave = (): void => {
    options.leaving();
    void session.autosave.sync.flush(true);
  };
  // Closing the lid or switching apps: the last event that is sure to fire.
  window.addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") leave();
  });
  window.addEventListener("beforeunload", (event) => {
    const drawn = page.state === "drawing" && editor.label.regions.length > 0;
    if (outbox.atRisk || (!lasting && (drawn || outbox.waiting().length))) event.preventDefault();
  });
  if (!lasting) page.announce(say("storage_forbidden"), "warn");
  return session;
}
