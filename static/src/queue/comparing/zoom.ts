/** Which part of the image is on the screen, as an SVG viewBox in image pixels. Pure: numbers in, numbers out. */

export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** No closer than this many times the whole picture: single pixels are then about as large as a fingertip. */
export const CLOSEST = 16;

/** The whole image. */
export function whole(width: number, height: number): View {
  return { x: 0, y: 0, width, height };
}

/** Keeps a view inside the image; one larger than the image becomes the whole image. */
export function clamp(view: View, width: number, height: number): View {
  const w = Math.min(view.width, width);
  const h = Math.min(view.height, height);
  return {
    x: Math.min(Math.max(view.x, 0), width - w),
    y: Math.min(Math.max(view.y, 0), height - h),
    width: w,
    height: h,
  };
}

/** Zooms by `factor` (above 1 is closer) so that the image point (x, y) stays where it is on the screen. */
export function zoomAt(view: View, x: number, y: number, factor: number, width: number, height: number): View {
  const scale = Math.min(Math.max((width / view.width) * factor, 1), CLOSEST);
  const w = width / scale;
  const h = height / scale;
  return clamp(
    { x: x - ((x - view.x) * w) / view.width, y: y - ((y - view.y) * h) / view.height, width: w, height: h },
    width,
    height,
  );
}

/** Moves the view by (dx, dy) image pixels. */
export function pan(view: View, dx: number, dy: number, width: number, height: number): View {
  return clamp({ ...view, x: view.x + dx, y: view.y + dy }, width, height);
}
