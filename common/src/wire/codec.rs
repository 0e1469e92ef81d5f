//! Bytes from messages and back. Decoding never panics, whatever the bytes.

use super::{ClientMessage, MAX_CLIENT_MESSAGE, ServerMessage};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A form in which messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text frames with one JSON value each.
    Json,
    /// Binary frames with one postcard value each.
    Postcard,
}

/// Why bytes are no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError(pub String);

impl core::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for DecodeError {}

// Inlined where the page, which speaks one format, calls it: the other format's code (for JSON 86 kB
// of WASM) then falls away.
impl Format {
    pub const ALL: [Self; 2] = [Self::Json, Self::Postcard];

    /// The name of the WebSocket sub-protocol.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::Json => "runqlat-web.v2.json",
            Self::Postcard => "runqlat-web.v2.postcard",
        }
    }

    /// The same for the previous version, whose pages may still be open.
    pub const fn former_subprotocol(self) -> &'static str {
        match self {
            Self::Json => "runqlat-web.v1.json",
            Self::Postcard => "runqlat-web.v1.postcard",
        }
    }

    /// The message as it travels; JSON is UTF-8.
    pub fn encode_server(self, message: &ServerMessage) -> Vec<u8> {
        self.encode(message)
    }

    /// The message as it travels; JSON is UTF-8.
    #[inline(always)]
    pub fn encode_client(self, message: &ClientMessage) -> Vec<u8> {
        self.encode(message)
    }

    #[inline(always)]
    pub fn decode_server(self, bytes: &[u8]) -> Result<ServerMessage, DecodeError> {
        match self {
            Self::Json => self.decode(bytes),
            Self::Postcard => server_from_postcard(bytes),
        }
    }

    /// Reads what a viewer sent; longer than [`MAX_CLIENT_MESSAGE`] is refused unread.
    pub fn decode_client(self, bytes: &[u8]) -> Result<ClientMessage, DecodeError> {
        if bytes.len() > MAX_CLIENT_MESSAGE {
            let size = bytes.len();
            return Err(DecodeError(format!(
                "message of {size} bytes, {MAX_CLIENT_MESSAGE} are allowed"
            )));
        }
        self.decode(bytes)
    }

    #[inline(always)]
    fn encode<T: serde::Serialize>(self, message: &T) -> Vec<u8> {
        // Neither can fail for these types: no maps with non-string keys, no unsized sequences, and
        // the buffer grows as needed.
        match self {
            Self::Json => serde_json::to_vec(message).expect("messages are plain data"),
            Self::Postcard => postcard::to_allocvec(message).expect("messages are plain data"),
        }
    }

    #[inline(always)]
    fn decode<T: serde::de::DeserializeOwned>(self, bytes: &[u8]) -> Result<T, DecodeError> {
        match self {
            Self::Json => serde_json::from_slice(bytes).map_err(|e| DecodeError(e.to_string())),
            Self::Postcard => match postcard::take_from_bytes(bytes) {
                Ok((message, [])) => Ok(message),
                Ok((_, rest)) => Err(DecodeError(format!(
                    "{} bytes after the end of the message",
                    rest.len()
                ))),
                Err(error) => Err(DecodeError(error.to_string())),
            },
        }
    }
}

/// No generic function: what decodes is then compiled in this crate, which is compiled to be fast, and not where the
/// page calls it, which is compiled to be small.
fn server_from_postcard(bytes: &[u8]) -> Result<ServerMessage, DecodeError> {
    Format::Postcard.decode(bytes)
}
