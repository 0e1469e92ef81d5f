//! Codes with which the server closes a WebSocket, besides the standard's. A browser learns nothing of
//! an upgrade that is refused, so what it is refused for is told this way.

/// Without a token, or with one that is not asked for any more.
pub const CLOSE_NO_TOKEN: u16 = 4_401;

/// The peer speaks another version of the protocol.
pub const CLOSE_OLD_PAGE: u16 = 4_426;

/// It sent more than it may, and went on.
pub const CLOSE_TOO_MANY_MESSAGES: u16 = 4_429;

/// There are as many viewers as there may be.
pub const CLOSE_FULL: u16 = 4_503;
