// Both languages say everything; the type sees to missing strings, this to empty and forgotten ones.

import { expect, test } from "vitest";
import type { Failure } from "../src/engine/generated/Failure";
import type { FailureReason } from "../src/engine/generated/FailureReason";
import { en, type Messages } from "../src/i18n/en";
import { describeFailure, fieldOf } from "../src/i18n/failure";
import { zh } from "../src/i18n/zh";

/** Strings that are rightly the same in both. */
const SAME = new Set<keyof Messages>(["appName"]);

function say(message: Messages[keyof Messages]): string {
  if (typeof message === "string") return message;
  return (message as (...args: unknown[]) => string)("3", "3", "3");
}

test("every language has the same strings, none of them empty", () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  for (const key of Object.keys(en) as (keyof Messages)[]) {
    expect(say(en[key]), key).not.toBe("");
    expect(say(zh[key]), key).not.toBe("");
  }
});

test("Chinese is Chinese", () => {
  for (const key of Object.keys(zh) as (keyof Messages)[]) {
    if (SAME.has(key)) continue;
    expect(say(zh[key]), key).toMatch(/[\u4e00-\u9fff：]/u);
  }
});

test("Chinese sets a space beside other writing, and none within itself", () => {
  expect(zh.systemLeft(zh.you)).toBe("你退出了群聊");
  expect(zh.systemLeft("Bob")).toBe("Bob 退出了群聊");
  expect(zh.systemAdded(zh.you, "Bob")).toBe("你邀请 Bob 加入了群聊");
});

test("English counts one and many", () => {
  expect(en.memberCount(1, "1")).toBe("1 member");
  expect(en.memberCount(2, "2")).toBe("2 members");
  expect(en.signOutUnsent(1, "1")).toContain("1 message has");
  expect(en.failRateLimited(600)).toContain("10 minutes");
});

test("every failure has words, in both languages", () => {
  const reasons: Record<FailureReason, true> = {
    offline: true,
    notPossible: true,
    badText: true,
    storage: true,
    invalidField: true,
    notFound: true,
    notAllowed: true,
    handleTaken: true,
    wrongCredentials: true,
    registrationClosed: true,
    groupFull: true,
    rateLimited: true,
    tooLarge: true,
    signedOut: true,
    incompatible: true,
    server: true,
  };
  for (const reason of Object.keys(reasons) as FailureReason[]) {
    const failure: Failure = { reason, field: "", retryAfterMs: 0 };
    expect(describeFailure(en, failure)).not.toBe("");
    expect(describeFailure(zh, failure)).not.toBe("");
  }
});

test("a failure finds its field", () => {
  const failure = (reason: FailureReason, field: string): Failure => ({ reason, field, retryAfterMs: 0 });
  expect(fieldOf(failure("handleTaken", ""))).toBe("handle");
  expect(fieldOf(failure("invalidField", "password"))).toBe("password");
  expect(fieldOf(failure("wrongCredentials", ""))).toBeUndefined();
  expect(describeFailure(en, failure("invalidField", "password"))).toBe(en.failInvalidPassword);
});
