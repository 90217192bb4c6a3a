/** The appearance of a terrain class on the picture: a transparent fill color and a hatch. */

const TILE = 16;
const WASH = 0.26;
const HATCH = 0.75;

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

/** Return a canvas pattern in device pixels to fill a region with. */
export function hatch(color: string, pattern: string, pixelRatio: number): CanvasPattern {
  const tile = document.createElement("canvas");
  tile.width = tile.height = Math.round(TILE * pixelRatio);
  const pen = tile.getContext("2d")!;
  pen.scale(tile.width / TILE, tile.height / TILE);
  pen.fillStyle = pen.strokeStyle = color;
  pen.globalAlpha = WASH;
  pen.fillRect(0, 0, TILE, TILE);
  pen.globalAlpha = HATCH;
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
