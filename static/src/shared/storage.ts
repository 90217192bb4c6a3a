/** Storage on this device, with a fallback if the browser forbids it. */

/** Return `localStorage`, or, if it is forbidden, a storage that lasts as long as the page (`lasting` false). */
export function deviceStorage(): { readonly storage: Storage; readonly lasting: boolean } {
  try {
    const probe = "ai4mars.probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return { storage: localStorage, lasting: true };
  } catch (error) {
    // A full storage can still be read, and items can be removed.
    if (error instanceof DOMException && error.name === "QuotaExceededError") {
      return { storage: localStorage, lasting: true };
    }
    return { storage: new PageStorage(), lasting: false };
  }
}

/** Return `sessionStorage`, which each tab has of its own; without it, one that lasts as long as the page. */
export function tabStorage(): Storage {
  try {
    return sessionStorage;
  } catch {
    return new PageStorage();
  }
}

/** A storage that lasts as long as the page. */
export class PageStorage implements Storage {
  private readonly items = new Map<string, string>();

  get length(): number {
    return this.items.size;
  }

  clear(): void {
    this.items.clear();
  }

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

/** Return the keys that begin with `prefix`. */
export function keysOf(storage: Storage, prefix: string): string[] {
  const keys: string[] = [];
  for (let place = 0; place < storage.length; place++) {
    const key = storage.key(place);
    if (key?.startsWith(prefix)) keys.push(key);
  }
  return keys;
}

/** Store a value; return false if there is no room. Then the previous value stays. */
export function keep(storage: Storage, key: string, value: string): boolean {
  try {
    storage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/** Return the stored value; null if there is none or it is not JSON. */
export function readJson(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
