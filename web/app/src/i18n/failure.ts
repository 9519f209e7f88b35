// Puts a failure into words, and says which field it belongs to.

import type { Failure } from "../engine/generated/Failure";
import type { Messages } from "./en";

/** One sentence for the user. */
export function describeFailure(t: Messages, failure: Failure): string {
  switch (failure.reason) {
    case "offline":
      return t.failOffline;
    case "notPossible":
      return t.failNotPossible;
    case "badText":
      return t.failBadText;
    case "storage":
      return t.failStorage;
    case "invalidField":
      return describeField(t, failure.field);
    case "notFound":
      return t.failNotFound;
    case "notAllowed":
      return t.failNotAllowed;
    case "handleTaken":
      return t.failHandleTaken;
    case "wrongCredentials":
      return t.failWrongCredentials;
    case "registrationClosed":
      return t.failRegistrationClosed;
    case "groupFull":
      return t.failGroupFull;
    case "rateLimited":
      return t.failRateLimited(Math.ceil(failure.retryAfterMs / 1000));
    case "tooLarge":
      return t.failTooLarge;
    case "signedOut":
      return t.failSignedOut;
    case "incompatible":
      return t.failIncompatible;
    case "server":
      return t.failServer;
  }
}

function describeField(t: Messages, field: string): string {
  switch (field) {
    case "handle":
    case "handles":
      return t.failInvalidHandle;
    case "display_name":
      return t.failInvalidName;
    case "password":
      return t.failInvalidPassword;
    case "title":
      return t.failInvalidTitle;
    default:
      return t.failInvalidField;
  }
}

/** The form field a failure belongs to; undefined when it is about the whole form. */
export function fieldOf(failure: Failure): string | undefined {
  if (failure.reason === "handleTaken") return "handle";
  return failure.field === "" ? undefined : failure.field;
}
