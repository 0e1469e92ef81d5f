//! Debian's podman, on hosts that let it do less than it is used to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Said by a file, for the commands are to be the documented ones. Root without CAP_SYS_RESOURCE can't raise limits as
/// podman does unless told otherwise, and crun refuses hosts with cgroups of both versions.
const CONFIGURATION: &str = "[containers]\n\
    default_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n\
    [engine]\n\
    runtime = \"runc\"\n";

/// A folder in which commands find what they find in the project's.
pub struct Container {
    folder: PathBuf,
}

impl Container {
    /// With this binary where the build puts it.
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

    /// Runs one to its end, which is to be a good one; what it printed.
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
