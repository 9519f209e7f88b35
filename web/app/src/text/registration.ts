// Checks a new account before the server is asked, with the server's own names of what is wrong.

import type { Failure } from "../engine/generated/Failure";
import { countChars, HANDLE_CHARS_MAX, HANDLE_CHARS_MIN, NAME_CHARS_MAX, PASSWORD_BYTES_MAX, PASSWORD_CHARS_MIN } from "./limits";

export interface Registration {
  handle: string;
  displayName: string;
  password: string;
}

/** The first thing that is wrong, as the server would say it. */
export function checkRegistration({ handle, displayName, password }: Registration): Failure | undefined {
  if (!isHandle(handle)) return invalid("handle");
  const nameChars = countChars(displayName);
  if (nameChars < 1 || nameChars > NAME_CHARS_MAX) return invalid("display_name");
  const passwordBytes = new TextEncoder().encode(password).length;
  if (countChars(password) < PASSWORD_CHARS_MIN || passwordBytes > PASSWORD_BYTES_MAX) return invalid("password");
  return undefined;
}

/** Whether somebody could have this handle. */
export function isHandle(handle: string): boolean {
  if (handle.length < HANDLE_CHARS_MIN || handle.length > HANDLE_CHARS_MAX) return false;
  return /^[a-z][a-z0-9_]*$/.test(handle);
}

function invalid(field: string): Failure {
  return { reason: "invalidField", field, retryAfterMs: 0 };
}
