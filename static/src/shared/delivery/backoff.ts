/** Retry with growing delays. */

const FIRST_MS = 3_000;
const LAST_MS = 60_000;

export class Backoff {
  private ms = FIRST_MS;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly act: () => void) {}

  /** Schedule one attempt, however often it is called. */
  later(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.act();
    }, this.ms);
    this.ms = Math.min(2 * this.ms, LAST_MS);
  }

  /** Success: the next failure starts with a short delay. */
  reset(): void {
    this.ms = FIRST_MS;
  }
}
