/** Comparisons of a label with the others of its image, computed in a worker and cached. */

import type { Candidate, ReviewedLabel } from "../types";
import type { Comparison, Drawn, Question, Reply } from "./worker";

/** Cache size: the current label, prefetched ones, and some for undo. */
const KEPT = 6;

export class Comparisons {
  private worker: Worker | null = null;
  private asked = 0;
  private readonly waiting = new Map<number, { resolve: (found: Comparison) => void; reject: (error: Error) => void }>();
  private readonly kept = new Map<string, Promise<Comparison>>();

  constructor(private readonly address: string) {}

  /** Return a comparison, computed once per label. Rejects if a mask cannot be loaded. */
  of(candidate: Candidate): Promise<Comparison> {
    const key = keyOf(candidate.label);
    const known = this.kept.get(key) ?? this.ask(candidate);
    this.kept.delete(key);
    this.kept.set(key, known);
    known.catch(() => this.kept.delete(key));
    for (const old of [...this.kept.keys()].slice(0, -KEPT)) this.kept.delete(old);
    return known;
  }

  private ask({ label, others }: Candidate): Promise<Comparison> {
    const worker = (this.worker ??= this.start());
    const { id, width, height, range_mask_url, rover_mask_url } = label.image;
    const question: Question = {
      id: ++this.asked,
      image: { id, width, height, range_mask_url, rover_mask_url },
      label: drawn(label),
      others: others.map(drawn),
    };
    return new Promise((resolve, reject) => {
      this.waiting.set(question.id, { resolve, reject });
      worker.postMessage(question);
    });
  }

  private start(): Worker {
    const worker = new Worker(this.address, { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Reply>) => {
      const asker = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      if ("found" in data) asker?.resolve(data.found);
      else asker?.reject(new Error(data.error));
    });
    worker.addEventListener("error", () => {
      for (const { reject } of this.waiting.values()) reject(new Error("The worker could not run."));
      this.waiting.clear();
    });
    return worker;
  }
}

const keyOf = ({ id, version }: ReviewedLabel): string => `${id}:${version}`;
const drawn = (label: ReviewedLabel): Drawn => ({ key: keyOf(label), polygons: label.polygons });
