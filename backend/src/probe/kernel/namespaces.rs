//! Which pid namespaces live, from the kernel's own list of tasks. The links in /proc/PID/ns are only for who may
//! trace that process, which this program gives up; to run a program over all tasks it may.

use super::btf::Ids;
use super::programs::first_line;
use aya::programs::{Iter, ProgramError};
use aya::{Btf, Ebpf, Endianness};
use std::collections::HashSet;
use std::io::{self, Read};

const PROGRAM: &str = "living_pidns";

/// What the program is called with, and what the kernel's BTF calls that.
const ITERATOR: &str = "task";
pub(super) const TYPE: &str = "bpf_iter_task";

/// Loads the program that tells them. Without it, no namespace is ever taken for gone: their counters then stay in
/// the table until that is full.
pub(super) fn load(ebpf: &mut Ebpf, iterator: &Ids) {
    let loaded = Btf::parse(&iterator.btf(), Endianness::default())
        .map_err(ProgramError::Btf)
        .and_then(|btf| program(ebpf)?.load(ITERATOR, &btf));
    if let Err(error) = loaded {
        let why = first_line(&error.to_string());
        tracing::warn!("pid namespaces that are gone stay in the kernel's table: {why}");
    }
}

/// Inode numbers of the pid namespaces in which a process lives.
pub(super) fn living(ebpf: &mut Ebpf) -> io::Result<HashSet<u64>> {
    let program = program(ebpf).map_err(io::Error::other)?;
    let link = program.attach().and_then(|link| program.take_link(link));
    let list = link.map_err(io::Error::other)?.into_file();
    let mut bytes = Vec::new();
    list.map_err(io::Error::other)?.read_to_end(&mut bytes)?;
    let (inodes, _) = bytes.as_chunks();
    let inodes = inodes.iter().map(|inode| u64::from_ne_bytes(*inode));
    Ok(inodes.collect())
}

fn program(ebpf: &mut Ebpf) -> Result<&mut Iter, ProgramError> {
    let program = ebpf.program_mut(PROGRAM).ok_or(ProgramError::NotLoaded)?;
    program.try_into()
}
