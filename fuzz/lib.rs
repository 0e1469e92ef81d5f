//! What fuzz targets share.

use std::cell::OnceCell;
use tokio::runtime::{Builder, Runtime};

/// Parts of an input that holds several: each begins with its length, in two bytes. Any bytes are such an input.
pub fn parts(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
        let (part, rest) = rest.split_at(length);
        bytes = rest;
        Some(part)
    })
}

/// Whether `part` is somewhere in `whole`.
pub fn contains(whole: &[u8], part: &[u8]) -> bool {
    whole.windows(part.len()).any(|window| window == part)
}

/// A runtime whose clock stands still while there is anything to do, and jumps to what is waited for.
pub fn runtime() -> &'static Runtime {
    thread_local! {
        static RUNTIME: OnceCell<&'static Runtime> = const { OnceCell::new() };
    }
    let new = || -> &'static Runtime {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        Box::leak(Box::new(runtime.expect("a runtime without sockets")))
    };
    RUNTIME.with(|runtime| *runtime.get_or_init(new))
}
