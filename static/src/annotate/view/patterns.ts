/** The appearance of a terrain class on the picture: a transparent fill color and a hatch. */

const TILE = 16;
const WASH = 0.26;
const HATCH = 0.75;
/** The hatch at a border fades out in so many steps. */
const FADE_STEPS = 2;

/** Functions that draw one hatch tile of 16 x 16 CSS pixels. An unknown pattern has no hatch. */
const HATCHES: Record<string, (pen: CanvasRenderingContext2D) => void> = {
  dots: (pen) => {
    for (const [x, y] of [[4, 4], [12, 12]] as const) {
      pen.beginPath();
      pen.arc(x, y, 1.5, 0, 2 * Math.PI);
      pen.fill();
    }
  },
  lines: (pen) => {
    strokeLine(pen, [[-4, 4], [4, -4]]);
    strokeLine(pen, [[-4, 20], [20, -4]]);
    strokeLine(pen, [[12, 20], [20, 12]]);
  },
  waves: (pen) => {
    pen.beginPath();
    pen.moveTo(-4, 8);
    for (let x = -4; x < 20; x += 8) pen.bezierCurveTo(x + 3, 3, x + 5, 13, x + 8, 8);
    pen.stroke();
  },
  cross: (pen) => {
    strokeLine(pen, [[5, 8], [11, 8]]);
    strokeLine(pen, [[8, 5], [8, 11]]);
  },
};

type Line = readonly [readonly [number, number], readonly [number, number]];

function strokeLine(pen: CanvasRenderingContext2D, [[x0, y0], [x1, y1]]: Line): void {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

/** Return a canvas pattern in device pixels to fill a region with: its color and its hatch. */
export function hatch(color: string, pattern: string, pixelRatio: number): CanvasPattern {
  return tiles(color, pattern, pixelRatio, WASH, HATCH);
}

/**
 * Return what fills a region with its color, and hatches it along its border: the hatch fades out
 * within `reach` CSS pixels, and what the middle shows stays visible.
 */
export function fadingHatch(
  color: string, pattern: string, pixelRatio: number, reach: number,
): (pen: CanvasRenderingContext2D, origin: readonly [number, number]) => void {
  const lines = tiles(color, pattern, pixelRatio, 0, 1 - (1 - HATCH) ** (1 / FADE_STEPS));
  return (pen, [x, y]) => {
    pen.save();
    pen.fillStyle = color;
    pen.globalAlpha *= WASH;
    pen.fill();
    pen.restore();
    if (!reach) return;
    pen.save();
    pen.clip();
    // The pattern moves with the picture.
    lines.setTransform(new DOMMatrix([1, 0, 0, 1, x, y]));
    pen.strokeStyle = lines;
    pen.lineJoin = "bevel";
    for (let step = 1; step <= FADE_STEPS; step += 1) {
      pen.lineWidth = (2 * reach * pixelRatio * step) / FADE_STEPS;
      pen.stroke();
    }
    pen.restore();
  };
}

function tiles(
  color: string, pattern: string, pixelRatio: number, wash: number, lines: number,
): CanvasPattern {
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(TILE * pixelRatio);
  const pen = tile.getContext("2d")!;
  pen.scale(tile.width / TILE, tile.height / TILE);
  pen.fillStyle = pen.strokeStyle = color;
  pen.globalAlpha = wash;
  pen.fillRect(0, 0, TILE, TILE);
  pen.globalAlpha = lines;
  pen.lineWidth = 1.25;
  HATCHES[pattern]?.(pen);
  return pen.createPattern(tile, "repeat")!;
}

/** Return a small sample of the class for the palette. */
export function swatch(color: string, pattern: string): HTMLCanvasElement {
  const ratio = Math.max(1, window.devicePixelRatio);
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.round(2 * TILE * ratio);
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = color;
  pen.globalAlpha = 0.45;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.globalAlpha = 1;
  pen.fillStyle = hatch(color, pattern, ratio);
  pen.fillRect(0, 0, canvas.width, canvas.height);
  return canvas;
}
