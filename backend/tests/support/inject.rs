//! System calls by a thread of another process, through ptrace: what it may do is asked of the kernel as that
//! thread, with nothing built into the program for it.

use std::fs;
use std::ptr::null_mut;

/// `syscall` in machine code.
const SYSCALL: i64 = 0x050f;

/// A stopped thread. It goes on where it was when this is dropped.
pub struct Thread {
    tid: i32,
    /// As it was stopped: right behind a system call.
    before: libc::user_regs_struct,
}

/// The threads of a process.
pub fn threads(process: u32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("a living process");
    let tid = |entry: std::io::Result<fs::DirEntry>| {
        let name = entry.expect("an entry").file_name();
        name.to_string_lossy().parse().expect("a tid")
    };
    tasks.map(tid).collect()
}

impl Thread {
    /// Stops it at its next system call, or in the one that it waits in.
    pub fn stop(tid: i32) -> Self {
        ptrace(libc::PTRACE_SEIZE, tid, 0, 0);
        loop {
            ptrace(libc::PTRACE_INTERRUPT, tid, 0, 0);
            wait(tid);
            let before = registers(tid);
            if peek(tid, before.rip - 2) & 0xffff == SYSCALL {
                return Self { tid, before };
            }
            ptrace(libc::PTRACE_CONT, tid, 0, 0);
        }
    }

    /// What the kernel answers to a call: an errno is negative.
    pub fn call(&self, number: i64, arguments: &[u64]) -> i64 {
        let argument = |n: usize| arguments.get(n).copied().unwrap_or(0);
        let registers_of_call = libc::user_regs_struct {
            rip: self.before.rip - 2,
            rax: number as u64,
            // It is not to be taken for an interrupted call that starts again.
            orig_rax: u64::MAX,
            rdi: argument(0),
            rsi: argument(1),
            rdx: argument(2),
            r10: argument(3),
            r8: argument(4),
            r9: argument(5),
            ..self.before
        };
        set_registers(self.tid, &registers_of_call);
        ptrace(libc::PTRACE_SINGLESTEP, self.tid, 0, 0);
        wait(self.tid);
        registers(self.tid).rax as i64
    }

    /// The address of this text, ended by a zero, where nothing else lies: below the thread's stack.
    pub fn text(&self, text: &str) -> u64 {
        let address = (self.before.rsp - 1_024) & !7;
        let mut bytes = [text.as_bytes(), &[0; 8]].concat();
        assert!(bytes.len() < 512, "{text}");
        bytes.truncate(bytes.len() / 8 * 8);
        let (words, _) = bytes.as_chunks();
        for (at, word) in words.iter().enumerate() {
            let word = u64::from_ne_bytes(*word);
            ptrace(
                libc::PTRACE_POKEDATA,
                self.tid,
                address + 8 * at as u64,
                word,
            );
        }
        address
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        set_registers(self.tid, &self.before);
        ptrace(libc::PTRACE_DETACH, self.tid, 0, 0);
    }
}

fn registers(tid: i32) -> libc::user_regs_struct {
    // SAFETY: plain C structure, for which zero is valid.
    let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    ptrace(libc::PTRACE_GETREGS, tid, 0, &raw mut registers as u64);
    registers
}

fn set_registers(tid: i32, registers: &libc::user_regs_struct) {
    ptrace(libc::PTRACE_SETREGS, tid, 0, &raw const *registers as u64);
}

fn peek(tid: i32, address: u64) -> i64 {
    // SAFETY: reads the other process' memory; an address that it lacks is an error.
    unsafe { libc::ptrace(libc::PTRACE_PEEKTEXT, tid, address, 0) }
}

fn ptrace(request: libc::c_uint, tid: i32, address: u64, data: u64) {
    // SAFETY: only registers are read and written on this side, by the callers that point to some.
    let result = unsafe { libc::ptrace(request, tid, address, data) };
    let error = std::io::Error::last_os_error();
    assert!(result >= 0, "ptrace request {request} of {tid}: {error}");
}

fn wait(tid: i32) {
    // SAFETY: waits for a thread that is traced from here.
    let waited = unsafe { libc::waitpid(tid, null_mut(), libc::__WALL) };
    assert_eq!(waited, tid, "{}", std::io::Error::last_os_error());
}
