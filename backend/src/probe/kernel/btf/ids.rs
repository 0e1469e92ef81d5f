//! Minimal BTF for aya, with only the typedefs that it looks up, under their ids. aya's own parser rejects kinds that
//! are newer than it is, and takes tens of milliseconds and megabytes for all of a kernel's BTF.

use super::{KIND_POINTER, KIND_TYPEDEF, Kernel, MAGIC};

/// Lengths of the header and of each type, in bytes.
const HEADER: u32 = 24;
const TYPE: u32 = 12;

impl Kernel<'_> {
    /// BTF with those of the `wanted` typedefs that the kernel has, under the kernel's ids. The ids in between are
    /// filled with pointers to void.
    pub fn only(&self, wanted: &[&str]) -> Vec<u8> {
        let id = |&name| Some((self.0.find(KIND_TYPEDEF, name)?, name));
        let ids: Vec<(u32, &str)> = wanted.iter().filter_map(id).collect();
        let last = ids.iter().map(|(id, _)| *id).max().unwrap_or(0);
        let mut types = vec![[0, KIND_POINTER << 24, 0]; last as usize];
        let mut strings = vec![0];
        for (id, name) in ids {
            types[id as usize - 1] = [strings.len() as u32, KIND_TYPEDEF << 24, 0];
            strings.extend(name.bytes().chain([0]));
        }
        let (types_len, strings_len) = (TYPE * last, strings.len() as u32);
        // Magic, version 1, no flags; then lengths and offsets.
        let mut bytes = MAGIC.to_ne_bytes().to_vec();
        bytes.extend([1, 0]);
        let header = [HEADER, 0, types_len, types_len, strings_len];
        let words = header.iter().chain(types.as_flattened());
        bytes.extend(words.flat_map(|word| word.to_ne_bytes()));
        bytes.extend(strings);
        bytes
    }
}
