/** What this device keeps for the page, also where the browser forbids keeping anything. */

/** `localStorage`, or where it is forbidden one that lasts as long as the page (`lasting` false). */
export function deviceStorage(): { readonly storage: Storage; readonly lasting: boolean } {
  try {
    const probe = "ai4mars.probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return { storage: localStorage, lasting: true };
  } catch (error) {
    // A full storage still holds what it has, and frees what is removed.
    if (error instanceof DOMException && error.name === "QuotaExceededError") {
      return { storage: localStorage, lasting: true };
    }
    return { storage: new PageStorage(), lasting: false };
  }
}

/** Keeps things as long as the page is open. */
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

/** The keys that begin with `prefix`. */
export function keysOf(storage: Storage, prefix: string): string[] {
  const keys: string[] = [];
  for (let place = 0; place < storage.length; place++) {
    const key = storage.key(place);
    if (key?.startsWith(prefix)) keys.push(key);
  }
  return keys;
}

/** Keeps a value; false when there is no room, and then what was there before is still there. */
export function keep(storage: Storage, key: string, value: string): boolean {
  try {
    storage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/** The value as it was kept, or null for none and for what is not JSON. */
export function readJson(storage: Storage, key: string): unknown {
  try {
    return JSON.parse(storage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
