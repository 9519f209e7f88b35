-- How long a link may be silent in each network this device was in.

CREATE TABLE networks (
    name         TEXT    NOT NULL PRIMARY KEY,
    held_ms      INTEGER NOT NULL,
    broke_ms     INTEGER NOT NULL,
    broken       INTEGER NOT NULL,
    retry_at_ms  INTEGER NOT NULL,
    seen_at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 2;
