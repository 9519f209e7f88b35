// Links are found, and nothing that is not one becomes one.

import { expect, test } from "vitest";
import { linkify } from "../src/text/linkify";

function check(text: string, expected: [shown: string, href: string][]): void {
  const pieces = linkify(text);
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  const links = pieces.filter((piece) => piece.href !== undefined);
  expect(links.map((piece) => [piece.text, piece.href])).toEqual(expected);
}

test("plain text stays plain", () => {
  check("", []);
  check("hello", []);
  check("3.14 is not a link, nor is file.txt or a@b", []);
});

test("http, https, www and mail", () => {
  check("see https://example.org/a?b=c#d now", [["https://example.org/a?b=c#d", "https://example.org/a?b=c#d"]]);
  check("http://example.org", [["http://example.org", "http://example.org/"]]);
  check("www.example.org/x", [["www.example.org/x", "https://www.example.org/x"]]);
  check("write to bob@example.org!", [["bob@example.org", "mailto:bob@example.org"]]);
});

test("two links and the words between", () => {
  check("https://a.example and https://b.example", [
    ["https://a.example", "https://a.example/"],
    ["https://b.example", "https://b.example/"],
  ]);
});

test("punctuation around a link belongs to the sentence", () => {
  check("(https://example.org).", [["https://example.org", "https://example.org/"]]);
  check("https://example.org/Goose_(bird), yes", [["https://example.org/Goose_(bird)", "https://example.org/Goose_(bird)"]]);
  check("https://example.org?!", [["https://example.org", "https://example.org/"]]);
});

test("Chinese words end a link", () => {
  check("看https://example.org/路径，好", [["https://example.org/", "https://example.org/"]]);
  check("地址：https://example.org。", [["https://example.org", "https://example.org/"]]);
});

test("dangerous schemes and markup never become links", () => {
  check("javascript:alert(1)", []);
  check("data:text/html,hi", []);
  check("ftp://example.org", []);
  check("http://", []);
  check('<a href="https://example.org">x</a>', [["https://example.org", "https://example.org/"]]);
});

test("a very long text takes no unreasonable time", () => {
  const text = `${"a.".repeat(2_500)}${"(".repeat(2_500)}`;
  expect(linkify(text).map((piece) => piece.text).join("")).toBe(text);
});
