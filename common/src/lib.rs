//! What kernel, server and page agree on. Nothing here does I/O; the parts that the BPF programs
//! share (`buckets`, `contract`, `hot`, `key_word`, `stamp`) need no allocator.
#![no_std]

#[cfg(feature = "wire")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod buckets;
pub mod contract;
pub mod hot;
pub mod key_word;
pub mod stamp;

#[cfg(feature = "wire")]
pub mod columns;
#[cfg(feature = "wire")]
pub mod counts;
#[cfg(feature = "wire")]
pub mod human;
#[cfg(feature = "wire")]
pub mod text;
#[cfg(feature = "wire")]
pub mod wire;
