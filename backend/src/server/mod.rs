//! The HTTP server: the page, the WebSocket and the API. Reads from the hub; what is measured it
//! changes only by asking the collector.

mod api;
mod assets;
mod control;
mod guard;
mod latest;
mod questions;
mod reply;
mod together;
mod ws;

use crate::control::Control;
use crate::directory::Directory;
use crate::hub::Hub;
use crate::shutdown::Stop;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::Uri;
use axum::middleware;
use axum::routing::{any, delete, get};
use questions::Questions;
use runqlat_common::wire::MAX_CLIENT_MESSAGE;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long viewers get to hang up when the server ends.
const GRACE: Duration = Duration::from_secs(2);

/// What handlers share.
#[derive(Clone)]
struct Shared {
    hub: Arc<Hub>,
    control: Control,
    questions: Questions,
    /// Whether viewers may change what is measured.
    may_control: bool,
    stop: Stop,
}

impl FromRef<Shared> for Arc<Hub> {
    fn from_ref(shared: &Shared) -> Self {
        shared.hub.clone()
    }
}

/// Serves until `stop` is requested, and then until viewers have hung up, or a while.
pub async fn serve(
    listener: TcpListener,
    hub: Arc<Hub>,
    control: Control,
    directory: Arc<dyn Directory>,
    stop: Stop,
) -> std::io::Result<()> {
    let address = listener.local_addr()?;
    let shared = Shared {
        hub: hub.clone(),
        control,
        questions: Questions::new(directory),
        may_control: address.ip().is_loopback(),
        stop: stop.clone(),
    };
    let app = router(shared, address);
    // Ends with this function.
    let mut telling = JoinSet::new();
    telling.spawn(hub.clone().tell());
    let mut stopped = stop.clone();
    let serving = axum::serve(listener, app).with_graceful_shutdown(async move {
        stopped.requested().await;
    });
    let mut deadline = stop;
    tokio::select! {
        served = serving => served?,
        () = async {
            deadline.requested().await;
            tokio::time::sleep(GRACE).await;
        } => return Ok(()),
    }
    let gone = until(|| hub.viewers() == 0);
    let _ = tokio::time::timeout(GRACE, gone).await;
    Ok(())
}

/// Waits until `done`; asked rarely enough not to matter and often enough not to be felt.
async fn until(done: impl Fn() -> bool) -> () {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn router(shared: Shared, address: SocketAddr) -> Router {
    Router::new()
        .route("/", get(assets::index))
        .route("/assets/{name}", get(assets::asset))
        .route("/ws", any(ws::upgrade))
        .route("/api/v1/state", get(api::state))
        .route("/api/v1/scope", get(control::scope).put(control::set_scope))
        .route("/api/v1/histogram", get(api::histogram))
        .route(
            "/api/v1/notes",
            get(together::notes)
                .post(together::add_note)
                .layer(DefaultBodyLimit::max(MAX_CLIENT_MESSAGE)),
        )
        .route("/api/v1/notes/{id}", delete(together::delete_note))
        .route("/api/v1/region", get(questions::region))
        .route("/api/v1/targets", get(questions::targets))
        .route("/healthz", get(api::healthz))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(middleware::from_fn_with_state(address, guard::check))
        .with_state(shared)
}

async fn unknown_path(uri: Uri) -> reply::Refusal {
    reply::Refusal::not_found(format!("there is nothing at {}", uri.path()))
}

async fn wrong_method(uri: Uri) -> reply::Refusal {
    reply::Refusal {
        status: axum::http::StatusCode::METHOD_NOT_ALLOWED,
        error: format!("{} does not answer this method", uri.path()),
        hint:
            "everything here is read with GET; /api/v1/scope is changed with PUT, notes are made \
               with POST to /api/v1/notes and deleted with DELETE"
                .into(),
    }
}
