/**
 * Divides a region along a drawn line, so that the parts share the line's corners exactly.
 *
 * Where the line runs inside the region from border to border it is a chord. A chord with both
 * ends on one ring divides that ring; one between two rings (the outline and a hole) first only
 * joins them by a seam, and the next chord between them divides what was joined.
 */
import { withCorners } from "./borders";
import { tidy } from "./clip";
import {
  MIN_AREA, along, boxOf, boxesMeet, contains, distance, regionArea, ringArea, roundPoint, same,
  shareOf, signedArea,
} from "./geometry";
import type { Point, Ring, Rings } from "./label";
import { crossingOf } from "./self_intersections";

/** Pixels; what lies closer to a border than this is on it. */
const ON_BORDER = 1e-3;

/** The parts of the region, two or more; null when the line divides nothing off. */
export function splitRings(rings: Rings, path: readonly Point[]): Rings[] | null {
  if (path.length < 2 || !boxesMeet(boxOf(rings[0]!), boxOf(path))) return null;
  const stations = stationsAlong(rings, path);
  const ends = stations.filter(({ border }) => border).map(({ point }) => point);
  let pieces: Rings[] = [facing(withCorners(rings, ends))];
  for (const chord of chordsOf(rings, stations)) {
    pieces = pieces.flatMap((piece) => divide(piece, chord) ?? [piece]);
  }
  if (pieces.length < 2) return null;
  const parts = pieces.map(withoutSeams);
  const sum = parts.reduce((area, part) => area + regionArea(part), 0);
  const isWhole = Math.abs(sum - regionArea(rings)) < MIN_AREA / 4;
  return isWhole && parts.every((part) => regionArea(part) >= MIN_AREA) ? parts : null;
}

/** A point of the line; on the region's border, or a corner of the line anywhere. */
interface Station {
  readonly point: Point;
  readonly border: boolean;
}

function stationsAlong(rings: Rings, path: readonly Point[]): Station[] {
  const stations: Station[] = [];
  const add = (station: Station): void => {
    const last = stations.at(-1);
    if (!last || distance(last.point, station.point) > 2 * ON_BORDER) stations.push(station);
    else if (station.border && !last.border) stations[stations.length - 1] = station;
  };
  for (let i = 0; i + 1 < path.length; i++) {
    const [a, b] = [path[i]!, path[i + 1]!];
    add({ point: roundPoint(a), border: false });
    for (const point of meetings(rings, a, b)) add({ point, border: true });
    add({ point: roundPoint(b), border: false });
  }
  return stations;
}

/** Where ab meets the rings, from a to b: at their corners as they are, or on their edges. */
function meetings(rings: Rings, a: Point, b: Point): Point[] {
  const corners: Point[] = [];
  const others: Point[] = [];
  const box = boxOf([a, b]);
  for (const ring of rings) {
    ring.forEach((c, i) => {
      const d = ring[(i + 1) % ring.length]!;
      if (!boxesMeet(box, boxOf([c, d]), ON_BORDER)) return;
      if (isOn(c, a, b)) corners.push(c);
      for (const end of [a, b]) if (isOn(end, c, d)) others.push(along(c, d, shareOf(end, c, d)));
      const at = crossingOf(a, b, c, d);
      if (at) others.push(at);
    });
  }
  const far = others
    .map(roundPoint)
    .filter((point) => corners.every((corner) => distance(point, corner) > 2 * ON_BORDER));
  return [...corners, ...far].sort((p, q) => shareOf(p, a, b) - shareOf(q, a, b));
}

function isOn(point: Point, a: Point, b: Point): boolean {
  return distance(point, along(a, b, shareOf(point, a, b))) <= ON_BORDER;
}

function chordsOf(rings: Rings, stations: readonly Station[]): Point[][] {
  const chords: Point[][] = [];
  let chord: Point[] | null = null;
  for (let i = 0; i + 1 < stations.length; i++) {
    const [from, to] = [stations[i]!, stations[i + 1]!];
    if (!contains(rings, along(from.point, to.point, 0.5))) {
      chord = null;
      continue;
    }
    if (from.border) chord = [from.point];
    chord?.push(to.point);
    if (chord && to.border) {
      chords.push(withoutLoops(chord));
      chord = null;
    }
  }
  return chords;
}

function withoutLoops(chord: readonly Point[]): Point[] {
  for (let i = 0; i + 1 < chord.length; i++) {
    for (let j = chord.length - 2; j > i + 1; j--) {
      const at = crossingOf(chord[i]!, chord[i + 1]!, chord[j]!, chord[j + 1]!);
      if (at) return withoutLoops([...chord.slice(0, i + 1), roundPoint(at), ...chord.slice(j + 1)]);
    }
  }
  return [...chord];
}

/** The piece as two, or as one with two of its rings joined; null when the chord is not in it. */
function divide(piece: Rings, chord: readonly Point[]): Rings[] | null {
  const [start, end] = [chord[0]!, chord.at(-1)!];
  const first = piece.findIndex((ring) => ring.some((point) => same(point, start)));
  const second = piece.findIndex((ring) => ring.some((point) => same(point, end)));
  if (first < 0 || second < 0 || same(start, end) || !runsInside(piece, chord)) return null;
  const from = startingAt(piece[first]!, start);
  const inner = chord.slice(1, -1);
  const rest = piece.filter((_, i) => i !== first && i !== second);
  if (first !== second) {
    const to = startingAt(piece[second]!, end);
    const joined = [...from, start, ...inner, ...to, end, ...[...inner].reverse()];
    return [Math.min(first, second) === 0 ? [joined, ...rest] : [rest[0]!, joined, ...rest.slice(1)]];
  }
  const turn = from.findIndex((point) => same(point, end));
  const one = [...from.slice(0, turn + 1), ...[...inner].reverse()];
  const other = [...from.slice(turn), start, ...inner];
  if (first === 0) return [withHoles(one, rest), withHoles(other, rest)];
  // Of a hole: what the chord cuts off there, and the hole grown by it.
  const [grown, off] = ringArea(one) > ringArea(other) ? [one, other] : [other, one];
  const [outline, ...holes] = rest;
  const cutOff = withHoles(off, holes);
  return [[outline!, grown, ...holes.filter((hole) => !cutOff.includes(hole))], facing(cutOff)];
}

function runsInside(piece: Rings, chord: readonly Point[]): boolean {
  const box = boxOf(chord);
  for (let i = 0; i + 1 < chord.length; i++) {
    const [a, b] = [chord[i]!, chord[i + 1]!];
    if (!contains(piece, along(a, b, 0.5))) return false;
    for (const ring of piece) {
      if (!boxesMeet(box, boxOf(ring))) continue;
      if (ring.some((c, k) => crossingOf(a, b, c, ring[(k + 1) % ring.length]!))) return false;
    }
  }
  return true;
}

function startingAt(ring: Ring, corner: Point): Ring {
  const i = ring.findIndex((point) => same(point, corner));
  return [...ring.slice(i), ...ring.slice(0, i)];
}

function withHoles(outline: Ring, holes: readonly Ring[]): Rings {
  return [outline, ...holes.filter((hole) => isInside(hole, outline))];
}

/** Most corners decide: single ones may lie on the outline itself. */
function isInside(hole: Ring, outline: Ring): boolean {
  const inside = hole.filter((point) => contains([outline], point)).length;
  return 2 * inside > hole.length;
}

/** Outline one way round, holes the other, so that a seam joins them into one simple way round. */
function facing([outline, ...holes]: Rings): Rings {
  const turned = (ring: Ring, sign: number): Ring =>
    Math.sign(signedArea(ring)) === sign ? ring : [...ring].reverse();
  return [turned(outline!, 1), ...holes.map((hole) => turned(hole, -1))];
}

/** A seam that no later chord met runs there and back: it goes. */
function withoutSeams(rings: Rings): Rings {
  const whole = tidy(rings);
  return whole?.length === 1 ? whole[0]! : rings;
}
