//! A virtual machine: started, listened to, and ended. The guest's second serial port is qemu's stdin and stdout, so
//! that host and guest talk in lines; the first is the kernel's console, in a file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process;

const QEMU: &str = "qemu-system-x86_64";

/// CPUs of a guest. More would not be faster: they take turns, see below.
pub(super) const CPUS: &str = "2";
/// MiB; a guest of Linux 7 with the binary inside uses half of it.
pub(super) const MEMORY: &str = "768";
/// The port that a guest serves its page on.
const GUEST_PORT: u16 = 8080;

/// What a machine is made of.
pub(super) struct Hardware<'a> {
    pub(super) kernel: &'a Path,
    pub(super) initramfs: &'a Path,
    /// The number of CPUs, present or possible, as qemu takes it.
    pub(super) cpus: &'a str,
    /// In MiB.
    pub(super) memory: &'a str,
    /// For the guest's first process: the kernel passes on what it does not know.
    pub(super) environment: &'a str,
}

/// A running machine; it ends when dropped.
pub(super) struct Machine {
    child: Child,
    lines: Receiver<String>,
    console: PathBuf,
    /// Where the guest's page is on this machine.
    pub(super) page: SocketAddr,
}

impl Machine {
    /// Starts one that keeps its files in `folder`.
    pub(super) fn start(hardware: &Hardware, folder: &Path) -> Result<Self> {
        let console = folder.join("console");
        let said = folder.join("qemu");
        let page = free_address()?;
        let stderr =
            File::create(&said).with_context(|| format!("cannot create {}", said.display()))?;
        let mut command = command(hardware, &console, page);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("cannot start `{}`", process::line(&command)))?;
        let stdout = BufReader::new(child.stdout.take().context("qemu has no stdout")?);
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            // A program that prints what is no text must not end this.
            for line in stdout.split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self {
            child,
            lines,
            console,
            page,
        })
    }

    /// The guest's next line; `None` when the machine is off.
    pub(super) fn line(&self, deadline: Instant) -> Result<Option<String>> {
        let left = deadline.saturating_duration_since(Instant::now());
        match self.lines.recv_timeout(left) {
            Ok(line) => Ok(Some(line)),
            Err(RecvTimeoutError::Disconnected) => Ok(None),
            Err(RecvTimeoutError::Timeout) => bail!("it was still running when its time was over"),
        }
    }

    /// Writes a line for the guest to read.
    pub(super) fn say(&mut self, line: &str) -> Result<()> {
        let stdin = self.child.stdin.as_mut().context("qemu has no stdin")?;
        writeln!(stdin, "{line}").context("the machine is off")
    }

    /// The last lines of the kernel's console.
    pub(super) fn console(&self, lines: usize) -> String {
        let text = fs::read(&self.console).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().map(str::trim_end).collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(hardware: &Hardware, console: &Path, page: SocketAddr) -> Command {
    let mut command = Command::new(QEMU);
    command.args(["-nodefaults", "-no-user-config", "-display", "none"]);
    // Emulated, also where there is KVM: a cloud's virtual machines often have the device and no use of it. One thread
    // for all CPUs: with one for each, qemu 7.2 lets kernels since 6.12 panic in a breakpoint that another CPU has just
    // removed, when programs come to busy tracepoints and go.
    command.args(["-machine", "pc", "-accel", "tcg,thread=single"]);
    command.args(["-cpu", "max", "-smp", hardware.cpus, "-m", hardware.memory]);
    command.arg("-kernel").arg(hardware.kernel);
    command.arg("-initrd").arg(hardware.initramfs);
    // A panic reboots at once, and a reboot ends qemu. The timer's check fails on a busy host.
    let boot = "console=ttyS0 quiet panic=-1 no_timer_check";
    command.args(["-append", &format!("{boot} {}", hardware.environment)]);
    command.arg("-no-reboot");
    command.args(["-serial", &format!("file:{}", console.display())]);
    command.args(["-chardev", "stdio,id=lines,signal=off"]);
    command.args(["-serial", "chardev:lines"]);
    // Nothing but this one port leads in, and nothing out.
    let forward = format!(
        "user,id=net,restrict=on,hostfwd=tcp:{}:{}-:{GUEST_PORT}",
        page.ip(),
        page.port()
    );
    command.args(["-netdev", &forward]);
    command.args(["-device", "virtio-net-pci,netdev=net,romfile="]);
    command
}

/// An address nobody listens on. Somebody else could take it before qemu does; then qemu says so and ends.
fn free_address() -> Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .context("no free port")
}
