//! How much of anything is allowed: one place, the unit in the name, the reason beside it.
//! Public in `docs/protocol.md`; both ends enforce what concerns them.

/// The one protocol version so far.
pub const VERSION: u32 = 1;

// --- frames ---

/// Largest frame a client may send: a full text, a batch of positions, or a member list, with room to spare.
pub const CLIENT_FRAME_BYTES_MAX: usize = 64 * 1024;
/// Largest frame a server sends: a page of the longest texts stays below (see [`RANGE_BYTES_MAX`]).
pub const SERVER_FRAME_BYTES_MAX: usize = 1024 * 1024;

// --- content ---

/// A text message, in Unicode scalar values: a long letter; longer things are files.
pub const TEXT_CHARS_MAX: usize = 5_000;
/// An event's body: [`TEXT_CHARS_MAX`] characters of 4 bytes, and the fields around them.
pub const BODY_BYTES_MAX: usize = 20 * 1024;
/// Shortest handle: anything shorter would be bought and sold.
pub const HANDLE_CHARS_MIN: usize = 3;
/// Longest handle: fits beside a name on a phone.
pub const HANDLE_CHARS_MAX: usize = 32;
/// Display names and group titles, in Unicode scalar values.
pub const NAME_CHARS_MAX: usize = 64;
/// Shortest password (NIST SP 800-63B asks for 8).
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password in bytes: hashing must not become a way to burn our CPU.
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Members of a group, its founder included, unless the server's operator wants another bound.
pub const GROUP_MEMBERS_DEFAULT: usize = 1_000;
/// ... which may be this at most (spec G1).
pub const GROUP_MEMBERS_MAX: usize = 100_000;
/// A group of more members is a large one: what concerns all of them is told in pieces, so that everybody else's
/// messages go between, and what all of them would do at the same moment they do one after the other.
pub const LARGE_GROUP_MEMBERS: usize = 1_000;
/// Handles in one CreateGroup or AddMembers: each costs a look-up.
pub const MEMBERS_PER_REQUEST_MAX: usize = 200;

// --- pages ---

/// Heads in one Changes: one screen and a bit, so that the first screen is there after one exchange.
pub const HEADS_PER_PAGE: usize = 50;
/// Events in one Range.
pub const RANGE_EVENTS_MAX: usize = 200;
/// Bytes of events in one Range; fewer events are returned rather than more bytes.
pub const RANGE_BYTES_MAX: usize = 512 * 1024;
/// Members in one Members, and accounts in one GetPeople.
pub const MEMBERS_PER_PAGE: usize = 200;
/// Positions in one ReachAll.
pub const REACHES_PER_REQUEST_MAX: usize = 200;
/// Unread is counted to here; this number means "so many or more".
pub const UNREAD_COUNT_MAX: u32 = 1_000;

// --- rates and numbers at once ---

/// Requests of one link that wait for an answer.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 64;
/// Sends the client keeps unanswered: enough to fill a 700 ms round trip, few enough to stay in order cheaply.
pub const SENDS_IN_FLIGHT_MAX: usize = 16;
/// Requests a link may make at once after a pause.
pub const REQUESTS_BURST: u32 = 500;
/// Requests a link may make per second in the long run: twenty times what a person can.
pub const REQUESTS_PER_SECOND: u32 = 200;
/// Links of one device at once: an old one may be half-open while its successor works.
pub const SESSIONS_PER_DEVICE_MAX: usize = 4;
/// Devices of one account.
pub const DEVICES_PER_ACCOUNT_MAX: usize = 50;
/// Failed sign-ins for one account, per 15 minutes (the hundredth guess takes five hours).
pub const SIGN_IN_TRIES_PER_ACCOUNT: u32 = 10;
/// Sign-ins and registrations from one address, per 15 minutes: an office behind one address still gets in.
pub const SIGN_IN_TRIES_PER_ADDRESS: u32 = 100;
/// The window of the two numbers above.
pub const SIGN_IN_WINDOW_MS: u64 = 15 * 60 * 1_000;
/// Exact finds by handle, per account and hour: people look up a few, scrapers thousands.
pub const FINDS_PER_HOUR: u32 = 300;
/// Groups made, added to or renamed, per account and hour: each is told to every member present, one look-up each,
/// so without a limit one person could keep the whole server busy with it.
pub const GROUP_CHANGES_PER_HOUR: u32 = 100;
/// In a large group a client reports what is delivered within a millisecond for each member, at random, and within this at
/// most: a message to 20,000 who are there would else be 20,000 reports at the same moment.
pub const REPORT_SPREAD_MS_MAX: u64 = 60_000;
/// A client reports its own messages as delivered to itself with others', or after this long: nobody's tick depends on it,
/// and it was a fifth of what a message cost the server.
pub const REPORT_OWN_MS: u64 = 60_000;
/// How long, at random, a client may wait before it reports what was delivered to it in a group of so many.
pub fn report_spread_ms(members: u32) -> u64 {
    if members as usize > LARGE_GROUP_MEMBERS { u64::from(members).min(REPORT_SPREAD_MS_MAX) } else { 0 }
}
/// Positions are pushed live in conversations up to this many members; in larger ones every message
/// would cost members², so they are fetched when looked at.
pub const REACHED_PUSH_MEMBERS_MAX: usize = 50;

// --- time ---

/// A link that has not said Hello (or asked to register or sign in) by then is closed.
pub const HELLO_MS: u64 = 10_000;
/// A link that asked to register or sign in may take this long in all until Hello: time to mistype a password
/// a few times, no time to keep a link for nothing.
pub const ANONYMOUS_MS: u64 = 3 * 60 * 1_000;
/// A connection (TCP, TLS, WebSocket) that takes longer to open has failed: three round trips on the worst network.
pub const CONNECT_MS: u64 = 15_000;
/// A client sends Ping after this long without sending, unless it adapts: below the 30 s after which the worst NATs and proxies forget.
pub const HEARTBEAT_MS: u32 = 25_000;
/// Welcome may name another heartbeat, not a shorter one: beating must not become a load.
pub const HEARTBEAT_MIN_MS: u32 = 1_000;
/// ... nor a longer one: no network keeps an idle link longer than this.
pub const HEARTBEAT_MAX_MS: u32 = 10 * 60 * 1_000;
/// Either end calls a link dead when it is silent this much longer than it was to be (spec L3).
pub const HEARTBEAT_GRACE_MS: u64 = 5_000;
/// The heartbeat both ends keep when Welcome names this one.
pub fn heartbeat_ms(named: u32) -> u64 {
    named.clamp(HEARTBEAT_MIN_MS, HEARTBEAT_MAX_MS).into()
}

/// An adaptive client's first beat in a network of which it knows nothing: most bear twice as much.
pub const SILENCE_FIRST_MS: u64 = 30_000;
/// A silence that was too long is tried again after this, twice this, and so on: it may have been a tunnel.
pub const SILENCE_RETRY_FIRST_MS: u64 = 60 * 60 * 1_000;
/// ... but once a day at least: each try costs one link, and networks are changed.
pub const SILENCE_RETRY_MAX_MS: u64 = 24 * 60 * 60 * 1_000;
/// Networks whose silences a client remembers: those of a person who travels a lot.
pub const NETWORKS_REMEMBERED_MAX: usize = 64;
/// Longest name of a network that is remembered; systems give shorter ones.
pub const NETWORK_NAME_BYTES_MAX: usize = 256;

/// After a change of network a Beat must come this fast, else the old connection is given up (spec L3: 3 s in all).
pub const NETWORK_PROBE_MS: u64 = 2_000;
/// The server states its push position at most this long after a push (spec D8: found in 5 s).
pub const TAIL_BEAT_MS: u64 = 2_000;
/// A request without an answer for this long on a live link: the link is not as live as it looks.
pub const ANSWER_MS: u64 = 20_000;
/// After a message was refused for now, later ones of the link are refused until it comes again, or for this long.
pub const SEND_ORDER_MS: u64 = 30_000;
/// First upper bound of the time for which those stay away who are told BUSY: a full queue is stored in less.
pub const BUSY_FIRST_MS: u64 = 250;
/// The bound doubles each time the same message is refused, up to this: with four times as much the unlucky waited for
/// 19 s after an overload of 20 s.
pub const BUSY_MAX_MS: u64 = 4_000;
/// First and largest upper bound of the reconnect delay; the delay is uniform below the bound (full jitter).
pub const RECONNECT_FIRST_MS: u64 = 500;
/// See [`RECONNECT_FIRST_MS`]; spec L4.
pub const RECONNECT_MAX_MS: u64 = 30_000;
/// A try on one carrier that brought no frame by then has failed while there is another to fall to: the next one is
/// tried within 10 s (spec L1), and the worst network needs half of this.
pub const CARRIER_TRY_MS: u64 = 8_000;
/// A link that ends before this age died young: what lets it live so short may be the carrier.
pub const CARRIER_YOUNG_MS: u64 = 30_000;
/// So many young deaths in a row are no bad luck any more: the next carrier is tried.
pub const CARRIER_YOUNG_DEATHS_MAX: u32 = 3;
/// On a worse carrier, the better ones are tried again after at most this long; half of it is random.
pub const CLIMB_FIRST_MS: u64 = 5_000;
/// ... and each time in vain doubles that, up to this.
pub const CLIMB_MAX_MS: u64 = 10 * 60 * 1_000;
/// The slow pull asks Sync this often even if nothing seems missing; a random quarter is taken off (spec D8).
pub const SLOW_PULL_MS: u64 = 5 * 60 * 1_000;

// --- the server's side of a link ---

/// Frames waiting to be written to one link; a reader slower than this is closed with SLOW_READER.
pub const MAILBOX_FRAMES_MAX: usize = 512;
/// One write may take this long before the reader counts as slow.
pub const WRITE_MS: u64 = 20_000;

// --- carriers made of HTTP exchanges ---

/// A long poll waits at the server for so long: less than the 30 s after which proxies call an exchange dead.
pub const POLL_WAIT_MS: u64 = 25_000;
/// Body of an exchange up: the largest frame of a client and its length.
pub const POLL_UP_BYTES_MAX: usize = 65_552;
/// Body of an exchange down: the largest frame of a server and its length; many small ones together are less.
pub const POLL_DOWN_BYTES_MAX: usize = 1_048_592;
/// Bytes of frames that wait at the server to be polled: the largest frame, twice.
pub const POLL_QUEUED_BYTES_MAX: usize = 2 * 1024 * 1024;
/// A link over which nobody has polled for this long is ended with SLOW_READER.
pub const POLL_ABSENT_MS: u64 = 20_000;
/// A short poll comes so soon after something was sent or came: answers are under way then.
pub const POLL_PACE_FIRST_MS: u64 = 200;
/// Each short poll that brings nothing doubles the pause, up to this: a Beat must come within [`HEARTBEAT_GRACE_MS`].
pub const POLL_PACE_MAX_MS: u64 = 2_000;

// --- inside the server ---

/// Bytes that the system takes from us for one link before it has sent them. Left to itself it takes megabytes for
/// somebody who does not read, and a thousand of those would use up what it has for everybody.
pub const UNSENT_BYTES_MAX: u32 = 128 * 1024;
/// Connections that wait to be accepted: after a restart thousands come at the same moment, and who finds no place
/// comes again a second later.
pub const ACCEPTS_QUEUED_MAX: u32 = 4_096;
/// Notices waiting on the bus of one node: a second of what a fast disk can commit; more are lost, and seen to be.
pub const NOTICES_QUEUED_MAX: usize = 32 * 1024;
/// Memberships kept in memory for delivering, counted in members: 16 bytes each.
pub const MEMBERS_CACHED_MAX: usize = 1_000_000;
/// Accounts, addresses or handles that one throttle remembers: a flood of new ones must not fill the memory.
pub const THROTTLE_KEYS_MAX: usize = 100_000;
/// Passwords hashed at once: each takes 19 MiB and a core.
pub const PASSWORDS_AT_ONCE_MAX: usize = 4;
/// Passwords waiting for their turn: at some 30 ms each nobody waits longer than for a slow network.
pub const PASSWORDS_QUEUED_MAX: usize = 256;
