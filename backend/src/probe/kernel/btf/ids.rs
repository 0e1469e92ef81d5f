//! The ids of a few types, as BTF that has nothing else: what aya looks up. Its own parser of BTF takes no kind that is
//! newer than it is, and needs tens of milliseconds and megabytes for all that a kernel has.

use super::{KIND_FUNC, KIND_POINTER, KIND_TYPEDEF, Kernel, MAGIC};

/// A type that has a name, and what is asked for it.
#[derive(Clone, Copy, Debug)]
pub enum Named {
    Typedef,
    Func,
}

impl Named {
    fn kind(self) -> u32 {
        match self {
            Self::Typedef => KIND_TYPEDEF,
            Self::Func => KIND_FUNC,
        }
    }
}

/// Of the header and of what each type has, in bytes.
const HEADER: u32 = 24;
const TYPE: u32 = 12;

/// Types of the kernel's by their ids.
pub struct Ids(Vec<(u32, Named, String)>);

impl Kernel<'_> {
    /// Those of the `wanted` types that the kernel has.
    pub fn ids(&self, wanted: &[(Named, &str)]) -> Ids {
        let id = |&(named, name): &(Named, &str)| {
            Some((self.0.find(named.kind(), name)?, named, name.into()))
        };
        Ids(wanted.iter().filter_map(id).collect())
    }
}

impl Ids {
    /// BTF in which these types are found under their ids. The ids between are those of pointers to nothing.
    pub fn btf(&self) -> Vec<u8> {
        let last = self.0.iter().map(|(id, ..)| *id).max().unwrap_or(0);
        let mut types = vec![[0, KIND_POINTER << 24, 0]; last as usize];
        let mut strings = vec![0];
        for (id, named, name) in &self.0 {
            types[*id as usize - 1] = [strings.len() as u32, named.kind() << 24, 0];
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
