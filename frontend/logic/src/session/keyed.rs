//! Maps keyed by series, with a hash that costs two multiplications: keys are kernel ids and times, and an update looks
//! up thousands.

use runqlat_common::wire::SeriesKey;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

pub type Keyed<V> = HashMap<SeriesKey, V, BuildHasherDefault<KeyHasher>>;

#[derive(Clone, Debug, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        // The map looks at the lowest and the highest bits; a product has its best ones above.
        self.0.rotate_left(26)
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0 ^ key ^ (key >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
