//! A bare axum server that sends so many bytes once a second to every WebSocket: no history, no snapshots, no roles.
//! `runqlat-floor BYTES` prints where it listens. Each message is a binary one and begins with a number that grows by
//! one and the wall clock in ms, both as 8 bytes, the lowest first.

use std::env;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::{any, get};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::time::interval;

/// Messages that a viewer may fall behind before it is dropped.
const BACKLOG: usize = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let bytes: usize = env::args().nth(1).ok_or("how many bytes?")?.parse()?;
    let updates = broadcast::Sender::new(BACKLOG);
    tokio::spawn(publish(updates.clone(), bytes.max(16)));
    let app = Router::new()
        .route("/ws", any(join))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(updates);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}

async fn publish(updates: broadcast::Sender<Bytes>, bytes: usize) {
    let mut ticks = interval(Duration::from_secs(1));
    for number in 1_u64.. {
        ticks.tick().await;
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |since| since.as_millis() as u64);
        let mut message = vec![0; bytes];
        message[..8].copy_from_slice(&number.to_le_bytes());
        message[8..16].copy_from_slice(&now.to_le_bytes());
        // Fails when nobody watches.
        let _ = updates.send(message.into());
    }
}

async fn join(
    State(updates): State<broadcast::Sender<Bytes>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let mut updates = updates.subscribe();
    upgrade.on_upgrade(move |mut socket: WebSocket| async move {
        while let Ok(update) = updates.recv().await {
            if socket.send(Message::Binary(update)).await.is_err() {
                return;
            }
        }
    })
}
