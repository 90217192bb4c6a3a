/** Images decoded in advance, so that the next label is painted in one frame. */

/** Cache size: the current image, prefetched ones, and some for undo. */
const KEPT = 8;

export class Pictures {
  private readonly asked = new Map<string, Promise<ImageBitmap>>();
  private readonly decoded = new Map<string, ImageBitmap>();

  /** Load an image once. Rejects if it cannot be loaded. */
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

  /** Return a decoded image; undefined if it is not loaded yet. */
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
