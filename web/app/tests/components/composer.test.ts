// The composer sends what was written, once, and never loses it.

import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { ALICE, BOB, makeChat } from "../../src/engine/fake-world";
import Composer from "../../src/ui/Composer.svelte";
import { settled, show } from "./show";

const box = (): HTMLTextAreaElement => screen.getByRole("textbox", { name: "Message" }) as HTMLTextAreaElement;
const sent = (engine: { commands: { type: string }[] }): unknown[] => engine.commands.filter(({ type }) => type === "sendText");

function open(conversation = 1, draft = ""): ReturnType<typeof show> {
  const { view } = makeChat(conversation, BOB, "Bob", [ALICE, BOB], [], 0);
  return show(Composer, { view: { ...view, draft } });
}

async function type(words: string): Promise<void> {
  await fireEvent.input(box(), { target: { value: words } });
}

test("Enter sends and empties the box", async () => {
  const { engine } = open();
  await type("hello");
  await fireEvent.keyDown(box(), { key: "Enter" });
  await settled();
  expect(sent(engine)).toMatchObject([{ conversation: 1, text: "hello" }]);
  expect(box().value).toBe("");
});

test("an input method's Enter chooses a word, it does not send", async () => {
  const { engine } = open();
  await type("ni hao");
  await fireEvent.keyDown(box(), { key: "Enter", isComposing: true });
  await fireEvent.keyDown(box(), { key: "Enter", keyCode: 229 });
  expect(sent(engine)).toEqual([]);
});

test("there is nothing to send in an empty box, or one with only spaces", async () => {
  open();
  const button = screen.getByRole("button", { name: "Send" }) as HTMLButtonElement;
  expect(button.disabled).toBe(true);
  await type("  \n ");
  expect(button.disabled).toBe(true);
  await type("a");
  expect(button.disabled).toBe(false);
});

test("the draft that was kept is there again", () => {
  open(1, "half a sen");
  expect(box().value).toBe("half a sen");
});

test("what could not be kept stays in the box, with the reason", async () => {
  open(99);
  await type("precious");
  await fireEvent.keyDown(box(), { key: "Enter" });
  await settled();
  expect(screen.getByRole("alert").textContent).toBe("That is not possible right now.");
  expect(box().value).toBe("precious");
});

test("near the limit it says how much room is left, beyond it that it is too much", async () => {
  open();
  await type("字".repeat(4_900));
  expect(screen.getByRole("status").textContent).toContain("100 left");
  await type("字".repeat(5_001));
  expect(screen.getByRole("status").textContent).toContain("1 too many");
  expect((screen.getByRole("button", { name: "Send" }) as HTMLButtonElement).disabled).toBe(true);
});

test("who chose Ctrl+Enter sends with it, and with nothing else", async () => {
  const { app, engine } = open();
  app.desk.chooseSendWith("modifier");
  await type("hello");
  await fireEvent.keyDown(box(), { key: "Enter" });
  expect(sent(engine)).toEqual([]);
  await fireEvent.keyDown(box(), { key: "Enter", ctrlKey: true });
  await settled();
  expect(sent(engine)).toMatchObject([{ text: "hello" }]);
});

test("what another tab makes of the draft shows here, unless one is typing here", async () => {
  const { view } = makeChat(1, BOB, "Bob", [ALICE, BOB], [], 0);
  const { app, change } = show(Composer, { view });
  await change({ view: { ...view, draft: "from another tab" } });
  expect(box().value).toBe("from another tab");
  await type("mine");
  await change({ view: { ...view, draft: "late news" } });
  expect(box().value).toBe("mine");
  expect(app.drafts.isAhead(1)).toBe(true);
});

test("a text that could not be kept comes back before what was typed meanwhile", async () => {
  const { engine } = open(99);
  let refuse = (): void => {};
  engine.send = () =>
    new Promise((resolve) => {
      refuse = () => resolve({ type: "failed", failure: { reason: "storage", field: "", retryAfterMs: 0 } });
    });
  await type("first");
  await fireEvent.keyDown(box(), { key: "Enter" });
  await type("second");
  refuse();
  await settled();
  expect(box().value).toBe("first\nsecond");
});
