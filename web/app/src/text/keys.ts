// What keys mean where one writes, with input methods respected.

/** The part of a keyboard event that matters here. */
export type KeyPress = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "isComposing" | "keyCode">;

/** An input method's own code for "this key is mine"; Safari reports it when Enter ends a composition. */
const KEY_OF_INPUT_METHOD = 229;

/** Enter sends; with Shift, or while a word is being composed, it does not. */
export function isSendKey(press: KeyPress): boolean {
  if (press.isComposing || press.keyCode === KEY_OF_INPUT_METHOD) return false;
  return press.key === "Enter" && !press.shiftKey && !press.altKey;
}
