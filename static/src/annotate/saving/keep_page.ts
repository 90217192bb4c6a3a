/** Keeping this page on the device, so that it opens without a network, and renewing it. */
import type { KeepPage } from "../../shared/offline/kept";

/** Return the addresses of the files that the page's elements name. */
function filesOf(page: Document): string[] {
  const named = page.querySelectorAll<HTMLElement>("link[href], script[src], img[src]");
  return [...new Set([...named].map((each) => each.getAttribute("href") ?? each.getAttribute("src") ?? ""))];
}

const scriptOf = (page: Document): string =>
  page.querySelector("script[type=module][src]")?.getAttribute("src") ?? "";

/** Have the service worker at this address keep the page. Without one the page needs a network to open. */
export async function keepPage(worker: string, person: string): Promise<void> {
  const { serviceWorker } = navigator;
  if (!serviceWorker) return;
  const files = filesOf(document).filter((file) => file.startsWith("/"));
  try {
    await serviceWorker.register(worker, { updateViaCache: "none" });
    const { active } = await serviceWorker.ready;
    active?.postMessage({ path: location.pathname, person, files } satisfies KeepPage);
  } catch {
    // Some private windows forbid it, and without a network it cannot be renewed.
  }
}

/** Return whether the site has a newer version of this page. */
export async function isOutdated(): Promise<boolean> {
  try {
    const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return false;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return scriptOf(page) !== scriptOf(document);
  } catch {
    return false;
  }
}
