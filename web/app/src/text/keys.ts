// What keys mean where one writes, with input methods respected.

/** The part of a keyboard event that matters here. */
export type KeyPress = Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey" | "isComposing" | "keyCode">;

/** What sends a message: Enter alone (Shift+Enter makes a line), or Enter with Ctrl or ⌘ (Enter makes a line). */
export type SendWith = "enter" | "modifier";

/** An input method's own code for "this key is mine"; Safari reports it when Enter ends a composition. */
const KEY_OF_INPUT_METHOD = 229;

/** The key belongs to an input method, which is composing a word. */
export function isOfInputMethod(press: Pick<KeyPress, "isComposing" | "keyCode">): boolean {
  return press.isComposing || press.keyCode === KEY_OF_INPUT_METHOD;
}

/** This press sends; while a word is being composed, none does. */
export function isSendKey(press: KeyPress, sendWith: SendWith = "enter"): boolean {
  if (isOfInputMethod(press) || press.key !== "Enter" || press.shiftKey || press.altKey) return false;
  return sendWith === "enter" || press.ctrlKey || press.metaKey;
}

/** A key that writes a character (also one an input method takes), and is no command. */
export function isWritingKey(press: KeyPress): boolean {
  if (press.ctrlKey || press.metaKey || press.altKey) return false;
  if (isOfInputMethod(press)) return true;
  // Names of keys ("Enter") are longer than any character.
  return [...press.key].length === 1;
}
