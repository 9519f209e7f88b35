// The first page: one card with two sides, and every answer of the server put into words.

import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import Welcome from "../../src/ui/Welcome.svelte";
import { settled, show } from "./show";

async function type(label: string, text: string): Promise<void> {
  await fireEvent.input(screen.getByLabelText(label), { target: { value: text } });
}

async function press(name: string): Promise<void> {
  await fireEvent.click(screen.getByRole("button", { name }));
  await settled();
}

test("signs in with what was typed, in the handle's own spelling", async () => {
  const { engine } = show(Welcome, {}, {});
  await type("Handle", " @Alice ");
  await type("Password", "correct horse");
  await press("Sign in");
  expect(engine.commands).toMatchObject([{ type: "signIn", handle: "alice", password: "correct horse" }]);
});

test("a wrong password is said under the form, and nothing typed is lost", async () => {
  show(Welcome, {}, {});
  await type("Handle", "alice");
  await type("Password", "wrong");
  await press("Sign in");
  expect(screen.getByRole("alert").textContent).toBe("Handle or password is wrong.");
  expect((screen.getByLabelText("Handle") as HTMLInputElement).value).toBe("alice");
});

test("what the server would refuse is refused here, at its field, which gets the focus", async () => {
  const { engine } = show(Welcome, {}, {});
  await press("Create an account");
  await type("Handle", "al");
  await type("Name", "Alice");
  await type("Password", "correct horse");
  await press("Create account");
  expect(screen.getByRole("alert").textContent).toContain("3 to 32");
  expect(document.activeElement).toBe(screen.getByLabelText("Handle"));
  expect(engine.commands).toEqual([]);
});

test("a handle that is taken is said at the handle", async () => {
  show(Welcome, {}, {});
  await press("Create an account");
  await type("Handle", "taken");
  await type("Name", "Alice");
  await type("Password", "correct horse");
  await press("Create account");
  const alert = screen.getByRole("alert");
  expect(screen.getByLabelText("Handle").getAttribute("aria-describedby")).toBe(alert.parentElement?.id);
});

test("turning the card over forgets the error, not the handle", async () => {
  show(Welcome, {}, {});
  await type("Handle", "alice");
  await type("Password", "wrong");
  await press("Sign in");
  await press("Create an account");
  expect(screen.queryByRole("alert")).toBeNull();
  expect((screen.getByLabelText("Handle") as HTMLInputElement).value).toBe("alice");
});

test("the password can be looked at and hidden again", async () => {
  show(Welcome, {}, {});
  expect((screen.getByLabelText("Password") as HTMLInputElement).type).toBe("password");
  await press("Show password");
  expect((screen.getByLabelText("Password") as HTMLInputElement).type).toBe("text");
  await press("Hide password");
  expect((screen.getByLabelText("Password") as HTMLInputElement).type).toBe("password");
});

test("whoever was signed out from elsewhere is told", async () => {
  const { engine } = show(Welcome, {}, {});
  engine.tell({ type: "session", session: { type: "signedOut", ended: true } });
  await settled();
  expect(screen.getByRole("status").textContent).toContain("signed out");
});
