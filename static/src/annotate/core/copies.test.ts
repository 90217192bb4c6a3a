import { describe, expect, it } from "vitest";
import { addCopy, addRegion } from "./actions";
import { copyAt, copyBeside } from "./copies";
import { regionArea } from "./geometry";
import type { Frame } from "./geometry";
import { EMPTY_LABEL } from "./label";
import type { Region } from "./label";
import { expectSound, square } from "./test_helpers";

const FRAME: Frame = { width: 100, height: 100, masked: [] };
const REGION: Region = { code: 2, rings: [square(10, 10, 20), square(15, 15, 5)] };

describe("copies of a region", () => {
  it("have its class and holes, at a point or at the edge of the image", () => {
    expect(copyAt(REGION, [60.25, 70], FRAME)).toEqual({ code: 2, rings: [square(50.25, 60, 20), square(55.25, 65, 5)] });
    expect(copyAt(REGION, [99, -40], FRAME).rings[0]).toEqual(square(80, 0, 20));
    expect(copyAt({ code: 0, rings: [square(10, 10, 120)] }, [5, 5], FRAME).rings[0]).toEqual(square(0, 0, 120));
  });

  it("lie beside it where the ground is free", () => {
    const label = addCopy(REGION, FRAME)(EMPTY_LABEL);
    const next = copyBeside(label.regions[0]!, label, FRAME);
    expect(next.rings[0]![0]).toEqual([34, 10]);
    const both = addCopy(next, FRAME)(label);
    expect(both.regions.map(({ code, rings }) => [code, regionArea(rings)])).toEqual([[2, 375], [2, 375]]);
    expectSound(both, FRAME);
    // To the right there is a shape now, to the left an edge.
    expect(copyBeside(label.regions[0]!, both, FRAME).rings[0]![0]).toEqual([10, 34]);
    const full = addRegion(1, square(0, 0, 100), FRAME)(label);
    expect(copyBeside(label.regions[0]!, full, FRAME).rings[0]![0]).toEqual([34, 10]);
  });
});
