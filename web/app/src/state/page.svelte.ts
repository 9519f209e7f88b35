// What the page itself is doing: looked at or not, the present minute.

/** Whether somebody is looking, and a clock that is good to the minute. */
export class PageState {
  attended = $state(isAttended());
  nowMs = $state(Date.now());

  constructor() {
    const look = (): void => {
      this.attended = isAttended();
      this.nowMs = Date.now();
    };
    document.addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    addEventListener("blur", look);
    setInterval(() => (this.nowMs = Date.now()), 30_000);
  }
}

function isAttended(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}
