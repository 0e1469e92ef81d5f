//! What a peer sends on a connection, to a whole server in process: HTTP with its paths, parameters, headers and
//! bodies, and after an upgrade WebSocket frames. The first byte says what the server asks for.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runqlat_fuzz::{contains, runtime};
use runqlat_web::fuzzing::{CONTROL, HOSTNAME, VIEW, World};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Enough for what waits for nothing, and less than the time for a request's head.
const PATIENCE: Duration = Duration::from_secs(3);

fuzz_target!(|bytes: &[u8]| {
    let Some((options, request)) = bytes.split_first() else {
        return;
    };
    let answer = runtime().block_on(exchange(options & 1 == 1, options & 2 == 2, request));
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1."),
        "it answers with HTTP"
    );
    if options & 1 == 1 && tells(&answer, request) {
        let shown = [VIEW, CONTROL]
            .iter()
            .any(|token| contains(request, token.as_bytes()));
        assert!(shown, "what is measured is told to one without a token");
    }
});

/// Whether an answer tells more than it was told itself: in JSON what a peer sent has its quotes escaped.
fn tells(answer: &[u8], request: &[u8]) -> bool {
    let field = format!("\"hostname\":\"{HOSTNAME}\"");
    let snapshot = answer.starts_with(b"HTTP/1.1 101") && !contains(request, HOSTNAME.as_bytes());
    contains(answer, field.as_bytes()) || (snapshot && contains(answer, HOSTNAME.as_bytes()))
}

async fn exchange(asks: bool, read_only: bool, request: &[u8]) -> Vec<u8> {
    let mut world = World::new(asks, read_only, 2);
    let mut peer = world.connect();
    let mut answer = Vec::new();
    if peer.write_all(request).await.is_ok() {
        let _ = tokio::time::timeout(PATIENCE, peer.read_to_end(&mut answer)).await;
    }
    answer
}
