//! `docs/protocol.md` says what the code does: its tables and byte dumps are read and compared.

use anser_protocol::wire::{
    Answer, Changes, ErrorCode, Hello, Person, Request, Send, Sent, Text, Welcome, answer, frame, request,
};
use anser_protocol::{Remedy, SendKey, codec, error, kind, limits};
use prost::Message;

const PAGE: &str = include_str!("../../../docs/protocol.md");
const LIMITS: &str = include_str!("../src/limits.rs");
const REQUESTS: &str = include_str!("../../../proto/anser/v1/request.proto");
const PROTOS: [&str; 7] = [
    include_str!("../../../proto/anser/v1/frame.proto"),
    include_str!("../../../proto/anser/v1/session.proto"),
    REQUESTS,
    include_str!("../../../proto/anser/v1/conversation.proto"),
    include_str!("../../../proto/anser/v1/event.proto"),
    include_str!("../../../proto/anser/v1/push.proto"),
    include_str!("../../../proto/anser/v1/error.proto"),
];

/// The rows of the table that begins with these columns; each row its trimmed cells, without back quotes.
fn table(heading: &str) -> Vec<Vec<String>> {
    let mut lines = PAGE.lines().skip_while(|line| !line.starts_with(heading));
    assert!(lines.next().is_some(), "the page has a table {heading}");
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    rows.map(cells).collect()
}

#[test]
fn every_error_code_stands_in_the_page_with_its_number_and_remedy() {
    let in_words = |remedy| match remedy {
        Remedy::Retry => "retry",
        Remedy::Reconnect => "reconnect",
        Remedy::SignIn => "sign in",
        Remedy::GiveUp => "give up",
    };
    let known = (0..1_000).filter_map(|number| ErrorCode::try_from(number).ok());
    let expected: Vec<_> = known
        .map(|code| {
            let remedy = in_words(error::remedy(code)).to_owned();
            vec![(code as i32).to_string(), code.as_str_name().to_owned(), remedy]
        })
        .collect();
    let rows: Vec<_> = table("| number | code |").iter().map(|row| row[..3].to_vec()).collect();
    assert_eq!(rows, expected);
    assert!(table("| number | code |").iter().all(|row| !row[3].is_empty()));
}

#[test]
fn remedies_go_with_the_ranges_of_numbers() {
    for code in (1..1_000).filter_map(|number| ErrorCode::try_from(number).ok()) {
        let expected = match code as i32 {
            1..=9 => Remedy::Retry,
            10..=19 => Remedy::Reconnect,
            20..=29 => Remedy::SignIn,
            _ => Remedy::GiveUp,
        };
        assert_eq!(error::remedy(code), expected, "{}", code.as_str_name());
    }
}

/// `64 * 1024` and the like.
fn value(expression: &str) -> u64 {
    expression
        .split('*')
        .map(|factor| factor.trim().replace('_', "").parse::<u64>().expect("a number"))
        .product()
}

#[test]
fn every_limit_stands_in_the_page_with_its_value() {
    let expected: Vec<_> = LIMITS
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.strip_suffix(';')?.split_once(": "))
        .map(|(name, rest)| {
            let (_type, expression) = rest.split_once(" = ").expect("a constant has a value");
            vec![name.to_owned(), value(expression).to_string()]
        })
        .collect();
    assert!(expected.len() > 40, "the limits were not read");
    let rows: Vec<_> = table("| limit | value |").iter().map(|row| row[..2].to_vec()).collect();
    assert_eq!(rows, expected);
    assert!(table("| limit | value |").iter().all(|row| !row[3].is_empty()), "every limit has its reason");
}

#[test]
fn every_call_stands_in_the_page_with_its_result() {
    let (_, calls) = REQUESTS.split_once("oneof call {").expect("requests have calls");
    let (calls, _) = calls.split_once('}').expect("a oneof ends");
    let is_field = |line: &&str| line.contains('=');
    let names = calls.lines().filter(is_field).map(|line| line.split_whitespace().next().unwrap_or_default());
    let expected: Vec<_> = names.map(|name| vec![name.to_owned(), result_of(name)]).collect();
    assert_eq!(expected.len(), 18);
    let rows: Vec<_> = table("| call | result |").iter().map(|row| row[..2].to_vec()).collect();
    assert_eq!(rows, expected);
}

/// The `-> Result` in the comment above a message; the message after `Register` shares its neighbour's.
fn result_of(name: &str) -> String {
    let message = format!("message {name} {{");
    let (before, _) = REQUESTS.split_once(&message).expect("every call is a message");
    let arrow =
        before.lines().rev().find_map(|line| line.strip_prefix("// -> ")).expect("every call has a result");
    arrow.split(|char: char| !char.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

#[test]
fn every_message_stands_in_the_page_with_its_fields() {
    let mut expected = Vec::new();
    for proto in PROTOS {
        let mut fields: Option<(String, Vec<String>)> = None;
        for line in proto.lines().map(|line| line.split("//").next().unwrap_or_default()) {
            if let Some(rest) = line.strip_prefix("message ") {
                let name = rest.split(' ').next().unwrap_or_default().to_owned();
                fields = Some((name, Vec::new()));
            } else if let (Some((_, fields)), Some((before, _))) = (&mut fields, line.split_once(" = ")) {
                fields.extend(before.split_whitespace().last().map(str::to_owned));
            }
            if line.trim_end().ends_with('}') && !line.starts_with(' ') {
                expected.extend(fields.take());
            }
        }
    }
    let fields = |cell: &str| cell.split(", ").filter(|name| *name != "none").map(str::to_owned).collect();
    let rows: Vec<_> = table("| message |").iter().map(|row| (row[0].clone(), fields(&row[1]))).collect();
    assert_eq!(rows, expected);
}

#[test]
fn every_kind_of_event_stands_in_the_page() {
    let numbers: Vec<_> = table("| kind |").iter().map(|row| row[0].clone()).collect();
    let known = [kind::TEXT, kind::CREATED, kind::MEMBERS_ADDED, kind::MEMBER_LEFT, kind::RENAMED];
    assert_eq!(numbers, known.map(|kind| kind.to_string()));
}

/// The bytes of a dump: what stands left of the words.
fn dump(name: &str) -> Vec<u8> {
    let (_, after) =
        PAGE.split_once(&format!("<!-- dump: {name} -->\n```\n")).expect("the page has the dump");
    let (lines, _) = after.split_once("```").expect("a dump ends");
    let bytes = lines.lines().flat_map(|line| line.split("  ").next().unwrap_or_default().split(' '));
    bytes.map(|byte| u8::from_str_radix(byte, 16).expect("a byte")).collect()
}

#[track_caller]
fn check_dump(name: &str, body: frame::Body) {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    assert_eq!(hex(&dump(name)), hex(&codec::encode(body)));
}

/// The moment of the examples.
const AT_MS: u64 = 1_800_000_000_000;

#[test]
fn the_dump_of_hello_is_right() {
    let hello = Hello { version: limits::VERSION, token: (0..32).collect(), position: 90_210 };
    check_dump("hello", frame::Body::Hello(hello));
}

#[test]
fn the_dump_of_welcome_is_right() {
    let welcome = Welcome {
        account: Some(Person { account: 51, handle: "bob".into(), display_name: "Bob".into() }),
        device: 9,
        now_ms: AT_MS,
        heartbeat_ms: limits::HEARTBEAT_MS,
        changes: Some(Changes { heads: Vec::new(), position: 90_240, next: 0 }),
        silence_ms_max: limits::HEARTBEAT_MAX_MS,
    };
    check_dump("welcome", frame::Body::Welcome(welcome));
}

#[test]
fn the_dump_of_a_send_and_its_answer_is_right() {
    let random = std::array::from_fn(|index| 0xa0 + index as u8);
    let send = Send {
        conversation: 42,
        send_key: SendKey::new(AT_MS, random).0.to_vec(),
        kind: kind::TEXT,
        body: Text { text: "你好".into() }.encode_to_vec(),
        silent: false,
    };
    check_dump("send", frame::Body::Request(Request { id: 7, call: Some(request::Call::Send(send)) }));
    let sent = Sent { seq: 1_208, at_ms: AT_MS + 412 };
    check_dump("answer", frame::Body::Answer(Answer { id: 7, result: Some(answer::Result::Sent(sent)) }));
}
