// Puts one component on a page, with an app behind it that the fake engine feeds.

import { render } from "@testing-library/svelte";
import { type Component, type ComponentProps, tick } from "svelte";
import { FakeEngine, type FakeOptions } from "../../src/engine/fake-engine";
import { AppState } from "../../src/state/app.svelte";
import { REST_MS_MAX } from "../../src/state/frame-queue";
import WithApp from "./WithApp.svelte";

export interface Shown<Props> {
  app: AppState;
  engine: FakeEngine;
  /** Changes some properties of the component. */
  change(props: Partial<Props>): Promise<void>;
  unmount(): void;
}

/** The component as it stands in the app; what it shows is found with `screen`. */
export function show<Tested extends Component<any>>(
  component: Tested,
  props: ComponentProps<Tested>,
  options: FakeOptions = { signedIn: true },
): Shown<ComponentProps<Tested>> {
  const engine = new FakeEngine(options);
  const app = new AppState(engine);
  engine.start();
  const { rerender, unmount } = render(WithApp, { app, component, given: props });
  return {
    app,
    engine,
    change: (changed) => rerender({ given: { ...props, ...changed } }),
    unmount,
  };
}

/** Every promise that waits for nothing else is kept, a frame has passed though it may rest, and the page shows it. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, REST_MS_MAX));
  await new Promise((resolve) => requestAnimationFrame(resolve));
  for (let i = 0; i < 5; i += 1) await Promise.resolve();
  await tick();
}
