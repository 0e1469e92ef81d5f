//! Who owns the other ends of connections on this host. The kernel is asked for each connection (`sock_diag`); where it
//! does not answer that, its tables are searched.

mod diag;

use crate::procfs::sockets;
use crate::procfs::tcp::Ends;
use diag::Diag;
use std::io;

/// Asks the kernel.
pub struct Owners {
    diag: Option<Diag>,
}

impl Owners {
    /// Opens a socket, which is not possible once rights are given up.
    pub fn open() -> Self {
        let diag = Diag::open().inspect_err(|error| {
            tracing::debug!(
                "the kernel's tables of sockets are searched, for it answers no sock_diag request: {error}"
            );
        });
        let diag = diag.ok();
        Self { diag }
    }

    /// The uids that own the other ends of `connections`, in their order; none where it is not certain. Takes some
    /// microseconds for each; without `sock_diag`, milliseconds where there are many sockets.
    ///
    /// # Errors
    /// If the kernel's tables can't be read either.
    pub fn of(&self, connections: &[Ends]) -> io::Result<Vec<Option<u32>>> {
        if let Some(diag) = &self.diag
            && let Ok(found) = connections.iter().map(|ends| diag.owner(ends)).collect()
        {
            return Ok(found);
        }
        sockets::owners(connections)
    }
}

#[cfg(test)]
mod tests;
