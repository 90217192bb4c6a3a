/**
 * Split a region along a drawn line, so that both parts share the vertices of the line exactly.
 *
 * A chord is a part of the line that runs inside the region from border to border. A chord with
 * both ends on one ring splits that ring. A chord between two rings (the outline and a hole) first
 * joins them by a seam; the next chord between them splits the joined ring.
 */
import { withCorners } from "./borders";
import { splitIntoSimpleParts } from "./clip";
import {
  MIN_AREA, interpolate, boxOf, boxesOverlap, contains, distance, regionArea, ringArea, roundPoint, isSamePoint,
  fractionAlong, signedArea,
} from "./geometry";
import type { Point, Ring, Rings } from "./label";
import { findCrossing } from "./self_intersections";

/** Pixels. A point closer to a border than this counts as on it. */
const ON_BORDER = 1e-3;

/** Return the two or more parts of the region, or null if the line splits nothing off. */
export function splitRings(rings: Rings, path: readonly Point[]): Rings[] | null {
  if (path.length < 2 || !boxesOverlap(boxOf(rings[0]!), boxOf(path))) return null;
  const stations = stationsAlong(rings, path);
  const ends = stations.filter(({ border }) => border).map(({ point }) => point);
  let pieces: Rings[] = [orientRings(withCorners(rings, ends))];
  for (const chord of chordsOf(rings, stations)) {
    pieces = pieces.flatMap((piece) => splitByChord(piece, chord) ?? [piece]);
  }
  if (pieces.length < 2) return null;
  const parts = pieces.map(removeSeams);
  const sum = parts.reduce((area, part) => area + regionArea(part), 0);
  const isWhole = Math.abs(sum - regionArea(rings)) < MIN_AREA / 4;
  return isWhole && parts.every((part) => regionArea(part) >= MIN_AREA) ? parts : null;
}

/** A point of the line: on the region's border, or any vertex of the line. */
interface LinePoint {
  readonly point: Point;
  readonly border: boolean;
}

function stationsAlong(rings: Rings, path: readonly Point[]): LinePoint[] {
  const stations: LinePoint[] = [];
  const add = (station: LinePoint): void => {
    const last = stations.at(-1);
    if (!last || distance(last.point, station.point) > 2 * ON_BORDER) stations.push(station);
    else if (station.border && !last.border) stations[stations.length - 1] = station;
  };
  for (let i = 0; i + 1 < path.length; i++) {
    const [a, b] = [path[i]!, path[i + 1]!];
    add({ point: roundPoint(a), border: false });
    for (const point of findIntersections(rings, a, b)) add({ point, border: true });
    add({ point: roundPoint(b), border: false });
  }
  return stations;
}

/**
 * Return the points where ab meets the rings, ordered from a to b. Existing vertices are returned
 * unchanged.
 */
function findIntersections(rings: Rings, a: Point, b: Point): Point[] {
  const corners: Point[] = [];
  const others: Point[] = [];
  const box = boxOf([a, b]);
  for (const ring of rings) {
    ring.forEach((c, i) => {
      const d = ring[(i + 1) % ring.length]!;
      if (!boxesOverlap(box, boxOf([c, d]), ON_BORDER)) return;
      if (isOn(c, a, b)) corners.push(c);
      for (const end of [a, b]) if (isOn(end, c, d)) others.push(interpolate(c, d, fractionAlong(end, c, d)));
      const at = findCrossing(a, b, c, d);
      if (at) others.push(at);
    });
  }
  const far = others
    .map(roundPoint)
    .filter((point) => corners.every((corner) => distance(point, corner) > 2 * ON_BORDER));
  return [...corners, ...far].sort((p, q) => fractionAlong(p, a, b) - fractionAlong(q, a, b));
}

function isOn(point: Point, a: Point, b: Point): boolean {
  return distance(point, interpolate(a, b, fractionAlong(point, a, b))) <= ON_BORDER;
}

function chordsOf(rings: Rings, stations: readonly LinePoint[]): Point[][] {
  const chords: Point[][] = [];
  let chord: Point[] | null = null;
  for (let i = 0; i + 1 < stations.length; i++) {
    const [from, to] = [stations[i]!, stations[i + 1]!];
    if (!contains(rings, interpolate(from.point, to.point, 0.5))) {
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
      const at = findCrossing(chord[i]!, chord[i + 1]!, chord[j]!, chord[j + 1]!);
      if (at) return withoutLoops([...chord.slice(0, i + 1), roundPoint(at), ...chord.slice(j + 1)]);
    }
  }
  return [...chord];
}

/**
 * Split the piece in two, or join two of its rings. Return null if the chord is not inside the
 * piece.
 */
function splitByChord(piece: Rings, chord: readonly Point[]): Rings[] | null {
  const [start, end] = [chord[0]!, chord.at(-1)!];
  const first = piece.findIndex((ring) => ring.some((point) => isSamePoint(point, start)));
  const second = piece.findIndex((ring) => ring.some((point) => isSamePoint(point, end)));
  if (first < 0 || second < 0 || isSamePoint(start, end) || !runsInside(piece, chord)) return null;
  const from = startingAt(piece[first]!, start);
  const inner = chord.slice(1, -1);
  const rest = piece.filter((_, i) => i !== first && i !== second);
  if (first !== second) {
    const to = startingAt(piece[second]!, end);
    const joined = [...from, start, ...inner, ...to, end, ...[...inner].reverse()];
    return [Math.min(first, second) === 0 ? [joined, ...rest] : [rest[0]!, joined, ...rest.slice(1)]];
  }
  const turn = from.findIndex((point) => isSamePoint(point, end));
  const one = [...from.slice(0, turn + 1), ...[...inner].reverse()];
  const other = [...from.slice(turn), start, ...inner];
  if (first === 0) return [withHoles(one, rest), withHoles(other, rest)];
  // On a hole, the chord cuts one part off and enlarges the hole by it.
  const [grown, off] = ringArea(one) > ringArea(other) ? [one, other] : [other, one];
  const [outline, ...holes] = rest;
  const cutOff = withHoles(off, holes);
  return [[outline!, grown, ...holes.filter((hole) => !cutOff.includes(hole))], orientRings(cutOff)];
}

function runsInside(piece: Rings, chord: readonly Point[]): boolean {
  const box = boxOf(chord);
  for (let i = 0; i + 1 < chord.length; i++) {
    const [a, b] = [chord[i]!, chord[i + 1]!];
    if (!contains(piece, interpolate(a, b, 0.5))) return false;
    for (const ring of piece) {
      if (!boxesOverlap(box, boxOf(ring))) continue;
      if (ring.some((c, k) => findCrossing(a, b, c, ring[(k + 1) % ring.length]!))) return false;
    }
  }
  return true;
}

function startingAt(ring: Ring, corner: Point): Ring {
  const i = ring.findIndex((point) => isSamePoint(point, corner));
  return [...ring.slice(i), ...ring.slice(0, i)];
}

function withHoles(outline: Ring, holes: readonly Ring[]): Rings {
  return [outline, ...holes.filter((hole) => isInside(hole, outline))];
}

/**
 * Return whether a hole lies inside an outline, decided by the majority of its corners: single
 * corners may lie on the outline.
 */
function isInside(hole: Ring, outline: Ring): boolean {
  const inside = hole.filter((point) => contains([outline], point)).length;
  return 2 * inside > hole.length;
}

/**
 * Orient the outline and the holes in opposite directions, so that a seam joins them into one
 * simple ring.
 */
function orientRings([outline, ...holes]: Rings): Rings {
  const turned = (ring: Ring, sign: number): Ring =>
    Math.sign(signedArea(ring)) === sign ? ring : [...ring].reverse();
  return [turned(outline!, 1), ...holes.map((hole) => turned(hole, -1))];
}

/** Remove seams that no later chord used: they run forth and back on the same points. */
function removeSeams(rings: Rings): Rings {
  const whole = splitIntoSimpleParts(rings);
  return whole?.length === 1 ? whole[0]! : rings;
}
