// What the page itself is doing: looked at or not, the present minute.

/** Whether somebody is looking, and a clock that is good to the minute. */
export class PageState {
  attended = $state(isAttended());
  /** It may be seen, though somebody may be busy elsewhere. Only a visible page has frames and measures its rows. */
  visible = $state(isVisible());
  nowMs = $state(Date.now());

  constructor() {
    const look = (): void => {
      this.attended = isAttended();
      this.visible = isVisible();
      this.nowMs = Date.now();
    };
    document.addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    addEventListener("blur", look);
    setInterval(() => (this.nowMs = Date.now()), 30_000);
  }
}

function isVisible(): boolean {
  return document.visibilityState === "visible";
}

function isAttended(): boolean {
  return isVisible() && document.hasFocus();
}
