/** "Save as PNG" for a chart: the SVG of the page, drawn on a canvas at twice its size. */

const SCALE = 2;

async function pngOf(chart: SVGSVGElement): Promise<Blob> {
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const { width, height } = chart.viewBox.baseVal;
  copy.setAttribute("width", String(width * SCALE));
  copy.setAttribute("height", String(height * SCALE));
  // The copy has no style sheet, so computed styles are written into it.
  const { color, backgroundColor } = getComputedStyle(chart);
  copy.setAttribute("color", color);
  copy.setAttribute("font-family", "sans-serif");
  const text = new XMLSerializer().serializeToString(copy);
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  const pen = canvas.getContext("2d")!;
  pen.fillStyle = backgroundColor;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("No picture"))), "image/png");
  });
}

async function save(chart: SVGSVGElement, name: string): Promise<void> {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await pngOf(chart));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

for (const button of document.querySelectorAll<HTMLButtonElement>("[data-save-png]")) {
  const chart = document.getElementById(button.dataset.savePng!) as SVGSVGElement | null;
  if (!chart) continue;
  button.hidden = false;
  button.addEventListener("click", () => void save(chart, button.dataset.file!));
}
