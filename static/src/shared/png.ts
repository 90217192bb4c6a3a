/**
 * Read PNGs that contain data (masks, ranges) exactly, byte by byte. A canvas would be simpler, but browsers may apply
 * color management, or add noise against fingerprinting: values of 0 and 1 would not survive. Supports only what
 * labeling/images/preparation/pictures.py writes: 8 bits, gray or RGB, not interlaced.
 */

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Bytes per pixel: 1 for gray, 3 for RGB. */
  readonly channels: number;
  readonly bytes: Uint8Array;
}

/** The file is not a PNG of a supported kind. */
export class UnreadablePng extends Error {}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CHANNELS: Record<number, number> = { 0: 1, 2: 3 };
const MOST_PIXELS = 64e6;

export async function readPng(file: Uint8Array<ArrayBuffer>): Promise<Pixels> {
  if (SIGNATURE.some((byte, i) => file[i] !== byte)) throw new UnreadablePng("No PNG.");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const compressed: Uint8Array<ArrayBuffer>[] = [];
  let [width, height, channels] = [0, 0, 0];
  for (let at = 8; at + 12 <= file.length; ) {
    const size = view.getUint32(at);
    const kind = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (kind === "IHDR") {
      [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
      const [depth, color, , , interlaced] = file.subarray(at + 16, at + 21);
      channels = (depth === 8 && !interlaced && CHANNELS[color!]) || 0;
    }
    if (kind === "IDAT") compressed.push(file.subarray(at + 8, at + 8 + size));
    at += size + 12;
  }
  if (!channels || !(width * height <= MOST_PIXELS)) throw new UnreadablePng("An unknown kind.");
  const lines = await inflate(compressed);
  if (lines.length !== height * (width * channels + 1)) throw new UnreadablePng("Cut short.");
  return { width, height, channels, bytes: unfilter(lines, width * channels, channels) };
}

async function inflate(parts: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array> {
  try {
    const packed = new Blob(parts).stream();
    const unpacked = packed.pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  } catch (error) {
    throw new UnreadablePng(String(error));
  }
}

/** Undo the line filters (PNG specification, section 9). */
function unfilter(lines: Uint8Array, stride: number, channels: number): Uint8Array {
  const height = lines.length / (stride + 1);
  const bytes = new Uint8Array(height * stride);
  for (let row = 0; row < height; row++) {
    const filter = lines[row * (stride + 1)]!;
    const from = row * (stride + 1) + 1;
    const to = row * stride;
    for (let i = 0; i < stride; i++) {
      const left = i >= channels ? bytes[to + i - channels]! : 0;
      const up = row ? bytes[to + i - stride]! : 0;
      let guess = 0;
      if (filter === 1) guess = left;
      else if (filter === 2) guess = up;
      else if (filter === 3) guess = (left + up) >> 1;
      else if (filter === 4) {
        guess = paeth(left, up, row && i >= channels ? bytes[to + i - stride - channels]! : 0);
      }
      bytes[to + i] = lines[from + i]! + guess;
    }
  }
  return bytes;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
