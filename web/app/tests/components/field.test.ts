// A field belongs to its label, and its error is found by those who cannot see where it stands.

import { render, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import Field from "../../src/ui/Field.svelte";

const base = { label: "Handle", name: "handle", autocomplete: "username", value: "" } as const;

/** What a screen reader adds to the field's name. */
function described(): string {
  const field = screen.getByLabelText("Handle");
  const ids = field.getAttribute("aria-describedby")?.split(" ") ?? [];
  return ids.map((id) => document.getElementById(id)?.textContent?.trim()).join(" ");
}

test("the label names the field, the hint describes it", () => {
  render(Field, { ...base, hint: "Small letters" });
  expect(screen.getByRole("textbox", { name: "Handle" })).toBeTruthy();
  expect(described()).toBe("Small letters");
  expect(screen.getByLabelText("Handle").hasAttribute("aria-invalid")).toBe(false);
});

test("an error takes the hint's place, is told at once, and marks the field", async () => {
  const { rerender } = render(Field, { ...base, hint: "Small letters" });
  await rerender({ ...base, hint: "Small letters", error: "Taken" });
  expect(screen.getByRole("alert").textContent).toBe("Taken");
  expect(described()).toBe("Taken");
  expect(screen.getByLabelText("Handle").getAttribute("aria-invalid")).toBe("true");
  await rerender({ ...base, hint: "Small letters", error: undefined });
  expect(screen.queryByRole("alert")).toBeNull();
  expect(described()).toBe("Small letters");
});

test("two fields never share a label", () => {
  render(Field, { ...base });
  render(Field, { ...base, label: "Name", name: "name" });
  const [one, other] = screen.getAllByRole("textbox").map(({ id }) => id);
  expect(one).not.toBe(other);
});
