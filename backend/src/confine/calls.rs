//! What may not be asked of the kernel from now on, by seccomp on all threads. A list of what is refused and not of
//! what is allowed: that one would follow the C library and the runtime from version to version, and a call
//! that it lacks would end a server in the middle of an incident. What matters is refused on any kernel: to
//! start a program, to look into another process, to open for writing, to open a socket.

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter_all_threads, sock_filter,
};
use std::collections::BTreeMap;

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Refused, whatever the arguments.
const NEVER: &[i64] = &[
    // Other programs, and other processes.
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_pidfd_send_signal,
    // Memory and queues shared with them.
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_msgget,
    libc::SYS_semget,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    // The network: the socket that is listened on is there, and `accept` makes the others.
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    // Files, apart from `open`.
    libc::SYS_mknodat,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_truncate,
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_utimensat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    // What mounts are and where.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_quotactl,
    libc::SYS_acct,
    // The kernel itself.
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    // Parts of it that nothing here uses, and that attacks do. io_uring also opens and connects unfiltered.
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_personality,
];

/// The same in the forms that only older machines have.
#[cfg(target_arch = "x86_64")]
const NEVER_OLD: &[i64] = &[
    libc::SYS_fork,
    libc::SYS_vfork,
    libc::SYS_creat,
    libc::SYS_mknod,
    libc::SYS_mkdir,
    libc::SYS_rmdir,
    libc::SYS_unlink,
    libc::SYS_rename,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
];
#[cfg(not(target_arch = "x86_64"))]
const NEVER_OLD: &[i64] = &[];

/// What loading, attaching and reading need; numbers as in the kernel's `enum bpf_cmd`.
const BPF_COMMANDS: [u64; 14] = [
    0,  // MAP_CREATE
    1,  // MAP_LOOKUP_ELEM
    2,  // MAP_UPDATE_ELEM
    3,  // MAP_DELETE_ELEM
    4,  // MAP_GET_NEXT_KEY
    5,  // PROG_LOAD
    15, // OBJ_GET_INFO_BY_FD
    17, // RAW_TRACEPOINT_OPEN
    18, // BTF_LOAD
    21, // MAP_LOOKUP_AND_DELETE_ELEM
    22, // MAP_FREEZE
    24, // MAP_LOOKUP_BATCH
    28, // LINK_CREATE
    33, // ITER_CREATE
];

/// How many filters this program installs.
pub const FILTERS: u32 = 2;

/// Installs the filters on all threads.
pub(super) fn restrict() -> Result<(), String> {
    let refused = filter(refused()?, libc::EPERM)?;
    // Their arguments lie in memory, where no filter sees them. "Not there" makes the C library take the
    // calls of before.
    let unseen = BTreeMap::from([(libc::SYS_clone3, vec![]), (libc::SYS_openat2, vec![])]);
    let unseen = [no_other_numbers(), filter(unseen, libc::ENOSYS)?].concat();
    let programs: [BpfProgram; FILTERS as usize] = [refused, unseen];
    for program in programs {
        apply_filter_all_threads(&program).map_err(text)?;
    }
    Ok(())
}

fn filter(rules: Rules, errno: i32) -> Result<BpfProgram, String> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(text)?;
    let refuse = SeccompAction::Errno(errno.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, arch).map_err(text)?;
    filter.try_into().map_err(text)
}

fn refused() -> Result<Rules, String> {
    let never = NEVER.iter().chain(NEVER_OLD);
    let mut rules: Rules = never.map(|&call| (call, vec![])).collect();
    for (call, sets) in with_arguments() {
        let rule = |conditions: Vec<Condition>| {
            let conditions: Result<_, _> = conditions.into_iter().map(condition).collect();
            SeccompRule::new(conditions?)
        };
        let sets: Result<_, _> = sets.into_iter().map(rule).collect();
        rules.insert(call, sets.map_err(text)?);
    }
    Ok(rules)
}

/// Which argument, how compared, with what.
type Condition = (u8, SeccompCmpOp, u64);

fn condition(
    (argument, op, value): Condition,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, op, value)
}

/// Refused where all conditions of a set hold.
fn with_arguments() -> Vec<(i64, Vec<Vec<Condition>>)> {
    let bits = |argument, mask: i32, value: i32| {
        let [mask, value] = [mask, value].map(|bits| bits as u32);
        vec![(
            argument,
            SeccompCmpOp::MaskedEq(mask.into()),
            u64::from(value),
        )]
    };
    let is = |argument, value| vec![(argument, SeccompCmpOp::Eq, value)];
    let writing = |argument| {
        let mode = |mode| bits(argument, libc::O_ACCMODE, mode);
        let flag = |flag| bits(argument, flag, flag);
        vec![
            mode(libc::O_WRONLY),
            mode(libc::O_RDWR),
            // Neither, to be used with ioctl.
            mode(libc::O_ACCMODE),
            flag(libc::O_CREAT),
            flag(libc::O_TRUNC),
        ]
    };
    let executable = vec![bits(2, libc::PROT_EXEC, libc::PROT_EXEC)];
    let other_commands = BPF_COMMANDS.map(|command| (0, SeccompCmpOp::Ne, command));
    let own: u64 = std::process::id().into();
    let fast_open = |argument| vec![bits(argument, libc::MSG_FASTOPEN, libc::MSG_FASTOPEN)];
    vec![
        (libc::SYS_openat, writing(2)),
        #[cfg(target_arch = "x86_64")]
        (libc::SYS_open, writing(1)),
        (libc::SYS_bpf, vec![other_commands.to_vec()]),
        // Threads yes, processes no. So no new user namespace, in which it would be root, either.
        (libc::SYS_clone, vec![bits(0, libc::CLONE_THREAD, 0)]),
        // To send with it is to connect, which another list refuses.
        (libc::SYS_sendto, fast_open(3)),
        (libc::SYS_sendmsg, fast_open(2)),
        (libc::SYS_sendmmsg, fast_open(3)),
        (libc::SYS_tgkill, vec![vec![(0, SeccompCmpOp::Ne, own)]]),
        // No code that was not in the file.
        (libc::SYS_mmap, executable.clone()),
        (libc::SYS_mprotect, executable.clone()),
        (libc::SYS_pkey_mprotect, executable),
        // Typing into the terminal that it was started from.
        (
            libc::SYS_ioctl,
            vec![is(1, libc::TIOCSTI), is(1, libc::TIOCLINUX)],
        ),
    ]
}

/// The calls have second numbers on x86-64 (x32, from 2^30 up), which a list of numbers would overlook.
fn no_other_numbers() -> BpfProgram {
    // Of the data that a filter is asked about, the call's number comes first.
    const NUMBER: u32 = 0;
    const X32: u32 = 1 << 30;
    if cfg!(not(target_arch = "x86_64")) {
        return Vec::new();
    }
    let instruction = |code, jt, jf, k| sock_filter {
        code: code as u16,
        jt,
        jf,
        k,
    };
    let refuse = libc::SECCOMP_RET_ERRNO | libc::ENOSYS.unsigned_abs();
    vec![
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, NUMBER),
        instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, refuse),
    ]
}

#[allow(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
