/** Pictures decoded ahead of time, so that the next label is painted in one frame. */

/** The one on the screen, those ahead, and some to which undo goes back. */
const KEPT = 8;

export class Pictures {
  private readonly asked = new Map<string, Promise<ImageBitmap>>();
  private readonly decoded = new Map<string, ImageBitmap>();

  /** Asked twice it is loaded once. Rejects when it cannot be loaded. */
  load(url: string): Promise<ImageBitmap> {
    const known = this.asked.get(url) ?? this.fetch(url);
    this.asked.delete(url);
    this.asked.set(url, known);
    known.catch(() => this.asked.delete(url));
    for (const old of [...this.asked.keys()].slice(0, -KEPT)) {
      this.asked.delete(old);
      this.decoded.delete(old);
    }
    return known;
  }

  /** A picture that can be painted at once. */
  ready(url: string): ImageBitmap | null {
    return this.decoded.get(url) ?? null;
  }

  private async fetch(url: string): Promise<ImageBitmap> {
    const image = new Image();
    image.src = url;
    await image.decode();
    const bitmap = await createImageBitmap(image);
    this.decoded.set(url, bitmap);
    return bitmap;
  }
}
