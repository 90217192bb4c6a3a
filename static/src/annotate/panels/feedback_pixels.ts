/** Comparison of a drawing with the reference answer, pixel by pixel. */

/** Verdicts: not compared or empty; same as the answer; only in the answer; only in the drawing. */
export const NOTHING = 0;
export const MATCHED = 1;
export const MISSED = 2;
export const EXTRA = 3;

const NO_LABEL = 255;

/**
 * Return the verdict of each pixel.
 *
 * `pixels` are RGBA: red holds the answer's class code, green the drawn code, 255 for none. With
 * `code`, only this class is compared; otherwise, a pixel with another class than the answer's
 * counts as extra. Pixels without a reference answer are not compared.
 */
export function verdicts(pixels: Uint8ClampedArray, code: number | null = null): Uint8Array {
  const found = new Uint8Array(pixels.length / 4);
  for (let i = 0; i < found.length; i++) {
    const known = pixels[4 * i]!;
    const drawn = pixels[4 * i + 1]!;
    if (known === NO_LABEL) continue;
    found[i] = code === null ? ofAll(known, drawn) : ofOne(known === code, drawn === code);
  }
  return found;
}

function ofAll(known: number, drawn: number): number {
  if (drawn === NO_LABEL) return MISSED;
  return drawn === known ? MATCHED : EXTRA;
}

function ofOne(known: boolean, drawn: boolean): number {
  if (known) return drawn ? MATCHED : MISSED;
  return drawn ? EXTRA : NOTHING;
}

/** Return an RGBA mask of one verdict for a canvas, opaque where it applies. */
export function stencil(found: Uint8Array, verdict: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * found.length);
  for (let i = 0; i < found.length; i++) {
    if (found[i] === verdict) pixels[4 * i + 3] = 255;
  }
  return pixels;
}
