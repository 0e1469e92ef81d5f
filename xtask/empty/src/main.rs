//! Attaches the programs of one kind in an object: `runqlat-empty OBJECT empty|clock` prints "attached" and keeps them
//! attached until it is killed. `ebpf/src/bin/empty.rs` describes them.

use std::env;
use std::error::Error;
use std::thread;

use aya::programs::BtfTracePoint;
use aya::{Btf, Ebpf};

/// The server's tracepoints, in its order; renaming is rare and left out.
const TRACEPOINTS: [(&str, &str); 3] = [
    ("switch", "sched_switch"),
    ("wakeup_new", "sched_wakeup_new"),
    ("wakeup", "sched_wakeup"),
];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(object), Some(kind)) = (arguments.next(), arguments.next()) else {
        return Err("which object, and which kind of its programs?".into());
    };
    let btf = Btf::from_sys_fs()?;
    let mut ebpf = Ebpf::load_file(object)?;
    for (name, tracepoint) in TRACEPOINTS {
        let name = format!("{kind}_{name}");
        let program = ebpf.program_mut(&name);
        let program: &mut BtfTracePoint = program.ok_or(name)?.try_into()?;
        program.load(tracepoint, &btf)?;
        program.attach()?;
    }
    println!("attached");
    loop {
        thread::park();
    }
}
