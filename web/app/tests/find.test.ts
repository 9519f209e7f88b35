// Finding names by what somebody types.

import { expect, test } from "vitest";
import { bestRank, fold, rank } from "../src/text/find";

function check(name: string, query: string, expected: ReturnType<typeof rank>): void {
  expect(rank(fold(name), fold(query)), `${query} in ${name}`).toBe(expected);
}

test("the whole name, its beginning, a word, or within", () => {
  check("Anna", "anna", 0);
  check("Anna Berg", "ann", 1);
  check("Anna Berg", "berg", 2);
  check("Anna Berg", "erg", 3);
  check("Anna Berg", "x", undefined);
  check("Anna Berg", "", undefined);
});

test("accents, case and wide letters make no difference", () => {
  check("Ångström", "angstrom", 0);
  check("ECLAIR", "éclair", 0);
  check("ＡＢＣ", "abc", 0);
  check("Đặng", "đang", 0);
});

test("Chinese is found by any part, Hindi's vowels are not accents", () => {
  check("王小明", "小明", 3);
  check("卡萝 Carol", "car", 2);
  check("कमल", "कि", undefined);
});

test("the word that begins later in the name counts too", () => {
  check("banana an", "an", 2);
});

test("the best of several names", () => {
  expect(bestRank(["anna berg", "berg"], "berg")).toBe(0);
  expect(bestRank(["anna", "b"], "x")).toBeUndefined();
});
