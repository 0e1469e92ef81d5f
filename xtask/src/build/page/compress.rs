//! Compression at its slowest and best, done once: results are kept by content.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::assets::hash;
use crate::build::write;

/// A file in both encodings that browsers ask for.
pub(super) struct Packed {
    pub(super) brotli: Vec<u8>,
    pub(super) gzip: Vec<u8>,
}

/// Compresses, or takes what an earlier build left in `cache`.
pub(super) fn both(bytes: &[u8], cache: &Path) -> Result<Packed> {
    let name = hash(bytes);
    let kept = |suffix: &str, pack: fn(&[u8]) -> Result<Vec<u8>>| {
        let path = cache.join(format!("{name}.{suffix}"));
        if let Ok(packed) = std::fs::read(&path) {
            return Ok(packed);
        }
        let packed = pack(bytes)?;
        write(&path, &packed)?;
        anyhow::Ok(packed)
    };
    Ok(Packed {
        brotli: kept("br", brotli)?,
        gzip: kept("gz", gzip)?,
    })
}

fn brotli(bytes: &[u8]) -> Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut packed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut packed, &parameters).context("brotli failed")?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
