//! Field offsets from the running kernel's type information (BTF). aya reads BTF too but keeps the
//! members of structures to itself. A pure function of bytes; the format is the kernel's
//! `include/uapi/linux/btf.h`. Kinds that are newer than this program are skipped where the kernel says how long
//! they are; else what comes before the first of them is all that is known.

mod error;
mod ids;

pub use error::{BtfError, Unread};

use std::collections::{HashMap, HashSet};

const MAGIC: u16 = 0xeb9f;
const KIND_INT: u32 = 1;
const KIND_POINTER: u32 = 2;
const KIND_STRUCT: u32 = 4;
const KIND_UNION: u32 = 5;
const KIND_ENUM: u32 = 6;
const KIND_TYPEDEF: u32 = 8;
const KIND_ENUM64: u32 = 19;
/// Shortest header that describes a layout section.
const HEADER_WITH_LAYOUT: usize = 32;
/// How many typedefs and modifiers in a row are followed: more than any type in the kernel has.
const MAX_NAMES: usize = 8;

/// A structure's size, and some of its fields.
#[derive(Debug)]
pub struct Fields {
    pub structure: String,
    /// In bytes.
    pub size: u32,
    fields: HashMap<String, Field>,
}

/// Where a field lies in its structure, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    pub offset: u32,
    /// `None` for arrays and bit fields.
    pub size: Option<u32>,
}

impl Fields {
    /// `None` for a field that the structure lacks.
    pub fn get(&self, field: &str) -> Option<Field> {
        self.fields.get(field).copied()
    }
}

/// The running kernel's types.
pub struct Kernel<'a>(Btf<'a>);

impl<'a> Kernel<'a> {
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BtfError> {
        Btf::parse(bytes).map(Self)
    }

    /// Where the fields `wanted` of structure `name` lie. Fields of anonymous members count as the
    /// structure's own.
    pub fn fields(&self, name: &str, wanted: &[&str]) -> Result<Fields, BtfError> {
        let btf = &self.0;
        let target = btf.find(KIND_STRUCT, name).and_then(|id| btf.by_id(id));
        let target = target.ok_or_else(|| BtfError::NoStruct {
            name: name.into(),
            unread: btf.unread,
        })?;
        let mut fields = HashMap::new();
        btf.collect(target, 0, wanted, &mut fields, &mut HashSet::new());
        Ok(Fields {
            structure: name.into(),
            size: btf.word(target)?,
            fields,
        })
    }
}

/// One type: where its header's fields point.
#[derive(Clone, Copy)]
struct Type {
    name: u32,
    kind: u32,
    members: usize,
    /// Members' offsets carry a bit field's size in their top byte.
    packed: bool,
    /// Where what follows the header starts, in the type section.
    body: usize,
}

struct Btf<'a> {
    section: &'a [u8],
    strings: &'a [u8],
    /// Offset of each type in the section, by type id minus one: id 0 is void. A kernel has more than 100,000 types.
    types: Vec<u32>,
    /// Why the types end here.
    unread: Option<Unread>,
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, BtfError> {
    let word = bytes.get(at..at + 4).ok_or(BtfError::Truncated)?;
    Ok(u32::from_ne_bytes(word.try_into().expect("four bytes")))
}

impl Type {
    /// The number of members has 24 bits and the kind 7. Kernels that use only 16 and 5 bits leave the others 0.
    fn read(section: &[u8], at: usize) -> Result<Self, BtfError> {
        let info = u32_at(section, at + 4)?;
        Ok(Self {
            name: u32_at(section, at)?,
            kind: (info >> 24) & 0x7f,
            members: (info & 0xff_ffff) as usize,
            packed: info >> 31 != 0,
            body: at + 12,
        })
    }
}

/// Bytes that follow the header of a type of `kind` with `len` members; `None` for a kind that is neither known here
/// nor described in `layout`, the kernel's table of kinds (`struct btf_layout`, 4 bytes each).
fn body_size(kind: u32, len: usize, layout: &[u8]) -> Option<usize> {
    Some(match kind {
        1 | 14 | 17 => 4,
        2 | 7..=12 | 16 | 18 => 0,
        3 => 12,
        4 | 5 | 15 | 19 => len * 12,
        6 | 13 => len * 8,
        _ => {
            let at = kind as usize * 4;
            let entry = layout.get(at..at + 4)?;
            usize::from(entry[0]) + len * usize::from(entry[1])
        }
    })
}

impl<'a> Btf<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, BtfError> {
        let magic = bytes.get(..2).ok_or(BtfError::Truncated)?;
        if magic != MAGIC.to_ne_bytes() {
            return Err(BtfError::Magic);
        }
        let word = |at| u32_at(bytes, at).map(|n| n as usize);
        let (header, type_off, type_len) = (word(4)?, word(8)?, word(12)?);
        let (str_off, str_len) = (word(16)?, word(20)?);
        let part = |off: usize, len: usize| {
            let start = header.checked_add(off).ok_or(BtfError::Truncated)?;
            let end = start.checked_add(len).ok_or(BtfError::Truncated)?;
            bytes.get(start..end).ok_or(BtfError::Truncated)
        };
        // Without a layout section, or with one outside of the file, unknown kinds can't be skipped; nothing else is
        // lost.
        let layout = if header >= HEADER_WITH_LAYOUT {
            part(word(24)?, word(28)?).unwrap_or_default()
        } else {
            &[]
        };
        let section = part(type_off, type_len)?;
        let (types, unread) = Self::types(section, layout);
        Ok(Self {
            section,
            strings: part(str_off, str_len)?,
            types,
            unread,
        })
    }

    /// All types up to the first that can't be read.
    fn types(section: &[u8], layout: &[u8]) -> (Vec<u32>, Option<Unread>) {
        let mut types = Vec::new();
        let mut at = 0;
        while at < section.len() {
            let Ok(Type {
                kind,
                members,
                body,
                ..
            }) = Type::read(section, at)
            else {
                return (types, Some(Unread::Cut));
            };
            let Some(size) = body_size(kind, members, layout) else {
                return (types, Some(Unread::Kind(kind)));
            };
            if body + size > section.len() {
                return (types, Some(Unread::Cut));
            }
            // The section's length is of 32 bits.
            types.push(at as u32);
            at = body + size;
        }
        (types, None)
    }

    fn string(&self, offset: u32) -> &'a [u8] {
        let rest = self.strings.get(offset as usize..).unwrap_or_default();
        rest.split(|&b| b == 0).next().unwrap_or_default()
    }

    fn by_id(&self, id: u32) -> Option<Type> {
        let index = (id as usize).checked_sub(1)?;
        let at = *self.types.get(index)?;
        Type::read(self.section, at as usize).ok()
    }

    /// The first type with that kind and name.
    fn find(&self, kind: u32, name: &str) -> Option<u32> {
        (1..=self.types.len() as u32).find(|&id| {
            let found = self.by_id(id);
            found.is_some_and(|t| t.kind == kind && self.string(t.name) == name.as_bytes())
        })
    }

    /// The last word of a type's header: a size, or the id of the type that it refers to.
    fn word(&self, of: Type) -> Result<u32, BtfError> {
        u32_at(self.section, of.body - 4)
    }

    /// Size in bytes of the type `id`; `None` for those that have none, arrays among them.
    fn size(&self, mut id: u32) -> Option<u32> {
        for _ in 0..MAX_NAMES {
            let of = self.by_id(id)?;
            let word = self.word(of).ok()?;
            match of.kind {
                KIND_INT | KIND_STRUCT | KIND_UNION | KIND_ENUM | KIND_ENUM64 => return Some(word),
                KIND_POINTER => return Some(8),
                // typedef, volatile, const, restrict, type tag
                8..=11 | 18 => id = word,
                _ => return None,
            }
        }
        None
    }

    /// Adds the wanted fields of `of`, which lies `base` bytes into the structure that was asked for. `seen` holds the
    /// anonymous types inside it that were visited already: visiting one again would find no new field.
    fn collect(
        &self,
        of: Type,
        base: u32,
        wanted: &[&str],
        found: &mut HashMap<String, Field>,
        seen: &mut HashSet<u32>,
    ) {
        for member in 0..of.members {
            let at = of.body + member * 12;
            let word = |i| u32_at(self.section, at + i);
            let (Ok(name), Ok(type_id), Ok(offset)) = (word(0), word(4), word(8)) else {
                return;
            };
            let (bits, is_bit_field) = if of.packed {
                (offset & 0xff_ffff, offset >> 24 != 0)
            } else {
                (offset, false)
            };
            let offset = base.wrapping_add(bits / 8);
            let name = self.string(name);
            if name.is_empty() {
                let inner = self.by_id(type_id);
                let inner = inner.filter(|t| matches!(t.kind, KIND_STRUCT | KIND_UNION));
                if let Some(inner) = inner.filter(|_| seen.insert(type_id)) {
                    self.collect(inner, offset, wanted, found, seen);
                }
            } else if let Some(&field) = wanted.iter().find(|w| w.as_bytes() == name) {
                let size = (!is_bit_field).then(|| self.size(type_id)).flatten();
                found.entry(field.into()).or_insert(Field { offset, size });
            }
        }
    }
}

#[cfg(test)]
mod tests;
