// The design tokens keep their word: letters can be read in both themes, and both places of the dark theme agree.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("../src/styles/tokens.css", import.meta.url), "utf8");

/** The custom properties of the rule that begins with `selector`. */
function tokensOf(selector: string): Map<string, string> {
  const start = css.indexOf(`${selector} {`);
  expect(start, selector).toBeGreaterThanOrEqual(0);
  const rule = css.slice(start, css.indexOf("\n}", start));
  return new Map([...rule.matchAll(/(--[\w-]+): ([^;]+);/g)].map(([, name, value]) => [name!, value!]));
}

const light = tokensOf(":root");
const dark = tokensOf(':root[data-theme="dark"]');

/** As WCAG 2 defines it: how bright a colour is to an eye. */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(one: string, other: string): number {
  const [darker, lighter] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter! + 0.05) / (darker! + 0.05);
}

/** One colour, or those a gradient goes through. */
function colours(theme: Map<string, string>, name: string): string[] {
  const value = theme.get(name) ?? light.get(name) ?? "";
  const found = value.match(/#[0-9a-f]{6}/g) ?? [];
  expect(found, name).not.toEqual([]);
  return found;
}

/** What is written on what. Text needs 4.5 : 1. */
const TEXT: readonly (readonly [string, readonly string[]])[] = [
  ["--ink", ["--page", "--surface", "--raised", "--sunken", "--control", "--control-hover", "--hover", "--other", "--sky", "--accent-soft"]],
  ["--ink-soft", ["--page", "--surface", "--raised", "--sunken", "--control", "--hover", "--other", "--sky", "--accent-soft"]],
  ["--accent", ["--page", "--surface", "--raised", "--sky", "--hover", "--accent-soft", "--other", "--own"]],
  ["--accent-ink", ["--accent", "--accent-hover"]],
  ["--own-ink", ["--own"]],
  ["--own-soft", ["--own"]],
  ["--danger", ["--surface", "--raised", "--danger-soft", "--own", "--accent-soft", "--hover"]],
  ["--on-hue", [0, 1, 2, 3, 4, 5, 6, 7].map((hue) => `--hue-${hue}`)],
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((hue) => [`--name-${hue}`, ["--other"]] as const),
];

/** What is drawn on what: signs and the edges of controls need 3 : 1. */
const SIGNS: readonly (readonly [string, readonly string[]])[] = [
  ["--read", ["--own", "--surface", "--accent-soft"]],
  ["--control-line", ["--surface", "--raised"]],
  ["--accent", ["--sunken"]],
];

test.each([
  ["light", light],
  ["dark", dark],
])("in the %s theme everything can be read", (_name, theme) => {
  const weak: string[] = [];
  for (const [pairs, least] of [
    [TEXT, 4.5],
    [SIGNS, 3],
  ] as const) {
    for (const [front, backs] of pairs) {
      for (const back of backs) {
        for (const below of colours(theme, back)) {
          const ratio = contrast(colours(theme, front)[0]!, below);
          if (ratio < least) weak.push(`${front} on ${back}: ${ratio.toFixed(2)}`);
        }
      }
    }
  }
  expect(weak).toEqual([]);
});

test("dark by choice and dark by the system are the same", () => {
  expect([...tokensOf("  :root:not([data-theme])")]).toEqual([...dark]);
});

test("dark changes only what light has", () => {
  expect([...dark.keys()].filter((name) => !light.has(name))).toEqual([]);
});
