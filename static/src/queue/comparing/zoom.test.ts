import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLOSEST, pan, whole, zoomAt } from "./zoom";

const W = 1024;
const H = 768;
const within = fc.record({
  x: fc.double({ min: 0, max: W, noNaN: true }),
  y: fc.double({ min: 0, max: H, noNaN: true }),
});
const factor = fc.double({ min: 0.2, max: 5, noNaN: true });

describe("the zoom", () => {
  it("keeps the point under the pointer where it is", () => {
    const view = zoomAt(whole(W, H), 256, 192, 2, W, H);
    expect(view).toEqual({ x: 128, y: 96, width: 512, height: 384 });
  });

  it("shows the whole picture again when zoomed out far enough", () => {
    expect(zoomAt(zoomAt(whole(W, H), 100, 100, 8, W, H), 900, 700, 0.01, W, H)).toEqual(whole(W, H));
  });

  it("stops at the closest", () => {
    expect(zoomAt(whole(W, H), 10, 10, 1000, W, H).width).toBe(W / CLOSEST);
  });

  it("never leaves the picture and keeps its shape", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(within, factor), { maxLength: 12 }), (moves) => {
        let view = whole(W, H);
        for (const [point, by] of moves) {
          view = pan(zoomAt(view, point.x, point.y, by, W, H), point.x - W / 2, point.y - H / 2, W, H);
          expect(view.x).toBeGreaterThanOrEqual(0);
          expect(view.y).toBeGreaterThanOrEqual(0);
          expect(view.x + view.width).toBeLessThanOrEqual(W + 1e-6);
          expect(view.y + view.height).toBeLessThanOrEqual(H + 1e-6);
          expect(view.width / view.height).toBeCloseTo(W / H, 6);
        }
      }),
    );
  });
});
