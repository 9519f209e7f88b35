// Starts the page: choices first, then the screen, then the engine, so that something shows at once.

import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import type { Engine } from "./engine/engine";
import type { Outcome } from "./engine/generated/Outcome";
import { SharedEngine } from "./engine/shared-engine";
import { AppState } from "./state/app.svelte";
import { install } from "./state/install.svelte";
import { locale } from "./state/locale.svelte";
import { theme } from "./state/theme.svelte";
import { update } from "./state/update.svelte";
import App from "./ui/App.svelte";

async function makeEngine(): Promise<Engine> {
  // A constant in builds, so that nothing of the fake one gets into the product.
  if (import.meta.env.MODE === "fake") {
    const { engineFromAddress } = await import("./engine/fake-from-address");
    return engineFromAddress(location.search);
  }
  return new SharedEngine(`${location.protocol === "http:" ? "ws" : "wss"}://${location.host}/v1/ws`);
}

async function begin(): Promise<void> {
  install.begin();
  theme.show();
  locale.show();
  const app = new AppState(await makeEngine());
  mount(App, { target: document.getElementById("app")!, props: { app } });
  // After this task, so that SQLite and WebAssembly do not delay the first paint. (No animation frame: a tab opened
  // in the background has none, and should receive messages all the same.)
  setTimeout(() => app.engine.start());
  if (import.meta.env.PROD && "serviceWorker" in navigator) {
    addEventListener("load", () => void update.begin());
    app.engine.subscribe((event) => {
      if (event.type === "finished" && isTooOld(event.outcome)) update.check();
    });
  }
}

/** The server speaks a language that this build does not know. */
function isTooOld(outcome: Outcome): boolean {
  return outcome.type === "failed" && outcome.failure.reason === "incompatible";
}

void begin();
