/** A drawing beside the reference answer, pixel by pixel. */

/** Not compared, or nothing there; as the answer is; in the answer alone; in the drawing alone. */
export const NOTHING = 0;
export const MATCHED = 1;
export const MISSED = 2;
export const EXTRA = 3;

const NO_LABEL = 255;

/**
 * What each pixel is. `pixels` are RGBA, red the answer's class code and green the drawn one, 255
 * for none. Of one class (`code`), or of all: then another class than the answer's is too much.
 * Pixels without a reference answer are not compared.
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

/** A stencil of one verdict for a canvas: RGBA, opaque where it holds. */
export function stencil(found: Uint8Array, verdict: number): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * found.length);
  for (let i = 0; i < found.length; i++) {
    if (found[i] === verdict) pixels[4 * i + 3] = 255;
  }
  return pixels;
}
