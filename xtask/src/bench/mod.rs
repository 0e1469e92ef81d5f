//! Measurements against a peer, as ratios: absolute figures say more about the machine than about the program.

mod kernel;
mod load;
mod stats;
mod tracer;

pub(crate) use self::kernel::bench as kernel;
