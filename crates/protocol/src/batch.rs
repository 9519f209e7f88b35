//! Several frames in one body: what an HTTP exchange carries, each frame behind its length.

use bytes::Bytes;

use crate::error::Fault;
use crate::wire::ErrorCode;

/// Adds one frame to a body: its length as Protobuf writes lengths, then its bytes.
pub fn append(body: &mut Vec<u8>, frame: &[u8]) {
    prost::encode_length_delimiter(frame.len(), body)
        // A vector grows, so there is always room.
        .unwrap_or_default();
    body.extend_from_slice(frame);
}

/// How much longer [`append`] makes a body.
pub fn appended_len(frame: &[u8]) -> usize {
    prost::length_delimiter_len(frame.len()) + frame.len()
}

/// Takes the first frame off a body; `None` when there is no more. The fault says why what is there is no frame.
pub fn take_first(body: &mut Bytes, frame_bytes_max: usize) -> Result<Option<Bytes>, Fault> {
    if body.is_empty() {
        return Ok(None);
    }
    let malformed = |text| Fault::new(ErrorCode::Malformed, text);
    let length = prost::decode_length_delimiter(&mut *body)
        .map_err(|_| malformed("before each frame stands its length, as Protobuf writes it"))?;
    if length > frame_bytes_max {
        return Err(Fault::new(ErrorCode::TooLarge, format!("a frame is {frame_bytes_max} bytes at most")));
    }
    if length > body.len() {
        return Err(malformed("a body ends with a whole frame"));
    }
    Ok(Some(body.split_to(length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body_of(frames: &[&[u8]]) -> Bytes {
        let mut body = Vec::new();
        let mut expected_len = 0;
        for frame in frames {
            append(&mut body, frame);
            expected_len += appended_len(frame);
        }
        assert_eq!(body.len(), expected_len);
        body.into()
    }

    #[test]
    fn frames_come_out_as_they_went_in() {
        let long = vec![7; 300];
        let mut body = body_of(&[b"one", b"", &long]);
        assert_eq!(take_first(&mut body, 300).unwrap().unwrap(), &b"one"[..]);
        assert_eq!(take_first(&mut body, 300).unwrap().unwrap(), &b""[..]);
        assert_eq!(take_first(&mut body, 300).unwrap().unwrap(), &long);
        assert_eq!(take_first(&mut body, 300).unwrap(), None);
    }

    #[test]
    fn what_is_no_frame_is_refused_with_its_reason() {
        let check = |bytes: &[u8], code| {
            let mut body = Bytes::copy_from_slice(bytes);
            assert_eq!(take_first(&mut body, 10).unwrap_err().code, code, "{bytes:?}");
        };
        check(&[3, 1, 2], ErrorCode::Malformed);
        check(&[0x80], ErrorCode::Malformed);
        check(&[0xff; 11], ErrorCode::Malformed);
        check(&[11], ErrorCode::TooLarge);
        check(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], ErrorCode::TooLarge);
    }
}
