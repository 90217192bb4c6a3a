/**
 * Polygons that follow the pixel edges of a mask.
 *
 * Outlines are simplified by at most one pixel, and specks are dropped. The server still removes
 * masked pixels exactly.
 */
import { contains, ringArea, simplify } from "../core/geometry";
import type { Size } from "../core/geometry";
import type { Point, Ring, Rings } from "../core/label";

/** Square pixels. Smaller spots and holes only slow down drawing. */
const SMALLEST = 24;
const TOLERANCE = 0.9;

/**
 * Return one polygon for each connected part (pixels sharing an edge): its outline, then its holes.
 */
export function traceMaskOutlines(mask: ArrayLike<number>, { width, height }: Size): Rings[] {
  const outlines: { rings: Ring[]; area: number }[] = [];
  const holes: Ring[] = [];
  for (const ring of edgesOf(mask, width, height)) {
    const area = signedArea(ring);
    if (Math.abs(area) < SMALLEST) continue;
    if (area > 0) outlines.push({ rings: [ring], area });
    else holes.push(ring);
  }
  outlines.sort((a, b) => a.area - b.area);
  for (const hole of holes) {
    // The smallest outline around it: within a hole there may be further parts.
    const inside = insideOf(hole);
    outlines.find(({ rings }) => contains([rings[0]!], inside))?.rings.push(hole);
  }
  return outlines.map(({ rings }) => rings.map(simplifyRing).filter((ring) => ring.length >= 3));
}

/**
 * Return closed paths along the mask's edge, with the mask on their right. Outlines run clockwise
 * on the screen, holes counterclockwise. Only corners are points.
 */
function edgesOf(mask: ArrayLike<number>, width: number, height: number): Ring[] {
  const masked = (x: number, y: number): boolean =>
    x >= 0 && y >= 0 && x < width && y < height && mask[y * width + x]! > 0;
  const walked = new Uint8Array(width * height);
  const rings: Ring[] = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Every way runs along an upper edge somewhere, to the right.
      if (walked[y * width + x] || !masked(x, y) || masked(x, y - 1)) continue;
      rings.push(walkFrom(x, y, masked, (px, py) => (walked[py * width + px] = 1)));
    }
  }
  return rings;
}

/** Right, down, left, up. */
const STEPS = [[1, 0], [0, 1], [-1, 0], [0, -1]] as const;

function walkFrom(
  startX: number,
  startY: number,
  masked: (x: number, y: number) => boolean,
  onUpperEdge: (x: number, y: number) => void,
): Ring {
  const ring: Point[] = [];
  let [x, y, heading] = [startX, startY, 0];
  do {
    if (heading === 0) onUpperEdge(x, y);
    const [dx, dy] = STEPS[heading]!;
    [x, y] = [x + dx, y + dy];
    // The pixels ahead on the right and on the left of the way; right ones are turned to first, so
    // that parts that touch in a corner alone stay apart.
    const [rx, ry] = [x + (dx - dy - 1) / 2, y + (dx + dy - 1) / 2];
    const [lx, ly] = [x + (dx + dy - 1) / 2, y + (dy - dx - 1) / 2];
    let turn = 0;
    if (!masked(rx, ry)) turn = 1;
    else if (masked(lx, ly)) turn = 3;
    if (turn) ring.push([x, y]);
    heading = (heading + turn) % 4;
  } while (x !== startX || y !== startY || heading !== 0);
  return ring;
}

/** Return the signed area, positive if clockwise on the screen. */
function signedArea(ring: Ring): number {
  let doubled = 0;
  let previous = ring[ring.length - 1]!;
  for (const point of ring) {
    doubled += previous[0] * point[1] - point[0] * previous[1];
    previous = point;
  }
  return doubled / 2;
}

/** Return a point just outside a hole's ring, where the mask is. */
function insideOf(hole: Ring): Point {
  const highest = hole.reduce((a, b) => (b[1] < a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
  return [highest[0] + 0.5, highest[1] - 0.5];
}

/** Simplify a ring, split at its first corner and the corner farthest from it. */
function simplifyRing(ring: Ring): Ring {
  const start = ring[0]!;
  let far = 0;
  let most = -1;
  ring.forEach(([x, y], i) => {
    const off = (x - start[0]) ** 2 + (y - start[1]) ** 2;
    if (off > most) [far, most] = [i, off];
  });
  const first = simplify(ring.slice(0, far + 1), TOLERANCE);
  const second = simplify([...ring.slice(far), start], TOLERANCE);
  const simple = [...first.slice(0, -1), ...second.slice(0, -1)];
  return simple.length >= 3 && ringArea(simple) > 0 ? simple : ring;
}
