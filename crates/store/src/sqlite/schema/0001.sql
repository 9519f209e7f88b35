-- The first schema. Frozen once released: later changes are files of their own.
--
-- Numbers are below 2^63. A seq or position of 0 means "none". Moments are milliseconds since 1970.

-- The newest change position: one row, written once per transaction.
CREATE TABLE clock (
    id     INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    change INTEGER NOT NULL
) STRICT;
INSERT INTO clock (id, change) VALUES (1, 0);

-- One row for nobody: written to see whether a write can be committed.
CREATE TABLE canary (
    id    INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    beats INTEGER NOT NULL
) STRICT;
INSERT INTO canary (id, beats) VALUES (1, 0);

CREATE TABLE accounts (
    id            INTEGER NOT NULL PRIMARY KEY, -- random, chosen by the server
    handle        TEXT    NOT NULL UNIQUE,
    display_name  TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE devices (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    account_id   INTEGER NOT NULL REFERENCES accounts (id),
    name         TEXT    NOT NULL,
    token_hash   BLOB    NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_account ON devices (account_id);

CREATE TABLE conversations (
    id              INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind            INTEGER NOT NULL CHECK (kind IN (1, 2)), -- direct, group
    title           TEXT    NOT NULL,
    change          INTEGER NOT NULL, -- rises with what every present member can see
    last_seq        INTEGER NOT NULL,
    members_changed INTEGER NOT NULL, -- seq of the newest event that made, added or removed members
    member_count    INTEGER NOT NULL  -- present ones
) STRICT;

-- The one direct conversation of two people.
CREATE TABLE direct_pairs (
    low_account_id  INTEGER NOT NULL REFERENCES accounts (id),
    high_account_id INTEGER NOT NULL REFERENCES accounts (id),
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    PRIMARY KEY (low_account_id, high_account_id),
    CHECK (low_account_id < high_account_id)
) STRICT, WITHOUT ROWID;

-- An account's newest span in a conversation. One who left keeps the conversation as it was then.
CREATE TABLE members (
    conversation_id   INTEGER NOT NULL REFERENCES conversations (id),
    account_id        INTEGER NOT NULL REFERENCES accounts (id),
    from_seq          INTEGER NOT NULL,
    left_seq          INTEGER NOT NULL, -- 0: present
    left_title        TEXT    NOT NULL,
    left_member_count INTEGER NOT NULL,
    delivered         INTEGER NOT NULL,
    read              INTEGER NOT NULL,
    change            INTEGER NOT NULL, -- rises with what only this member can see
    PRIMARY KEY (conversation_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_account ON members (account_id);

-- The logs of all conversations in the order of commits, so that writing touches the end of the file only;
-- the small index beside it finds a place in one log. `id` never leaves this folder.
CREATE TABLE events (
    id              INTEGER NOT NULL PRIMARY KEY,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    seq             INTEGER NOT NULL,
    sender_id       INTEGER NOT NULL REFERENCES accounts (id),
    at              INTEGER NOT NULL,
    kind            INTEGER NOT NULL,
    silent          INTEGER NOT NULL CHECK (silent IN (0, 1)),
    send_key        BLOB    NOT NULL, -- empty: an event of the server's own making
    body            BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_place ON events (conversation_id, seq);

-- What every send key was used for. A key begins with its time, so this too grows at one end.
-- It holds all that answering a repeat needs, also when the event itself is gone some day.
CREATE TABLE send_keys (
    send_key        BLOB    NOT NULL,
    sender_id       INTEGER NOT NULL REFERENCES accounts (id),
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    digest          INTEGER NOT NULL,
    PRIMARY KEY (send_key, sender_id)
) STRICT, WITHOUT ROWID;
