// A newer build of this client: noticed, offered, and taken when the user says so.

/** Long enough to cost nothing, short enough that a tab that stays open for days does not stay old for days. */
const CHECK_MS = 60 * 60_000;

/** Asks the waiting service worker to take over; `scripts/service-worker-template.js` hears it. */
const TAKE_OVER = "take-over";

/** The service worker installs a new build beside the old one; nothing changes on the screen until it is asked to. */
export class UpdateState {
  /** A new build is here, complete, and waits. It comes by itself when the last tab is closed. */
  ready = $state(false);
  /** It is on its way: the page is about to be loaded again. */
  going = $state(false);
  private registration: ServiceWorkerRegistration | undefined;
  private lastCheckMs = 0;

  constructor(private readonly reload: () => void = () => location.reload()) {}

  /** Registers the service worker and looks for newer ones from now on. */
  async begin(container: ServiceWorkerContainer = navigator.serviceWorker): Promise<void> {
    let first = container.controller === null;
    container.addEventListener("controllerchange", () => {
      // The very first service worker takes over a page that is of the same build.
      if (first) first = false;
      else this.reload();
    });
    // The browser looks for a newer one by itself when the page is opened.
    this.registration = await container.register("/sw.js");
    this.lastCheckMs = Date.now();
    this.follow(this.registration, container);
    setInterval(() => this.check(), CHECK_MS);
    // Timers stand still while a computer sleeps.
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && Date.now() - this.lastCheckMs > CHECK_MS) this.check();
    });
  }

  /** Looks now: the server does not understand this build any more, say. */
  check(): void {
    this.lastCheckMs = Date.now();
    // Without a network there is nothing newer to be had.
    this.registration?.update().catch(() => {});
  }

  /** All tabs are loaded again, once, with the new build. */
  take(): void {
    this.going = true;
    const waiting = this.registration?.waiting ?? undefined;
    if (waiting === undefined) this.reload();
    else waiting.postMessage(TAKE_OVER);
  }

  private follow(registration: ServiceWorkerRegistration, container: ServiceWorkerContainer): void {
    // Without a controller the one that waits is the first of all, and no update.
    const look = (): void => void (this.ready = registration.waiting !== null && container.controller !== null);
    look();
    registration.addEventListener("updatefound", () => {
      registration.installing?.addEventListener("statechange", look);
    });
  }
}

export const update = new UpdateState();
