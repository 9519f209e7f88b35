// Where the focus goes when what had it is gone.

/** The composer; where one may not write, or a keyboard would jump up over the chat, the messages. */
export function focusChat(): void {
  const composer = matchMedia("(pointer: coarse)").matches ? null : document.querySelector<HTMLElement>("main textarea");
  (composer ?? document.querySelector<HTMLElement>("[role=log]"))?.focus({ preventScroll: true });
}
