//! What the fuzz targets in `fuzz/` reach: the checks of what viewers send, and a whole server in process that
//! measures the synthetic machine.

pub use crate::cgroup::{Mount, find_hex as find_cgroup_hex, find_shown as find_cgroup};
pub use crate::probe::kernel::read_btf;
pub use crate::region::check as check_region;
pub use crate::target::{INTERVAL_MS, asked as scope_as_shown, check_interval};
pub use crate::together::{name, note, secret};

use crate::access::local::Local;
use crate::access::{Access, Token, Tokens};
use crate::confine::Confinement;
use crate::hub::Hub;
use crate::owners::Owners;
use crate::probe::synthetic::SyntheticMachine;
use crate::reach::Reach;
use crate::server::in_process::Server;
use crate::server::{Front, MaxViewers};
use crate::{collector, shutdown};
use runqlat_common::wire::{Scope, ServerInfo};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::DuplexStream;
use tokio::task::JoinSet;

/// The tokens of a [`World`] that asks for them.
pub const VIEW: &str = "view-0123456789abcdef-view";
pub const CONTROL: &str = "control-0123456789abcdef";

/// The name of its host: whoever is told this was let in.
pub const HOSTNAME: &str = "only-for-those-inside";

/// Bytes that a peer may leave unread, as a socket's buffers.
const BUFFER: usize = 1 << 20;

/// Processes of the synthetic machine.
const SERVICES: u32 = 8;

/// A server, its collector and its machine. All of it runs as tasks of the runtime in which it is made, and ends
/// when it is dropped.
pub struct World {
    server: Server,
    _stopper: shutdown::Stopper,
    tasks: JoinSet<()>,
}

impl World {
    /// With `asks`, everybody is asked for a token; with `read_only`, nobody may change anything.
    pub fn new(asks: bool, read_only: bool, max_viewers: u32) -> Self {
        let token = |text| Token::read(text).expect("it is long and plain");
        let tokens = Tokens {
            view: token(VIEW),
            control: token(CONTROL),
        };
        let listening = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
        let front = Front {
            reach: Reach {
                listening,
                all: vec![listening],
                host: listening.ip(),
                names: vec!["db1.example".into()],
                public: None,
                tls: false,
            },
            access: Access::new(read_only, !asks, tokens),
            local: Local::default(),
            owner: "root".into(),
            tls: None,
            owners: Arc::new(Owners::open()),
            max_viewers: MaxViewers {
                all: max_viewers,
                per_address: Some(max_viewers),
            },
        };
        let machine = SyntheticMachine::new(SERVICES);
        let directory = Arc::new(machine.directory());
        let hub = Hub::new(server_info(asks), Confinement::default());
        let (stopper, stop) = shutdown::channel();
        let scope = Scope {
            interval_ms: 1_000,
            ..Scope::default()
        };
        let attached = collector::attach(Box::new(machine), &scope, hub.clone(), stop.clone());
        let Ok((control, actor)) = attached else {
            unreachable!("the synthetic machine measures all that it has");
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(actor);
        tasks.spawn(hub.clone().tell());
        Self {
            server: Server::new(front, hub, control, directory, stop),
            _stopper: stopper,
            tasks,
        }
    }

    /// The other end of a new connection.
    pub fn connect(&mut self) -> DuplexStream {
        let (near, far) = tokio::io::duplex(BUFFER);
        self.tasks.spawn(self.server.speak(near));
        far
    }
}

fn server_info(tokens: bool) -> ServerInfo {
    ServerInfo {
        version: env!("CARGO_PKG_VERSION").into(),
        hostname: HOSTNAME.into(),
        kernel: "6.18".into(),
        cpus: 2,
        demo: true,
        tokens,
        started_ms: 0,
        caveats: Vec::new(),
        read_only: false,
    }
}
