//! Real proxies with the documented settings, in which only addresses and paths are others.

use super::server::Server;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The name in the documented settings, which the tests' browsers take for this machine.
pub const NAME: &str = "ops.example";

/// What has a browser find that name here, and trust the certificate that was made for it a moment ago.
pub const TRUSTING: [&str; 2] = [
    "--host-resolver-rules=MAP ops.example 127.0.0.1, MAP db1.example 127.0.0.1",
    "--ignore-certificate-errors",
];

/// A proxy that the documents have settings for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Haproxy,
    Caddy,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Nginx, Self::Haproxy, Self::Caddy];

    /// Where its documented settings are in the project.
    pub fn file(self) -> &'static str {
        match self {
            Self::Nginx => "dist/proxy/nginx.conf",
            Self::Haproxy => "dist/proxy/haproxy.cfg",
            Self::Caddy => "dist/proxy/Caddyfile",
        }
    }

    pub fn documented(self) -> String {
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::read_to_string(project.join(self.file())).expect("the project's own file")
    }

    /// Has it run these settings in the foreground, with all that it writes in `folder`.
    fn command(self, folder: &Path, settings: &str) -> Command {
        let at = |name: &str| folder.join(name).display().to_string();
        fs::write(folder.join("settings"), settings).expect("the folder");
        let program = match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Caddy => "caddy",
        };
        // Debian has daemons where not everybody's PATH leads.
        let sbin = Path::new("/usr/sbin").join(program);
        let mut command = Command::new(if sbin.is_file() { sbin } else { program.into() });
        match self {
            Self::Nginx => {
                let temporary: String = ["client_body", "proxy", "fastcgi", "scgi", "uwsgi"]
                    .map(|of| format!("{of}_temp_path {};\n", at(of)))
                    .concat();
                let main = format!(
                    "daemon off; master_process off; pid {};\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}include {};\n}}\n",
                    at("pid"),
                    at("settings")
                );
                fs::write(folder.join("main"), main).expect("the folder");
                command.args(["-e", &at("log"), "-p", &at(""), "-c", &at("main")]);
            }
            Self::Haproxy => {
                command.args(["-db", "-f", &at("settings")]);
            }
            Self::Caddy => {
                let main = format!(
                    "{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {}\n}}\nimport {}\n",
                    at("storage"),
                    at("settings")
                );
                fs::write(folder.join("main"), main).expect("the folder");
                command.args(["run", "--adapter", "caddyfile", "--config", &at("main")]);
                command.env("HOME", folder);
            }
        }
        command
    }
}

/// A running proxy; stopped when dropped, or on `stop`.
pub struct Proxy {
    child: Child,
    folder: PathBuf,
    pub address: SocketAddr,
}

impl Proxy {
    /// Before `server`, with the documented settings as `change` leaves them.
    pub fn start(
        kind: Kind,
        port: u16,
        server: &Server,
        change: impl Fn(String) -> String,
    ) -> Self {
        let folder = std::env::temp_dir().join(format!("rw-proxy-{port}"));
        fs::create_dir_all(&folder).expect("a folder of its own");
        let (certificate, key) = certificate(&folder);
        // The port first: the folder's name and the server's port may have 443 in them, too.
        let settings = change(kind.documented())
            .replace("443", &port.to_string())
            .replace("/etc/ssl/private/ops.example.pem", &certificate)
            .replace("/etc/ssl/private/ops.example.key", &key)
            .replace("127.0.0.1:8080", &server.address.to_string());
        let log = fs::File::create(folder.join("said")).expect("the folder");
        let mut command = kind.command(&folder, &settings);
        let child = command
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("{kind:?}: {error}; `cargo xtask setup` installs it"));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut proxy = Self {
            child,
            folder,
            address,
        };
        proxy.wait();
        proxy
    }

    /// Until it listens.
    fn wait(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(self.address).is_err() {
            let ended = self.child.try_wait().expect("it was started here");
            if ended.is_some() || Instant::now() > deadline {
                panic!("it does not listen: {}", self.said());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn said(&self) -> String {
        ["said", "log"]
            .map(|name| fs::read_to_string(self.folder.join(name)).unwrap_or_default())
            .concat()
    }

    /// Ends it; its port is free then.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that nobody listens on: these proxies can't choose one by themselves.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a port").port()
}

/// A certificate with its key, and the key alone, in files.
fn certificate(folder: &Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).expect("a certificate");
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).expect("the folder");
        path.display().to_string()
    };
    let key = made.signing_key.serialize_pem();
    (
        write("pem", format!("{}{key}", made.cert.pem())),
        write("key", key),
    )
}
