-- What changed since a position is found by looking at the changes, not at all of somebody's chats.
--
-- Every change position belongs to one conversation. That of an event is its id; the others, of members' positions,
-- are here. So the two tables together say which conversations changed after any position, back to the first row
-- here, and the number in `clock` has become the last row's.

CREATE TABLE moves (
    change          INTEGER NOT NULL PRIMARY KEY,
    conversation_id INTEGER NOT NULL -- 0: where the record begins
) STRICT;
INSERT INTO moves (change, conversation_id)
    SELECT max(change, (SELECT coalesce(max(id), 0) FROM events)), 0 FROM clock;
DROP TABLE clock;
