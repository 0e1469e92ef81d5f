//! Tells the service manager that started this, if one did, when it is ready (systemd's sd_notify).

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// A way to the service manager, or to nobody.
#[derive(Debug, Default)]
pub struct Notifier(Option<UnixDatagram>);

impl Notifier {
    /// As the environment says. Opens the socket, which is not allowed once rights are given up.
    pub fn from_environment() -> Self {
        let Some(path) = std::env::var_os("NOTIFY_SOCKET") else {
            return Self::default();
        };
        match connect(&path) {
            Ok(socket) => Self(Some(socket)),
            Err(error) => {
                // It may be another's, which this one has inherited.
                tracing::warn!("can't tell the service manager at {path:?}: {error}");
                Self::default()
            }
        }
    }

    /// It measures and serves. Closes the socket: whoever takes the program over could send to the manager in its name.
    pub fn ready(self) {
        if let Some(Err(error)) = self.0.map(|socket| socket.send(b"READY=1")) {
            tracing::warn!("can't tell the service manager: {error}");
        }
    }
}

fn connect(path: &OsStr) -> io::Result<UnixDatagram> {
    let address = match path.as_bytes() {
        // In a name space of its own, without a file.
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(path)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    Ok(socket)
}
