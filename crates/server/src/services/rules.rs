//! What may be in a field. Each rule names the field that breaks it, and says what is allowed.

use anser_protocol::{Fault, SendKey, codec, kind, limits};

/// A handle in its one spelling: lower case.
pub(crate) fn handle(field: &'static str, text: &str) -> Result<String, Fault> {
    let folded = text.to_ascii_lowercase();
    let sized = (limits::HANDLE_CHARS_MIN..=limits::HANDLE_CHARS_MAX).contains(&folded.len());
    let begins_well = folded.starts_with(|first: char| first.is_ascii_lowercase());
    let goes_on_well =
        folded.chars().all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || each == '_');
    if sized && begins_well && goes_on_well {
        return Ok(folded);
    }
    let (min, max) = (limits::HANDLE_CHARS_MIN, limits::HANDLE_CHARS_MAX);
    Err(Fault::invalid(field, format!("{min} to {max} of a-z, 0-9 and _, beginning with a letter")))
}

/// A name or title, without the spaces around it.
pub(crate) fn name(field: &'static str, text: &str) -> Result<String, Fault> {
    let trimmed = text.trim();
    let chars = trimmed.chars().count();
    if (1..=limits::NAME_CHARS_MAX).contains(&chars) && !trimmed.contains(char::is_control) {
        return Ok(trimmed.to_owned());
    }
    let max = limits::NAME_CHARS_MAX;
    Err(Fault::invalid(field, format!("1 to {max} characters, not only spaces, no control characters")))
}

/// A password somebody wants to have.
pub(crate) fn new_password(text: &str) -> Result<(), Fault> {
    tried_password(text)?;
    if text.chars().count() >= limits::PASSWORD_CHARS_MIN {
        return Ok(());
    }
    Err(Fault::invalid("password", format!("at least {} characters", limits::PASSWORD_CHARS_MIN)))
}

/// A password somebody tries: anything that is not too long to hash.
pub(crate) fn tried_password(text: &str) -> Result<(), Fault> {
    if text.len() <= limits::PASSWORD_BYTES_MAX {
        return Ok(());
    }
    Err(Fault::invalid("password", format!("at most {} bytes", limits::PASSWORD_BYTES_MAX)))
}

/// A send key.
pub(crate) fn send_key(bytes: &[u8]) -> Result<SendKey, Fault> {
    SendKey::from_bytes(bytes).ok_or_else(|| Fault::invalid("send_key", "exactly 16 bytes"))
}

/// A message's kind, and a body that fits it. Of bodies only texts are looked into.
pub(crate) fn message(kind_sent: u32, body: &[u8]) -> Result<(), Fault> {
    if !(1..=kind::SENT_BY_CLIENTS_MAX).contains(&kind_sent) {
        return Err(Fault::invalid("kind", format!("1 to {}", kind::SENT_BY_CLIENTS_MAX)));
    }
    if body.len() > limits::BODY_BYTES_MAX {
        return Err(Fault::invalid("body", format!("at most {} bytes", limits::BODY_BYTES_MAX)));
    }
    if kind_sent != kind::TEXT {
        return Ok(());
    }
    let Ok(text) = codec::decode_text(body) else {
        return Err(Fault::invalid("body", "of kind 1: the message Text of anser.v1, in valid UTF-8"));
    };
    if (1..=limits::TEXT_CHARS_MAX).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(Fault::invalid("body", format!("a text of 1 to {} characters", limits::TEXT_CHARS_MAX)))
}

/// A list with a limit.
pub(crate) fn count(field: &'static str, len: usize, max: usize) -> Result<(), Fault> {
    if len <= max {
        return Ok(());
    }
    Err(Fault::invalid(field, format!("at most {max} in one request")))
}

/// How much a page may hold: what was asked for; 0, or more than allowed, is as much as allowed.
pub(crate) fn page(asked: u32, max: usize) -> usize {
    match usize::try_from(asked) {
        Ok(asked) if asked > 0 => asked.min(max),
        _ => max,
    }
}

#[cfg(test)]
mod tests {
    use anser_protocol::wire;
    use prost::Message;

    use super::*;

    fn field_refused<T: std::fmt::Debug>(result: Result<T, Fault>) -> &'static str {
        result.expect_err("this must be refused").field
    }

    fn text_of(chars: usize, each: &str) -> Vec<u8> {
        wire::Text { text: each.repeat(chars) }.encode_to_vec()
    }

    #[test]
    fn handles_are_short_plain_and_lower_case() {
        for good in ["bob", "alice_2", "Alice", "a__", &"x".repeat(32)] {
            assert_eq!(handle("handle", good), Ok(good.to_ascii_lowercase()));
        }
        for bad in
            ["", "al", "2bob", "_bob", "bob ", "bób", "bob.b", "bob\0", "\u{0430}lice", &"x".repeat(33)]
        {
            assert_eq!(field_refused(handle("handle", bad)), "handle", "{bad:?}");
        }
    }

    #[test]
    fn names_are_what_people_write() {
        assert_eq!(name("title", "  Käse & 奶酪 🧀 "), Ok("Käse & 奶酪 🧀".to_owned()));
        assert_eq!(name("title", &"🧀".repeat(64)), Ok("🧀".repeat(64)));
        for bad in ["", "   ", "a\nb", "\u{1b}[31m", &"🧀".repeat(65)] {
            assert_eq!(field_refused(name("title", bad)), "title", "{bad:?}");
        }
    }

    #[test]
    fn passwords_have_both_limits_when_new_and_one_when_tried() {
        assert_eq!(new_password("12345678"), Ok(()));
        assert_eq!(new_password("密码密码密码密码"), Ok(()));
        assert_eq!(field_refused(new_password("1234567")), "password");
        assert_eq!(tried_password("1"), Ok(()));
        assert_eq!(tried_password(&"x".repeat(1_024)), Ok(()));
        assert_eq!(field_refused(tried_password(&"x".repeat(1_025))), "password");
    }

    #[test]
    fn texts_are_measured_in_characters_up_to_exactly_the_limit() {
        for each in ["a", "我", "🧀"] {
            assert_eq!(message(kind::TEXT, &text_of(limits::TEXT_CHARS_MAX, each)), Ok(()));
            assert_eq!(
                field_refused(message(kind::TEXT, &text_of(limits::TEXT_CHARS_MAX + 1, each))),
                "body"
            );
        }
        assert_eq!(field_refused(message(kind::TEXT, &text_of(0, "a"))), "body");
    }

    #[test]
    fn a_text_that_is_no_utf_8_or_no_text_is_refused() {
        let wrong_utf_8 = [0x0a, 0x02, 0xc3, 0x28];
        assert_eq!(field_refused(message(kind::TEXT, &wrong_utf_8)), "body");
        assert_eq!(field_refused(message(kind::TEXT, &[0x0a, 0xff])), "body");
    }

    #[test]
    fn other_kinds_are_opaque_up_to_exactly_the_limit() {
        assert_eq!(message(2, &[0xff; limits::BODY_BYTES_MAX]), Ok(()));
        assert_eq!(message(999, &[]), Ok(()));
        assert_eq!(field_refused(message(2, &[0xff; limits::BODY_BYTES_MAX + 1])), "body");
        for kind_sent in [0, 1_000, 1_003, u32::MAX] {
            assert_eq!(field_refused(message(kind_sent, &[])), "kind");
        }
    }

    #[test]
    fn pages_are_as_large_as_asked_for_and_never_larger_than_allowed() {
        assert_eq!(page(0, 200), 200);
        assert_eq!(page(1, 200), 1);
        assert_eq!(page(200, 200), 200);
        assert_eq!(page(u32::MAX, 200), 200);
    }
}
