//! Hand-made BTF: each case is written down as the kernel would encode it.

use super::{BtfError, Field, Fields, KIND_STRUCT, Kernel, MAGIC};
use aya_obj::btf::BtfKind;
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
    let name = "no".into();
    let unread = None;
    assert_eq!(ask(&bytes, "no"), BtfError::NoStruct { name, unread });
    assert_eq!(ask(&bytes[..60], "task"), BtfError::Truncated);
}

/// A kind that no kernel has yet.
const KIND_NEW: u32 = 77;

/// Lengths of each kind: of the data that follows the header once, and of each member.
fn with_layout(mut btf: Vec<u8>, kinds: &[(u32, u8, u8)]) -> Vec<u8> {
    let last = kinds.iter().map(|(kind, ..)| *kind).max().unwrap_or(0);
    let mut layout = vec![0; 4 * (last as usize + 1)];
    for &(kind, once, each) in kinds {
        layout[4 * kind as usize..][..2].copy_from_slice(&[once, each]);
    }
    let (rest, len) = (btf.len() as u32 - 24, layout.len() as u32);
    btf.splice(24..24, [rest, len].into_iter().flat_map(u32::to_ne_bytes));
    btf.splice(4..8, 32_u32.to_ne_bytes());
    btf.extend(layout);
    btf
}

/// `struct task` behind a type of a new kind with two members.
fn behind_a_new_kind() -> Vec<u32> {
    let new = [0, info(KIND_NEW, 2), 0, 8, 8, 8, 8, 8];
    // It takes the first id, which shifts the others by one.
    let mut task = task([1, 6, 10, 15]);
    for id in [8, 14, 17, 20] {
        task[id] += 1;
    }
    [new.to_vec(), task].concat()
}

#[test]
fn a_new_kind_is_skipped_where_the_kernel_tells_its_length() {
    let bytes = btf(&behind_a_new_kind(), STRINGS);
    // 4 bytes once, and 8 for each of its two members.
    let bytes = with_layout(bytes, &[(KIND_NEW, 4, 8)]);
    let found = fields(&bytes, "task", &["pid", "tgid"]).unwrap();
    let field = |offset, size| Some(Field { offset, size });
    assert_eq!(found.get("pid"), field(4, Some(4)));
    assert_eq!(found.get("tgid"), field(8, Some(4)));
}

#[test]
fn before_a_kind_of_unknown_length_all_is_usable() {
    let bytes = btf(
        &[task([1, 6, 10, 15]), behind_a_new_kind()].concat(),
        STRINGS,
    );
    let found = fields(&bytes, "task", &["pid"]).unwrap();
    assert_eq!(found.get("pid").unwrap().offset, 4);
    // A kind beyond the end of the layout section is as unknown as without one.
    for bytes in [bytes.clone(), with_layout(bytes, &[(KIND_NEW - 1, 4, 8)])] {
        let error = fields(&bytes, "other", &[]).unwrap_err().to_string();
        let expected =
            "it has no structure other before a type of kind 77, which this program does not know";
        assert!(error.starts_with(expected), "{error}");
    }
    let cut = [task([1, 6, 10, 15]), vec![0, info(KIND_STRUCT, 3), 0]].concat();
    let error = fields(&btf(&cut, STRINGS), "other", &[]).unwrap_err();
    assert!(error.to_string().ends_with("before a type that is cut off"));
}

/// More members than 16 bits can count: enumerators, as future kernels may have.
#[test]
fn the_number_of_members_has_24_bits() {
    const MANY: u32 = 70_000;
    let mut types = vec![0, info(6, MANY), 4];
    types.resize(types.len() + 2 * MANY as usize, 0);
    // `struct task` with pid alone.
    types.extend([0, info(1, 0), 4, 32]);
    types.extend([1, info(KIND_STRUCT, 1), 8, 6, 2, 32]);
    let found = fields(&btf(&types, STRINGS), "task", &["pid"]).unwrap();
    let pid = Field {
        offset: 4,
        size: Some(4),
    };
    assert_eq!(found.get("pid"), Some(pid));
}

#[test]
fn aya_finds_ids_in_what_is_made_for_it() {
    // Two typedefs, and a function with the second one's name, between types that are irrelevant.
    let named = |kind, name| vec![name, info(kind, 0), 1];
    let types = [
        task([1, 6, 10, 15]),
        named(8, 20),
        named(12, 25),
        named(8, 25),
        vec![0, info(KIND_NEW, 0), 0],
        named(8, 1),
    ];
    let strings = format!("{STRINGS}wake\0iter\0");
    let bytes = btf(&types.concat(), &strings);
    let only = Kernel::parse(&bytes)
        .unwrap()
        .only(&["wake", "iter", "task"]);
    let aya = aya::Btf::parse(&only, aya::Endianness::default()).unwrap();
    let id = |name| aya.id_by_type_name_kind(name, BtfKind::Typedef).ok();
    assert_eq!((id("wake"), id("iter")), (Some(4), Some(6)));
    // Behind a kind of unknown length.
    assert_eq!(id("task"), None);
}

#[test]
fn a_structure_that_contains_itself_ends() {
    let looped = [1, info(KIND_STRUCT, 1), 8, 0, 1, 0];
    let found = fields(&btf(&looped, "\0task\0"), "task", &["pid"]).unwrap();
    assert_eq!(found.get("pid"), None);
}

/// Compared with aya's own parser, as long as it knows all kinds of the kernel that runs the tests.
#[test]
fn ids_of_the_running_kernel_are_those_that_aya_finds() {
    let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
        return;
    };
    let aya = aya::Btf::parse(&bytes, aya::Endianness::default()).unwrap();
    let name = "btf_trace_sched_switch";
    let only = Kernel::parse(&bytes).unwrap().only(&[name]);
    let only = aya::Btf::parse(&only, aya::Endianness::default()).unwrap();
    let id = |btf: &aya::Btf| btf.id_by_type_name_kind(name, BtfKind::Typedef);
    assert_eq!(id(&only).unwrap(), id(&aya).unwrap());
}

/// Everything that this program looks up in BTF; aya can read the BTF that is made for it.
fn read(bytes: &[u8]) {
    let Ok(kernel) = Kernel::parse(bytes) else {
        return;
    };
    let _ = kernel.fields("task", &["pid"]);
    let only = kernel.only(&["task", ""]);
    aya::Btf::parse(&only, aya::Endianness::default()).unwrap();
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut bytes = MAGIC.to_ne_bytes().to_vec();
        bytes.extend(tail);
        read(&bytes);
    }

    #[test]
    fn no_types_make_it_panic(types in proptest::collection::vec(0..80_u32, 0..100)) {
        read(&btf(&types, STRINGS));
    }

    #[test]
    fn no_kinds_make_it_panic(
        types in proptest::collection::vec((any::<u8>(), 0..6_u32, any::<u32>()), 0..60),
        kinds in proptest::collection::vec((0..128_u32, any::<u8>(), any::<u8>()), 0..9),
    ) {
        let words = |(kind, members, word): (u8, u32, u32)| [word, info(kind.into(), members), word];
        let types: Vec<u32> = types.into_iter().flat_map(words).collect();
        read(&with_layout(btf(&types, STRINGS), &kinds));
    }
}
