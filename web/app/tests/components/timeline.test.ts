// The frame around the messages: before they are known, when there are none, when they cannot be had, what is heard.

import { fireEvent, screen } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { ALICE, BOB, CAROL, makeChat, row, text } from "../../src/engine/fake-world";
import type { ConversationView } from "../../src/engine/generated/ConversationView";
import type { RowView } from "../../src/engine/generated/RowView";
import type { TimelineChange } from "../../src/engine/generated/TimelineChange";
import { arrange } from "../../src/text/rows";
import Announcer from "../../src/ui/Announcer.svelte";
import Bubble from "../../src/ui/Bubble.svelte";
import Timeline from "../../src/ui/Timeline.svelte";
import { settled, show, type Shown } from "./show";

const AT = Date.UTC(2026, 4, 20, 12, 0);
const rows = (first: number, last: number): RowView[] =>
  Array.from({ length: last - first + 1 }, (_, i) => row(first + i, BOB, AT + i, text(`line ${first + i}`)));
const chat = (all: RowView[]): ConversationView => makeChat(77, BOB, "Bob", [ALICE, BOB], all, 0).view;

/** The timeline of a chat that the fake engine does not have, so that the test is the engine. */
function open(view: ConversationView): Shown<{ view: ConversationView }> & { say(change: Partial<TimelineChange>): Promise<void> } {
  const shown = show(Timeline, { view });
  shown.engine.send = async (command) => {
    shown.engine.commands.push(command);
    return { type: "done" };
  };
  shown.app.timeline.open(view);
  const say = async (change: Partial<TimelineChange>): Promise<void> => {
    const opened = shown.engine.commands.findLast((command) => command.type === "openView");
    if (opened?.type !== "openView") throw new Error("nothing was opened");
    const nothing: TimelineChange = {
      view: opened.view,
      conversation: view.conversation,
      rows: { type: "all", rows: [] },
      hasOlder: false,
      hasNewer: false,
      loading: false,
    };
    shown.engine.tell({ type: "timeline", change: { ...nothing, ...change } });
    await settled();
  };
  return { ...shown, say };
}

test("until the engine has said what there is, there are bones, and nothing is called empty", async () => {
  const { say } = open(chat([]));
  await settled();
  expect(screen.getByTestId("timeline-skeleton")).toBeTruthy();
  expect(screen.queryByText("No messages yet")).toBeNull();
  await say({ loading: true });
  expect(screen.getByTestId("timeline-skeleton")).toBeTruthy();
  await say({});
  expect(screen.queryByTestId("timeline-skeleton")).toBeNull();
  expect(screen.getByText("No messages yet")).toBeTruthy();
  expect(screen.getByText("Write the first message.")).toBeTruthy();
});

test("what cannot be had says so, and is asked for again", async () => {
  const { app, engine, say } = open(chat(rows(1, 9)));
  await say({ rows: { type: "all", rows: [] }, hasOlder: true });
  engine.send = async (command) => {
    engine.commands.push(command);
    return { type: "failed", failure: { reason: "offline", field: "", retryAfterMs: 0 } };
  };
  app.timeline.loadOlder();
  await settled();
  expect(screen.getByText(/not here yet/)).toBeTruthy();
  const asked = engine.commands.length;
  await fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(engine.commands.length).toBeGreaterThan(asked);
});

test("new messages are said once, politely, one by one or by their number; own ones and old ones are not", async () => {
  const first = rows(1, 3);
  const { app, change } = show(Announcer, { view: chat(first) });
  app.timeline.known = true;
  app.timeline.rows = first;
  await settled();
  const heard = screen.getByTestId("announcer");
  expect(heard.getAttribute("aria-live")).toBe("polite");
  expect(heard.textContent).toBe("");

  const comes = async (...more: RowView[]): Promise<string> => {
    app.timeline.rows = [...app.timeline.rows, ...more];
    await change({ view: chat([...app.timeline.rows]) });
    await new Promise((resolve) => setTimeout(resolve, 600));
    await settled();
    return heard.textContent ?? "";
  };
  expect(await comes(row(4, CAROL, AT, text("hello")))).toBe(`${CAROL.displayName}: hello`);
  expect(await comes(row(5, ALICE, AT, text("mine")))).toBe(`${CAROL.displayName}: hello`);
  expect(await comes(...rows(6, 10))).toBe("5 new messages");
  app.timeline.rows = [...rows(-3, 0), ...app.timeline.rows];
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(heard.textContent).toBe("5 new messages");
});

test("after a failed message is deleted by key, the focus is in the composer", async () => {
  const failure = { reason: "notAllowed", field: "", retryAfterMs: 0 } as const;
  const failed = row(0, ALICE, AT, text("list"), { type: "failed", sendKey: "k", failure });
  show(Bubble, { item: arrange([failed], undefined)[0]!, group: false });
  const main = document.body.appendChild(document.createElement("main"));
  const composer = main.appendChild(document.createElement("textarea"));
  const button = screen.getByRole("button", { name: "Delete" });
  button.focus();
  await fireEvent.click(button);
  await vi.waitFor(() => expect(document.activeElement).toBe(composer));
  main.remove();
});
