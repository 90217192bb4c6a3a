/** Tries again after a while, each time a longer one. */

const FIRST_MS = 3_000;
const LAST_MS = 60_000;

export class Backoff {
  private ms = FIRST_MS;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly act: () => void) {}

  /** One attempt is due at a time, however often it is asked for. */
  later(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.act();
    }, this.ms);
    this.ms = Math.min(2 * this.ms, LAST_MS);
  }

  /** It went well: the next trouble begins with a short wait. */
  reset(): void {
    this.ms = FIRST_MS;
  }
}
