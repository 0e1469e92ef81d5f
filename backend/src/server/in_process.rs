//! The server without a listener: one who is connected speaks through a stream in memory.

use super::{Front, accept, app};
use crate::control::Control;
use crate::directory::Directory;
use crate::hub::Hub;
use crate::shutdown::Stop;
use axum::Router;
use hyper_util::service::TowerToHyperService;
use std::sync::Arc;
use tokio::io::DuplexStream;
use tokio::sync::Semaphore;

/// A server that others are connected to by hand.
pub struct Server {
    app: Router,
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
        let app = app(front, hub, control, directory, stop.clone());
        Self { app, stop }
    }

    /// Serves who is at the other end of `stream`, until one of them ends it.
    pub fn speak(&self, stream: DuplexStream) -> impl Future<Output = ()> + Send + use<> {
        let service = TowerToHyperService::new(self.app.clone());
        let stop = self.stop.clone();
        async move {
            let slots = Arc::new(Semaphore::new(1));
            if let Ok(slot) = slots.acquire_owned().await {
                let _ = accept::speak(stream, service, stop, slot).await;
            }
        }
    }
}
