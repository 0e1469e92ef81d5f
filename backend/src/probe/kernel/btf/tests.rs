//! Hand-made BTF: each case is written down as the kernel would encode it.

use super::{BtfError, Field, Fields, KIND_STRUCT, Kernel, MAGIC};
use proptest::prelude::{any, proptest};

fn fields(btf: &[u8], name: &str, wanted: &[&str]) -> Result<Fields, BtfError> {
    Kernel::parse(btf)?.fields(name, wanted)
}

/// BTF from its type section, as words, and its strings.
fn btf(types: &[u32], strings: &str) -> Vec<u8> {
    let section: Vec<u8> = types.iter().flat_map(|w| w.to_ne_bytes()).collect();
    let mut bytes = MAGIC.to_ne_bytes().to_vec();
    bytes.extend([1, 0]);
    let (types_len, strings_len) = (section.len() as u32, strings.len() as u32);
    for word in [24, 0, types_len, types_len, strings_len] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(section);
    bytes.extend(strings.bytes());
    bytes
}

const fn info(kind: u32, members: u32) -> u32 {
    kind << 24 | members
}

/// `struct task { int pid; struct { int tgid; }; int flag : 1; }`, the anonymous member at byte 8.
fn task(strings_offset: [u32; 4]) -> Vec<u32> {
    let [task, pid, tgid, flag] = strings_offset;
    let packed = 1 << 31;
    vec![
        // 1: int, 4 bytes, 32 bits
        0,
        info(1, 0),
        4,
        32,
        // 2: anonymous struct { int tgid; }
        0,
        info(KIND_STRUCT, 1),
        4,
        tgid,
        1,
        0,
        // 3: struct task, with bit fields
        task,
        info(KIND_STRUCT, 3) | packed,
        16,
        pid,
        1,
        32,
        0,
        2,
        64,
        flag,
        1,
        1 << 24 | 96,
    ]
}

const STRINGS: &str = "\0task\0pid\0tgid\0flag\0";

#[test]
fn fields_of_anonymous_members_are_found() {
    let bytes = btf(&task([1, 6, 10, 15]), STRINGS);
    let found = fields(&bytes, "task", &["pid", "tgid", "flag", "absent"]).unwrap();
    assert_eq!((&*found.structure, found.size), ("task", 16));
    let field = |offset, size| Some(Field { offset, size });
    assert_eq!(found.get("pid"), field(4, Some(4)));
    assert_eq!(found.get("tgid"), field(8, Some(4)));
    // A bit field has no bytes of its own.
    assert_eq!(found.get("flag"), field(12, None));
    assert_eq!(found.get("absent"), None);
}

/// `typedef unsigned char u8; struct task { const u8 on_cpu; void *next; int list[2]; }`: what a
/// field takes up is found behind other names for its type.
#[test]
fn sizes_are_those_of_the_types_that_names_stand_for() {
    let types = [
        // 1: unsigned char
        vec![0, info(1, 0), 1, 8],
        // 2: typedef of 1; 3: const 2; 4: pointer to void
        vec![0, info(8, 0), 1],
        vec![0, info(10, 0), 2],
        vec![0, info(2, 0), 0],
        // 5: array of two of type 1
        vec![0, info(3, 0), 0, 1, 1, 2],
        // 6: struct task
        vec![1, info(KIND_STRUCT, 3), 24, 6, 3, 0, 13, 4, 64, 18, 5, 128],
    ];
    let bytes = btf(&types.concat(), "\0task\0on_cpu\0next\0list\0");
    let found = fields(&bytes, "task", &["on_cpu", "next", "list"]).unwrap();
    let sizes = ["on_cpu", "next", "list"].map(|field| found.get(field).unwrap().size);
    assert_eq!(sizes, [Some(1), Some(8), None]);
}

#[test]
fn what_is_no_btf_is_told_apart() {
    let bytes = btf(&task([1, 6, 10, 15]), STRINGS);
    let ask = |bytes: &[u8], name| fields(bytes, name, &[]).unwrap_err();
    assert_eq!(ask(&[], "task"), BtfError::Truncated);
    assert_eq!(ask(&[0; 24], "task"), BtfError::Magic);
    assert_eq!(ask(&bytes, "no"), BtfError::NoStruct("no".into()));
    assert_eq!(ask(&bytes[..60], "task"), BtfError::Truncated);
    assert_eq!(
        ask(&btf(&[0, info(31, 0), 0], "\0"), "task"),
        BtfError::Kind(31)
    );
}

#[test]
fn a_structure_that_contains_itself_ends() {
    let looped = [1, info(KIND_STRUCT, 1), 8, 0, 1, 0];
    let found = fields(&btf(&looped, "\0task\0"), "task", &["pid"]).unwrap();
    assert_eq!(found.get("pid"), None);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = MAGIC.to_ne_bytes().to_vec();
        bytes.extend(tail);
        let _ = fields(&bytes, "task", &["pid"]);
    }

    #[test]
    fn no_types_make_it_panic(types in proptest::collection::vec(0..80_u32, 0..100)) {
        let _ = fields(&btf(&types, STRINGS), "task", &["pid"]);
    }
}
