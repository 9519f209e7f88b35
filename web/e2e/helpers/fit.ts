// Looks at a page as somebody with a narrow window, or only a keyboard, would: what is cut off, what cannot be reached.
import type { Page } from "@playwright/test";

/** What a person can press or type into. */
const CONTROLS = "button, a[href], input, textarea, select, summary, [role=option], [tabindex]";

/** What sticks out sideways, or is hidden under something else however far one scrolls. Nothing is good. */
export async function whatDoesNotFit(page: Page): Promise<string[]> {
  return page.evaluate((controls) => {
    const problems: string[] = [];
    const width = document.documentElement.clientWidth;
    const name = (element: Element): string =>
      `<${element.localName}> ${element.getAttribute("aria-label") ?? element.textContent?.trim().slice(0, 40) ?? ""}`;
    const isShown = (element: Element): boolean => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const modal = document.querySelector("dialog[open]");
    const root = modal ?? document.body;
    for (const box of [document.documentElement, ...document.querySelectorAll("*")]) {
      const style = getComputedStyle(box);
      const scrolls = box === document.documentElement || style.overflowX === "auto" || style.overflowX === "scroll";
      if (scrolls && isShown(box) && box.scrollWidth > box.clientWidth + 1) problems.push(`${name(box)} scrolls sideways`);
    }
    for (const control of root.querySelectorAll<HTMLElement>(controls)) {
      if (!isShown(control) || control.closest("[inert]") !== null) continue;
      control.scrollIntoView({ block: "nearest", inline: "nearest" });
      const { left, right, top, bottom, height } = control.getBoundingClientRect();
      if (left < -1 || right > width + 1) problems.push(`${name(control)} is cut off: ${Math.round(left)} to ${Math.round(right)} of ${width}`);
      // Of what is taller than the window, the middle of what shows.
      const y = height > innerHeight ? innerHeight / 2 : (top + bottom) / 2;
      const there = document.elementFromPoint((left + right) / 2, y);
      const label = control.closest("label");
      if (there === null || !(control.contains(there) || there.contains(control) || label?.contains(there) === true)) {
        problems.push(`${name(control)} is under ${there === null ? "nothing" : name(there)}`);
      }
    }
    return problems;
  }, CONTROLS);
}

/** Words that stand beyond the edge of the window. */
export async function whatIsCutOff(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const width = document.documentElement.clientWidth;
    const texts = document.createTreeWalker(document.querySelector("dialog[open]") ?? document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const parent = node.parentElement;
      if (parent === null || !parent.checkVisibility({ visibilityProperty: true }) || parent.closest(".unseen") !== null) continue;
      range.selectNodeContents(node);
      const { left, right, width: wide } = range.getBoundingClientRect();
      if (wide === 0 || (left >= -1 && right <= width + 1)) continue;
      // A line that ends in … is shortened, not cut off.
      let shortened = false;
      for (let at: Element | null = parent; at !== null; at = at.parentElement) {
        shortened ||= getComputedStyle(at).textOverflow === "ellipsis";
      }
      if (!shortened) problems.push(`"${node.textContent?.trim().slice(0, 40)}": ${Math.round(left)} to ${Math.round(right)} of ${width}`);
    }
    return problems;
  });
}

/** A thumb wants 44 pixels; only a row of signs, side by side over the whole width, may be narrower. */
export async function whatIsTooSmall(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const problems: string[] = [];
    const root = document.querySelector("dialog[open]") ?? document.body;
    for (const control of root.querySelectorAll<HTMLElement>("button, input, textarea, select, [role=option], [role=gridcell]")) {
      if (!control.checkVisibility({ visibilityProperty: true }) || control.matches(":disabled")) continue;
      const pressed = control.closest("label") ?? control;
      const { width, height } = pressed.getBoundingClientRect();
      const least = control.closest("[role=toolbar]") === null ? 43.5 : 32;
      if (height < 43.5 || width < least) {
        problems.push(`${control.getAttribute("aria-label") ?? control.textContent?.trim() ?? control.localName}: ${Math.round(width)} × ${Math.round(height)}`);
      }
    }
    return problems;
  });
}

/** One stop of the Tab key. */
export interface Stop {
  name: string;
  /** Nothing shows that it has the focus. */
  unmarked: boolean;
}

/** Presses Tab until it comes round, and says what could not be reached or does not show that it is. */
export async function walkByTab(page: Page): Promise<{ unmarked: string[]; missed: string[] }> {
  await page.evaluate((controls) => {
    const root = document.querySelector("dialog[open]") ?? document.body;
    let number = 0;
    for (const control of root.querySelectorAll<HTMLElement>(controls)) {
      const isShown = control.checkVisibility({ visibilityProperty: true });
      if (!isShown || control.tabIndex < 0 || control.matches(":disabled")) continue;
      control.dataset["stop"] = String(number);
      number += 1;
    }
    (document.activeElement as HTMLElement | null)?.blur();
  }, CONTROLS);
  const seen = new Map<string, Stop>();
  for (let misses = 0; misses < 4; ) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      if (!(at instanceof HTMLElement)) return undefined;
      const style = getComputedStyle(at);
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
      return { key: at.dataset["stop"], name: at.getAttribute("aria-label") ?? at.textContent?.trim().slice(0, 40) ?? at.localName, unmarked: !outlined };
    });
    if (stop?.key === undefined || seen.has(stop.key)) misses += 1;
    else seen.set(stop.key, stop);
  }
  const all = await page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("[data-stop]")].map((control) => ({
      key: control.dataset["stop"] ?? "",
      name: control.getAttribute("aria-label") ?? control.textContent?.trim().slice(0, 40) ?? control.localName,
    })),
  );
  return {
    unmarked: [...seen.values()].filter(({ unmarked }) => unmarked).map(({ name }) => name),
    missed: all.filter(({ key }) => !seen.has(key)).map(({ name }) => name),
  };
}
