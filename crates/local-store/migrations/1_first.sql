-- The first schema of a client's disk. Frozen: later versions add their own file.
-- A column that may be NULL says so because "none" is one of its meanings.

-- Who is signed in on this device: one row, or none.
CREATE TABLE session (
    only          INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    account       INTEGER NOT NULL,
    device        INTEGER NOT NULL,
    handle        TEXT    NOT NULL,
    display_name  TEXT    NOT NULL,
    token         BLOB    NOT NULL
) STRICT;

-- The change position up to which everything is in: one row, or none (nothing is in).
CREATE TABLE synced (
    only      INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    position  INTEGER NOT NULL
) STRICT;

CREATE TABLE people (
    account       INTEGER NOT NULL PRIMARY KEY,
    handle        TEXT    NOT NULL,
    display_name  TEXT    NOT NULL
) STRICT;

CREATE TABLE members (
    conversation  INTEGER NOT NULL,
    account       INTEGER NOT NULL,
    from_seq      INTEGER NOT NULL,
    delivered     INTEGER NOT NULL,
    read          INTEGER NOT NULL,
    has_left      INTEGER NOT NULL CHECK (has_left IN (0, 1)),
    PRIMARY KEY (conversation, account)
) STRICT, WITHOUT ROWID;

-- Everything a row of the conversation list needs, its last event included, so that the list opens with one read.
CREATE TABLE conversations (
    conversation     INTEGER NOT NULL PRIMARY KEY,
    is_group         INTEGER NOT NULL CHECK (is_group IN (0, 1)),
    change           INTEGER NOT NULL,
    title            TEXT    NOT NULL,
    peer             INTEGER,
    member_count     INTEGER NOT NULL,
    last_seq         INTEGER NOT NULL,
    last_sender      INTEGER NOT NULL,
    last_at_ms       INTEGER NOT NULL,
    last_kind        INTEGER NOT NULL,
    last_body        BLOB    NOT NULL,
    last_silent      INTEGER NOT NULL CHECK (last_silent IN (0, 1)),
    last_send_key    BLOB,
    from_seq         INTEGER NOT NULL,
    read             INTEGER NOT NULL,
    delivered        INTEGER NOT NULL,
    unread_base      INTEGER NOT NULL,
    unread_base_seq  INTEGER NOT NULL,
    has_left         INTEGER NOT NULL CHECK (has_left IN (0, 1)),
    draft            TEXT    NOT NULL
) STRICT;

-- The logs. A page of a timeline is read by conversation and seq, so that is how the rows lie on disk.
CREATE TABLE events (
    conversation  INTEGER NOT NULL,
    seq           INTEGER NOT NULL,
    sender        INTEGER NOT NULL,
    at_ms         INTEGER NOT NULL,
    kind          INTEGER NOT NULL,
    body          BLOB    NOT NULL,
    silent        INTEGER NOT NULL CHECK (silent IN (0, 1)),
    send_key      BLOB,
    PRIMARY KEY (conversation, seq)
) STRICT, WITHOUT ROWID;

-- Which stretches of a log are here without holes.
CREATE TABLE spans (
    conversation  INTEGER NOT NULL,
    first_seq     INTEGER NOT NULL,
    last_seq      INTEGER NOT NULL,
    PRIMARY KEY (conversation, first_seq)
) STRICT, WITHOUT ROWID;

-- Messages on their way out. `failed_reason` is NULL while there is hope.
CREATE TABLE outbox (
    send_key               BLOB    NOT NULL PRIMARY KEY,
    ordinal                INTEGER NOT NULL,
    conversation           INTEGER NOT NULL,
    kind                   INTEGER NOT NULL,
    body                   BLOB    NOT NULL,
    written_at_ms          INTEGER NOT NULL,
    failed_reason          TEXT,
    failed_field           TEXT    NOT NULL,
    failed_retry_after_ms  INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 1;
