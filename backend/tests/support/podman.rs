//! Debian's podman, set up for hosts that allow it less than it expects.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// As a file, because the commands must stay as documented. Without CAP_SYS_RESOURCE, root can't raise limits as podman
/// does by default, and crun refuses hosts with cgroups of both versions.
const CONFIGURATION: &str = "[containers]\n\
    default_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n\
    [engine]\n\
    runtime = \"runc\"\n";

/// A folder with the files that the documented commands expect.
pub struct Container {
    folder: PathBuf,
}

impl Container {
    /// Copies this binary to where the build would put it.
    pub fn prepare(binary: &Path) -> Self {
        let folder =
            std::env::temp_dir().join(format!("runqlat-web-podman-{}", std::process::id()));
        let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        fs::create_dir_all(folder.join("target/dist")).expect("a folder of its own");
        fs::write(folder.join("containers.conf"), CONFIGURATION).expect("the folder");
        symlink(project.join("dist"), folder.join("dist")).expect("the folder");
        fs::copy(binary, folder.join("target/dist/runqlat-web")).expect("the binary");
        Self { folder }
    }

    /// A command line, in that folder.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", words]).current_dir(&self.folder);
        command.env("CONTAINERS_CONF", self.folder.join("containers.conf"));
        command
    }

    /// Runs a command to its end, which must succeed; returns what it printed.
    pub fn run(&self, words: &str) -> String {
        let output = self.command(words).output().expect("a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let remove =
            "podman rm --force --ignore --time 0 runqlat-web; podman rmi --force runqlat-web";
        let _ = self.command(remove).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
