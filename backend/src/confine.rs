//! Giving up all rights but those that measuring goes on to need. What is given up here is given up by the
//! calling thread and by those that it starts later: so it is called before there are any others.
//!
//! Four walls, each of which holds where another is missing: who it is (no longer root), what it may do (two
//! capabilities), what it may open (landlock), and what it may ask of the kernel (seccomp).

mod calls;
mod capabilities;
mod files;
mod user;

pub use calls::FILTERS;
pub use user::User;

use nix::sys::{prctl, resource};
use nix::unistd::geteuid;
use serde::Serialize;
use std::path::PathBuf;

/// What is still needed afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// To load, attach and read kernel programs.
    pub kernel: bool,
    /// To be read, besides /proc and /sys.
    pub files: Vec<PathBuf>,
    /// To look at processes that /proc hides from who may not trace them.
    pub hidden: bool,
    /// To read files whoever owns them.
    pub others_files: bool,
}

/// What was given up, as the kernel says afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confinement {
    /// Who it runs as.
    pub uid: u32,
    /// What it still may do.
    pub capabilities: Vec<String>,
    /// Nothing that it could start would get more rights.
    pub no_new_privs: bool,
    /// The version of landlock that holds it; none where the kernel has no landlock, or it was left out.
    pub landlock: Option<u32>,
    /// System calls are filtered.
    pub seccomp: bool,
    /// What should have been given up and was not, each with the reason.
    pub problems: Vec<String>,
}

/// Gives up all that is not in `needs`, and what makes this process root: from now on it is `user`, or
/// "nobody" where none was asked for. An error only if it can't become the user that was asked for.
pub fn confine(needs: &Needs, user: Option<&User>) -> Result<Confinement, String> {
    let mut problems = Vec::new();
    if needs.kernel {
        lift_memory_limit();
    }
    let mut step = |name: &str, done: Result<(), String>| {
        problems.extend(done.err().map(|why| format!("{name}: {why}")));
    };
    let text = |error: nix::Error| error.desc().to_owned();
    step(
        "no_new_privs can't be set",
        prctl::set_no_new_privs().map_err(text),
    );
    step(
        "capabilities can't be kept from what it starts",
        capabilities::empty_bounds(),
    );
    match (user, user::become_user(user)) {
        (Some(user), Err(why)) => return Err(format!("can't become {user}: {why}")),
        (_, done) => step("still root, for it can't become nobody", done),
    }
    step(
        "capabilities are not given up",
        capabilities::keep(&capabilities::wanted(needs)),
    );
    step(
        "other processes of its user may look into it",
        prctl::set_dumpable(false).map_err(text),
    );
    let landlock = files::restrict(needs).unwrap_or_else(|why| {
        step("files are not restricted by landlock", Err(why));
        None
    });
    let seccomp = calls::restrict();
    let is_filtered = seccomp.is_ok();
    step("system calls are not restricted by seccomp", seccomp);
    Ok(Confinement {
        uid: geteuid().as_raw(),
        capabilities: capabilities::left(),
        no_new_privs: prctl::get_no_new_privs().unwrap_or(false),
        landlock,
        seccomp: is_filtered,
        problems,
    })
}

/// Before 5.11 the kernel's tables count as locked memory. Later ones need it not, so no word if it fails.
fn lift_memory_limit() {
    let all = resource::RLIM_INFINITY;
    let _ = resource::setrlimit(resource::Resource::RLIMIT_MEMLOCK, all, all);
}
