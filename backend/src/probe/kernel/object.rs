//! The kernel programs' object with its `CONFIG` filled in. aya can set globals too, but only through
//! a loader that then can't be kept, and a new loader parses the kernel's BTF again: 15 to 80 ms of
//! the 50 that changing the scope may take.

use super::AttachError;
use object::{Object, ObjectSection, ObjectSymbol};
use runqlat_common::contract::Config;
use std::ops::Range;

/// The object, to be filled in again and again.
pub(super) struct Template {
    bytes: Vec<u8>,
    config: Range<usize>,
}

impl Template {
    pub(super) fn new(object: &[u8]) -> Result<Self, AttachError> {
        let damaged = |what: &str| AttachError::Object(what.to_owned());
        let file = object::File::parse(object).map_err(|error| damaged(&error.to_string()))?;
        let symbol = file
            .symbols()
            .find(|symbol| symbol.name() == Ok("CONFIG"))
            .ok_or_else(|| damaged("there is no global CONFIG"))?;
        let section = symbol
            .section_index()
            .and_then(|index| file.section_by_index(index).ok())
            .and_then(|section| section.file_range())
            .ok_or_else(|| damaged("CONFIG lies nowhere"))?;
        let start = (section.0 + symbol.address()) as usize;
        let config = start..start + size_of::<Config>();
        if symbol.size() as usize != config.len() || object.len() < config.end {
            return Err(damaged("CONFIG has another size"));
        }
        Ok(Self {
            bytes: object.to_vec(),
            config,
        })
    }

    /// The object with this configuration.
    pub(super) fn with(&mut self, config: &Config) -> &[u8] {
        let words: [u8; size_of::<Config>()] =
            // SAFETY: plain integers without padding, which a test of its size holds.
            unsafe { std::mem::transmute_copy(config) };
        self.bytes[self.config.clone()].copy_from_slice(&words);
        &self.bytes
    }
}
