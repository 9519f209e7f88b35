-- A send touches as few pages as it can. Its row goes to the end of `events` and its key to the end of `send_keys`;
-- the one page anywhere else is the place index's.
--
-- * The end of a log is its last event, no longer a number beside it: `conversations` is not written by a send.
-- * `id` is the change position of the deed that stored the event, so what a send changes is seen without a write of
--   its own. (Older events have smaller ids than their deeds' positions, and their conversations say the rest.)
-- * The rows of sends refer to what their deed has just read. To have every insert look it up again cost a third of
--   it; `verify` looks instead.
-- * `back` leads a count of the unread past what need not be counted, however much that is.

ALTER TABLE conversations DROP COLUMN last_seq;

CREATE TABLE events_anew (
    id              INTEGER NOT NULL PRIMARY KEY,
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    sender_id       INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    kind            INTEGER NOT NULL,
    silent          INTEGER NOT NULL, -- 0 or 1
    back            INTEGER NOT NULL, -- how far back the newest event before it lies that counts for its sender,
                                      -- of a silent one the newest that counts for anybody; to 0 if there is none
    send_key        BLOB    NOT NULL, -- empty: an event of the server's own making
    body            BLOB    NOT NULL
) STRICT;
WITH
    counting AS (
        SELECT id, conversation_id, seq,
            lag(seq, 1, 0) OVER log AS before, lag(sender_id) OVER log IS NOT sender_id AS begins_run
        FROM events WHERE silent = 0
        WINDOW log AS (PARTITION BY conversation_id ORDER BY seq)
    ),
    counts_for_sender AS (
        SELECT id, max(CASE WHEN begins_run THEN before END) OVER (PARTITION BY conversation_id ORDER BY seq) AS seq
        FROM counting
    ),
    counts_for_any AS (
        SELECT id, max(CASE WHEN silent = 0 THEN seq END) OVER (
                PARTITION BY conversation_id ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS seq
        FROM events
    )
INSERT INTO events_anew (id, conversation_id, seq, sender_id, at, kind, silent, back, send_key, body)
    SELECT e.id, e.conversation_id, e.seq, e.sender_id, e.at, e.kind, e.silent,
        e.seq - coalesce(CASE WHEN e.silent = 0 THEN s.seq ELSE a.seq END, 0), e.send_key, e.body
    FROM events AS e JOIN counts_for_any AS a ON a.id = e.id LEFT JOIN counts_for_sender AS s ON s.id = e.id
    ORDER BY e.id;
DROP TABLE events;
ALTER TABLE events_anew RENAME TO events;
CREATE UNIQUE INDEX events_by_place ON events (conversation_id, seq);

CREATE TABLE send_keys_anew (
    send_key        BLOB    NOT NULL,
    sender_id       INTEGER NOT NULL,
    conversation_id INTEGER NOT NULL,
    seq             INTEGER NOT NULL,
    at              INTEGER NOT NULL,
    digest          INTEGER NOT NULL,
    PRIMARY KEY (send_key, sender_id)
) STRICT, WITHOUT ROWID;
INSERT INTO send_keys_anew (send_key, sender_id, conversation_id, seq, at, digest)
    SELECT send_key, sender_id, conversation_id, seq, at, digest FROM send_keys ORDER BY send_key, sender_id;
DROP TABLE send_keys;
ALTER TABLE send_keys_anew RENAME TO send_keys;
