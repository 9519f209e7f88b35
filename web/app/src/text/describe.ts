// One line of words for a row: in the list, in system rows, for screen readers.

import type { PersonView } from "../engine/generated/PersonView";
import type { RowView } from "../engine/generated/RowView";
import type { Messages } from "../i18n/en";

/** A person by name, oneself as "You". */
export function nameOf(t: Messages, person: PersonView, me: PersonView | undefined): string {
  return person.account === me?.account ? t.you : person.displayName;
}

/** What a row says, without markup. */
export function describeRow(t: Messages, row: RowView, me: PersonView | undefined, tag: string): string {
  const { content } = row;
  const who = nameOf(t, row.sender, me);
  switch (content.type) {
    case "text":
      return content.text;
    case "created":
      return content.title === "" ? t.systemCreatedDirect : t.systemCreatedGroup(who, content.title);
    case "membersAdded": {
      const names = content.members.map((member) => nameOf(t, member, me));
      return t.systemAdded(who, new Intl.ListFormat(tag).format(names));
    }
    case "memberLeft":
      return t.systemLeft(who);
    case "renamed":
      return t.systemRenamed(who, content.title);
    case "unknown":
      return t.unknownKind;
  }
}
