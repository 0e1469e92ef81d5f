//! `runqlat-web licenses`: the licences of the crates that this binary holds, as `cargo xtask build` found them.

use crate::failure::Failure;
use std::io::{ErrorKind, Write};

#[cfg(complete)]
const PACKED: Option<&[u8]> = Some(include_bytes!(env!("LICENSES")));
#[cfg(not(complete))]
const PACKED: Option<&[u8]> = None;

/// Prints the notice to `out`.
pub fn print(out: &mut impl Write) -> Result<(), Failure> {
    let packed = PACKED.ok_or(Failure::Incomplete)?;
    let text = miniz_oxide::inflate::decompress_to_vec_zlib(packed)
        .map_err(|error| Failure::Other(anyhow::anyhow!("the notice is damaged: {error}")))?;
    match out.write_all(&text).and_then(|()| out.flush()) {
        // Whoever read it has seen enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::Other(error.into())),
    }
}
