/**
 * What the volunteer has finished and the server has not confirmed: labels, skips, and pictures
 * with nothing to label. They outlive
 * the page, and go out again under the same id, so that a bad network neither loses one nor stores
 * it twice. One place in the storage for each: tabs that share it cannot write over each other's.
 */
import { Refused, SignedOut, Unreachable } from "./api";
import type { Answer, Api, Task } from "./api";
import type { PolygonJson } from "../core/label";
import { keep, keysOf, readJson } from "../../shared/storage";

/** A finished thing on its way: the same id however often it is sent. */
export interface Parcel {
  readonly id: string;
  /** "nothing": there is nothing to label on the image. */
  readonly kind: "label" | "skip" | "nothing";
  /** The image as it was given; enough to open it again. `null` in parcels of older pages. */
  readonly task: Task | null;
  readonly image: number;
  readonly polygons: readonly PolygonJson[];
  readonly started_at: string;
  /** When it was finished, ISO time. */
  readonly queued_at: string;
  /** The server's no, which only the volunteer can do something about. */
  readonly refused?: { readonly status: number; readonly code: string; readonly reason: string };
}

export type Trouble = Unreachable | SignedOut;

export interface Delivery {
  readonly sent: readonly { readonly parcel: Parcel; readonly answer: Answer }[];
  /** Turned down; they stay in the outbox, with the reason, until the volunteer decides. */
  readonly refused: readonly Parcel[];
  /** Why the round ended before all were delivered. */
  readonly trouble: Trouble | null;
}

export interface Outbox {
  /** Whether it will outlive the page; if not, it is kept in memory. */
  put(parcel: Parcel): boolean;
  all(): readonly Parcel[];
  /** Those that go out by themselves, oldest first. */
  waiting(): readonly Parcel[];
  drop(id: string): void;
  /** Tries each once, oldest first, and stops at the first that cannot be delivered now. */
  deliver(): Promise<Delivery>;
  /** Whether closing the page would lose something. */
  readonly atRisk: boolean;
  readonly trouble: Trouble | null;
}

/** Does the work while no other tab does. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

export function createOutbox(
  storage: Storage,
  owner: string,
  api: Pick<Api, "deliver">,
  exclusively: Exclusively = (work) => work(),
): Outbox {
  const prefix = `ai4mars.outbox.${owner}.`;
  /** What the storage did not take. */
  const unkept = new Map<string, Parcel>();
  let trouble: Trouble | null = null;
  let running: Promise<Delivery> | null = null;
  adoptOldList(storage, owner, put);

  function put(parcel: Parcel): boolean {
    const kept = keep(storage, prefix + parcel.id, JSON.stringify(parcel));
    if (kept) unkept.delete(parcel.id);
    else unkept.set(parcel.id, parcel);
    return kept;
  }

  function drop(id: string): void {
    unkept.delete(id);
    storage.removeItem(prefix + id);
  }

  function all(): Parcel[] {
    const kept = keysOf(storage, prefix).flatMap((key) => readParcel(readJson(storage, key)) ?? []);
    const parcels = new Map(kept.map((parcel) => [parcel.id, parcel]));
    for (const [id, parcel] of unkept) parcels.set(id, parcel);
    return [...parcels.values()].sort((a, b) => a.queued_at.localeCompare(b.queued_at));
  }

  const waiting = (): Parcel[] => all().filter((parcel) => !parcel.refused);

  async function deliverAll(): Promise<Delivery> {
    const sent: { parcel: Parcel; answer: Answer }[] = [];
    const refused: Parcel[] = [];
    const tried = new Set<string>();
    const untried = (): Parcel | undefined => waiting().find(({ id }) => !tried.has(id));
    trouble = null;
    for (let parcel = untried(); parcel; parcel = untried()) {
      tried.add(parcel.id);
      try {
        sent.push({ parcel, answer: await api.deliver(parcel) });
        drop(parcel.id);
      } catch (error) {
        if (error instanceof Unreachable || error instanceof SignedOut) {
          trouble = error;
          break;
        }
        if (!(error instanceof Refused)) throw error;
        // Any other that is refused was closed before, which is what it wanted.
        if (parcel.kind !== "label") drop(parcel.id);
        else refused.push(refuse(parcel, error));
      }
    }
    return { sent, refused, trouble };
  }

  function refuse(parcel: Parcel, { status, code, message }: Refused): Parcel {
    const marked = { ...parcel, refused: { status, code, reason: message } };
    put(marked);
    return marked;
  }

  return {
    put,
    all,
    waiting,
    drop,
    deliver: () =>
      (running ??= exclusively(deliverAll).finally(() => {
        running = null;
      })),
    get atRisk() {
      return unkept.size > 0;
    },
    get trouble() {
      return trouble;
    },
  };
}

function readParcel(raw: unknown): Parcel | null {
  const parcel = raw as Partial<Parcel> | null;
  if (typeof parcel?.id !== "string" || !Number.isInteger(parcel.image)) return null;
  return {
    kind: "label",
    task: null,
    polygons: [],
    started_at: "",
    queued_at: "",
    ...parcel,
  } as Parcel;
}

/** Pages before had one list of labels under one key. */
function adoptOldList(storage: Storage, owner: string, put: (parcel: Parcel) => boolean): void {
  const key = `ai4mars.outbox.${owner}`;
  const list = readJson(storage, key);
  if (!Array.isArray(list)) return;
  const parcels = list.flatMap((raw) => readParcel(raw) ?? []);
  if (parcels.map(put).every(Boolean)) storage.removeItem(key);
}

/** How many finished labels of other people wait on this device. */
export function waitingOfOthers(storage: Storage, owner: string): number {
  const own = `ai4mars.outbox.${owner}.`;
  return keysOf(storage, "ai4mars.outbox.").filter((key) => !key.startsWith(own)).length;
}

/** Only one tab of this browser at a time; where the browser cannot tell, the ids must do. */
export function oneTabAtATime(owner: string): Exclusively {
  const { locks } = navigator;
  if (!locks) return (work) => work();
  return async <T>(work: () => Promise<T>) =>
    (await locks.request(`ai4mars.outbox.${owner}`, work)) as T;
}
