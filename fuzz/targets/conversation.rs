//! What viewers of one server say to it while time goes on, in process: the collector with the synthetic machine,
//! the hub, the WebSockets; and a page's state that hears all that the server says. Each part of the input is a
//! deed: a byte that says what and whose, and a message.

#![no_main]

use futures_util::{FutureExt, SinkExt, StreamExt};
use libfuzzer_sys::fuzz_target;
use runqlat_common::wire::Format;
use runqlat_fuzz::{parts, runtime};
use runqlat_logic::session::Session;
use runqlat_web::fuzzing::World;
use std::time::Duration;
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const VIEWERS: usize = 3;

/// More is no other conversation, only a longer one.
const DEEDS: usize = 40;

fuzz_target!(|bytes: &[u8]| {
    runtime().block_on(converse(bytes));
});

async fn converse(bytes: &[u8]) {
    let mut world = World::new(false, false, VIEWERS as u32);
    let mut viewers: [Option<Viewer>; VIEWERS] = [const { None }; VIEWERS];
    for deed in parts(bytes).take(DEEDS) {
        let Some((&what, message)) = deed.split_first() else {
            tokio::time::sleep(Duration::from_millis(700)).await;
            continue;
        };
        let (what, whose) = (what / 4, usize::from(what % 4));
        let Some(place) = viewers.get_mut(whose) else {
            // Nobody's: time goes on.
            tokio::time::sleep(Duration::from_millis(u64::from(what) * 100)).await;
            continue;
        };
        match (what, place.as_mut()) {
            (0, _) => *place = None,
            (_, Some(viewer)) => viewer.say(message).await,
            (format, None) => *place = Viewer::enter(&mut world, format % 2 == 0).await,
        }
        for viewer in viewers.iter_mut().flatten() {
            viewer.listen();
        }
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for viewer in viewers.iter_mut().flatten() {
        viewer.listen();
    }
}

struct Viewer {
    socket: WebSocketStream<DuplexStream>,
    format: Format,
    session: Session,
}

impl Viewer {
    async fn enter(world: &mut World, json: bool) -> Option<Self> {
        let format = if json { Format::Json } else { Format::Postcard };
        let mut request = "ws://127.0.0.1:8080/ws".into_client_request().ok()?;
        let protocol = format.subprotocol().parse().ok()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let entered = tokio_tungstenite::client_async(request, world.connect()).await;
        let (socket, _) = entered.expect("there is room, and no token is asked for");
        Some(Self {
            socket,
            format,
            session: Session::default(),
        })
    }

    async fn say(&mut self, message: &[u8]) {
        let message = match (self.format, std::str::from_utf8(message)) {
            (Format::Json, Ok(text)) => Message::text(text),
            _ => Message::binary(message.to_vec()),
        };
        // Fails where the server has hung up, as on one who says too much.
        let _ = self.socket.send(message).await;
        // Lets the server, and whoever works for it, answer.
        for _ in 0..8 {
            tokio::task::yield_now().await;
        }
    }

    /// Hears all that there is to hear. All of it is a message, and one that a page can take.
    fn listen(&mut self) {
        while let Some(Some(Ok(message))) = self.socket.next().now_or_never() {
            let bytes = match message {
                Message::Text(text) => text.as_bytes().to_vec(),
                Message::Binary(bytes) => bytes.to_vec(),
                _ => continue,
            };
            let mut message = self.format.decode_server(&bytes).expect("a message");
            self.session.together.hear(&mut message);
            self.session.apply(message);
        }
    }
}
