//! The server without a listener: one who is connected speaks through a stream in memory.

use super::crowd::Crowd;
use super::peer::{End, Peer};
use super::{Front, accept, app};
use crate::control::Control;
use crate::directory::Directory;
use crate::hub::Hub;
use crate::shutdown::Stop;
use axum::Router;
use hyper_util::service::TowerToHyperService;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::DuplexStream;

/// A server that others are connected to by hand.
pub struct Server {
    app: Router,
    crowd: Arc<Crowd>,
    stop: Stop,
}

impl Server {
    pub fn new(
        front: Front,
        hub: Arc<Hub>,
        control: Control,
        directory: Arc<dyn Directory>,
        stop: Stop,
    ) -> Self {
        let crowd = Arc::new(Crowd::new(front.max_viewers));
        let app = app(front, crowd.clone(), hub, control, directory, stop.clone());
        Self { app, crowd, stop }
    }

    /// Serves who is at the other end of `stream`, until one of them ends it.
    pub fn speak(&self, stream: DuplexStream) -> impl Future<Output = ()> + Send + use<> {
        let service = TowerToHyperService::new(self.app.clone());
        let stop = self.stop.clone();
        let peer = Peer {
            end: End::Tcp(Ipv4Addr::LOCALHOST.into()),
            uid: Some(0),
            forwarded: None,
        };
        let seat = self.crowd.connections.sit(peer.end, Instant::now());
        let guest = seat.map(|seat| accept::Guest::new(&self.crowd, peer, seat));
        async move {
            if let Ok(guest) = guest {
                let stream = guest.throttled(stream);
                let _ = accept::speak(stream, service, stop, guest).await;
            }
        }
    }
}
