//! The HTTP server: the page, the WebSocket and the API. Reads from the hub; what is measured it
//! changes only by asking the collector.

mod accept;
mod api;
mod assets;
mod attempts;
mod budget;
mod control;
mod crowd;
mod entry;
mod flood;
mod forwarded;
mod guard;
mod identity;
#[cfg(feature = "fuzzing")]
pub mod in_process;
mod latest;
mod ledger;
mod links;
mod listener;
mod local;
mod peer;
mod prefix;
mod pulse;
mod questions;
mod recent;
mod reply;
mod seats;
mod session;
mod throttle;
mod together;
mod tokens;
mod turns;
mod upgrade;
mod ws;

use crate::access::Access;
use crate::access::local::Local;
use crate::control::Control;
use crate::directory::Directory;
use crate::hub::Hub;
use crate::owners::Owners;
use crate::reach::Reach;
use crate::shutdown::Stop;
use attempts::Attempts;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::http::{StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use crowd::Crowd;
pub use crowd::MaxViewers;
use identity::Identity;
use listener::Listeners;
pub use listener::{Listener, SocketFile};
use local::Strangers;
use questions::Questions;
use runqlat_common::wire::MAX_CLIENT_MESSAGE;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How long viewers get to hang up when the server ends.
const GRACE: Duration = Duration::from_secs(2);

/// For a whole request, its body and its answer's head included.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a request's body.
const MAX_BODY: usize = 16 * 1024;

/// How the server is reached, and by whom.
pub struct Front {
    pub reach: Reach,
    pub access: Access,
    /// Who needs no token.
    pub local: Local,
    /// The name of whose server it is, for those on this host who do.
    pub owner: String,
    pub tls: Option<TlsAcceptor>,
    pub max_viewers: MaxViewers,
    /// Which user of this host is at the other end of a connection.
    pub owners: Arc<Owners>,
}

/// What handlers share.
#[derive(Clone)]
struct Shared {
    hub: Arc<Hub>,
    control: Control,
    questions: Questions,
    access: Access,
    local: Arc<Local>,
    strangers_told: Arc<Strangers>,
    reach: Arc<Reach>,
    crowd: Arc<Crowd>,
    /// For those who are told why they are turned away.
    farewells: Arc<Semaphore>,
    attempts: Arc<Attempts>,
    stop: Stop,
}

impl FromRef<Shared> for Arc<Hub> {
    fn from_ref(shared: &Shared) -> Self {
        shared.hub.clone()
    }
}

/// Serves until `stop` is requested, and then until viewers have hung up, or a while.
pub async fn serve(
    listeners: Vec<Listener>,
    front: Front,
    hub: Arc<Hub>,
    control: Control,
    directory: Arc<dyn Directory>,
    stop: Stop,
) {
    let (tls, owners) = (front.tls.clone(), front.owners.clone());
    let crowd = Arc::new(Crowd::new(front.max_viewers));
    let app = app(
        front,
        crowd.clone(),
        hub.clone(),
        control,
        directory,
        stop.clone(),
    );
    // Ends with this function.
    let mut telling = JoinSet::new();
    telling.spawn(hub.clone().tell());
    let identity = Identity::start(owners, &mut telling);
    let listeners = Listeners::new(listeners);
    let mut deadline = stop.clone();
    tokio::select! {
        () = accept::serve(listeners, identity, tls, app, crowd, stop) => {}
        () = async {
            deadline.requested().await;
            tokio::time::sleep(GRACE).await;
        } => return,
    }
    let gone = until(|| hub.viewers() == 0);
    let _ = timeout(GRACE, gone).await;
}

fn app(
    front: Front,
    crowd: Arc<Crowd>,
    hub: Arc<Hub>,
    control: Control,
    directory: Arc<dyn Directory>,
    stop: Stop,
) -> Router {
    router(Shared {
        hub,
        control,
        questions: Questions::new(directory),
        access: front.access,
        local: Arc::new(front.local),
        strangers_told: Arc::new(Strangers::new(&front.owner)),
        reach: Arc::new(front.reach),
        crowd,
        farewells: Arc::new(Semaphore::new(upgrade::MAX_FAREWELLS)),
        attempts: Arc::new(Attempts::new()),
        stop,
    })
}

/// Waits until `done`; asked rarely enough not to matter and often enough not to be felt.
async fn until(done: impl Fn() -> bool) -> () {
    while !done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn router(shared: Shared) -> Router {
    let reach = shared.reach.clone();
    let routes = Router::new()
        .route("/", get(assets::index))
        .route("/assets/{name}", get(assets::asset))
        .route("/ws", any(upgrade::upgrade))
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
        .route("/api/v1/span", get(questions::span))
        .route("/api/v1/targets", get(questions::targets))
        .route("/api/v1/links", post(links::links))
        .route("/api/v1/tokens/rotate", post(tokens::rotate))
        .route(
            entry::SESSION,
            post(session::sign_in).delete(session::sign_out),
        )
        .route("/healthz", get(api::healthz))
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn_with_state(shared.clone(), entry::check))
        .with_state(shared);
    // Around all routes, for the path that they are found by is made there.
    Router::new()
        .fallback_service(routes)
        .layer(middleware::from_fn_with_state(
            reach.clone(),
            prefix::take_off,
        ))
        .layer(middleware::from_fn_with_state(
            reach.clone(),
            forwarded::note,
        ))
        .layer(middleware::from_fn_with_state(reach, guard::check))
}

/// Gives up a request whose body does not come.
async fn in_time(request: Request, next: Next) -> Response {
    let answered = timeout(REQUEST_TIMEOUT, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        let refusal = reply::Refusal {
            status: StatusCode::REQUEST_TIMEOUT,
            error: format!("the request took more than {} s", REQUEST_TIMEOUT.as_secs()),
            hint: "send it at once".into(),
        };
        refusal.into_response()
    })
}

async fn unknown_path(uri: Uri) -> reply::Refusal {
    reply::Refusal::not_found(format!("there is nothing at {}", uri.path()))
}

async fn wrong_method(uri: Uri) -> reply::Refusal {
    reply::Refusal {
        status: StatusCode::METHOD_NOT_ALLOWED,
        error: format!("{} does not answer this method", uri.path()),
        hint: "everything here is read with GET; docs/protocol.md lists what is changed with PUT, POST or DELETE"
            .into(),
    }
}
