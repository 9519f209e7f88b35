//! Any bytes are a frame or a typed fault, and a frame survives being written and read again.

use anser_protocol::wire::ErrorCode;
use anser_protocol::{codec, limits};

/// Bytes that a client sent.
pub fn codec_client(data: &[u8]) {
    match codec::decode_from_client(data) {
        Ok(body) => {
            let bytes = codec::encode(body.clone());
            assert_eq!(codec::decode_from_client(&bytes), Ok(body));
        }
        Err(fault) => match fault.code {
            ErrorCode::TooLarge => assert!(data.len() > limits::CLIENT_FRAME_BYTES_MAX),
            ErrorCode::Malformed | ErrorCode::UnexpectedFrame => {}
            code => panic!("decoding gives no {}", code.as_str_name()),
        },
    }
}

/// Bytes that a server sent.
pub fn codec_server(data: &[u8]) {
    match codec::decode_from_server(data) {
        Ok(Some(body)) => {
            let bytes = codec::encode(body.clone());
            assert_eq!(codec::decode_from_server(&bytes), Ok(Some(body)));
        }
        Ok(None) => {}
        Err(fault) => match fault.code {
            ErrorCode::TooLarge => assert!(data.len() > limits::SERVER_FRAME_BYTES_MAX),
            ErrorCode::Malformed => {}
            code => panic!("decoding gives no {}", code.as_str_name()),
        },
    }
}
