//! The kernel's type information, and what this program looks up in it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runqlat_web::fuzzing::read_btf;

fuzz_target!(|bytes: &[u8]| read_btf(bytes));
