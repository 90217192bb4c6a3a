/** The visible part of the image, as an SVG viewBox in image pixels. Pure. */

export interface View {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Largest zoom, relative to the whole image. */
export const CLOSEST = 16;

/** Return the view of the whole image. */
export function whole(width: number, height: number): View {
  return { x: 0, y: 0, width, height };
}

/** Move a view inside the image; a view larger than the image becomes the whole image. */
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

/** Zoom by `factor` (above 1 zooms in) about the image point (x, y). */
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

/** Pan the view by (dx, dy) image pixels. */
export function pan(view: View, dx: number, dy: number, width: number, height: number): View {
  return clamp({ ...view, x: view.x + dx, y: view.y + dy }, width, height);
}
