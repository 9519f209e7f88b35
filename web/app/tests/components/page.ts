// What a page has and jsdom lacks: sizes that change, media queries, dialogs. As little as the components need.

import { afterEach, beforeEach, vi } from "vitest";
import { locale } from "../../src/state/locale.svelte";

class NoResizes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

/** Nothing is dark, coarse, narrow or reduced, unless a test says so. */
function matchMedia(media: string): MediaQueryList {
  return {
    media,
    matches: false,
    onchange: null,
    addEventListener: () => {},
    removeEventListener: () => {},
    addListener: () => {},
    removeListener: () => {},
    dispatchEvent: () => false,
  };
}

beforeEach(() => {
  vi.stubGlobal("ResizeObserver", NoResizes);
  vi.stubGlobal("matchMedia", matchMedia);
  HTMLDialogElement.prototype.showModal = function (): void {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function (): void {
    this.open = false;
    this.dispatchEvent(new Event("close"));
  };
  // Tests speak English unless they say otherwise, wherever they run.
  localStorage.clear();
  locale.choose("en");
});

afterEach(() => {
  vi.unstubAllGlobals();
});
