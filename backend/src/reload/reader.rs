//! The process that reads the named files again: this program, started once more before rights are given up, with a
//! socket as its stdin. Each byte that it gets is a question; the answer is what the files hold now, or why not. It has
//! nothing but the right to read, opens no other file, and ends with the other end of the socket.

use super::Sources;
use crate::confine::{self, Needs};
use crate::failure::Failure;
use crate::secrets::{Named, Unread};
use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// What it is called on its command line.
pub const COMMAND: &str = "read-files";

/// Files may lie where it takes a while to read, as on a network.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longer is no answer: four files, of which each byte is a number.
const MOST: u32 = 8 << 20;

/// A file's bytes, or why they can't be had and what to do.
type Answer = Result<Vec<u8>, (String, String)>;

/// This end of it.
pub struct Reader(State);

enum State {
    Started(UnixStream),
    Asked(tokio::net::UnixStream),
}

impl Reader {
    /// Starts it. Must be called while this process may start programs.
    pub fn start(sources: &Sources) -> io::Result<Self> {
        let (here, there) = UnixStream::pair()?;
        Command::new("/proc/self/exe")
            .arg0(env!("CARGO_PKG_NAME"))
            .args(arguments(sources))
            .env_clear()
            .stdin(OwnedFd::from(there))
            .stdout(Stdio::null())
            // What a terminal sends is for this process.
            .process_group(0)
            .spawn()?;
        here.set_nonblocking(true)?;
        Ok(Self(State::Started(here)))
    }

    /// What so many files hold now.
    pub(super) async fn ask(
        &mut self,
        files: usize,
    ) -> Result<Vec<Result<Vec<u8>, Unread>>, String> {
        let read = timeout(PATIENCE, self.exchange()).await;
        let read =
            read.map_err(|_| "the process that reads the files does not answer".to_owned())?;
        let bytes =
            read.map_err(|error| format!("the process that reads the files is gone ({error})"))?;
        let answers: Vec<Answer> = serde_json::from_slice(&bytes).map_err(|error| {
            format!("the process that reads the files is not understood: {error}")
        })?;
        if answers.len() != files {
            return Err("the process that reads the files reads others".into());
        }
        let unread = |(error, hint)| Unread::Told { error, hint };
        Ok(answers
            .into_iter()
            .map(|answer| answer.map_err(unread))
            .collect())
    }

    async fn exchange(&mut self) -> io::Result<Vec<u8>> {
        let socket = self.socket()?;
        socket.write_all(&[0]).await?;
        let length = socket.read_u32().await?;
        if length > MOST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut bytes = vec![0; length as usize];
        socket.read_exact(&mut bytes).await?;
        Ok(bytes)
    }

    /// The socket, known to the runtime from the first question on.
    fn socket(&mut self) -> io::Result<&mut tokio::net::UnixStream> {
        if let State::Started(socket) = &self.0 {
            let socket = tokio::net::UnixStream::from_std(socket.try_clone()?)?;
            self.0 = State::Asked(socket);
        }
        match &mut self.0 {
            State::Asked(socket) => Ok(socket),
            State::Started(_) => Err(io::ErrorKind::NotConnected.into()),
        }
    }
}

/// As `args` reads them.
fn arguments(sources: &Sources) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec![COMMAND.into()];
    let mut add = |option: &str, path: &std::path::Path| {
        arguments.extend([option.into(), path.as_os_str().to_owned()]);
    };
    if let Some(files) = &sources.tokens {
        add("--view-token-file", &files.view.path);
        add("--control-token-file", &files.control.path);
    }
    if let Some(files) = &sources.tls {
        add("--tls-cert", &files.cert);
        add("--tls-key", &files.key);
    }
    arguments
}

/// The reader itself: answers until nobody can ask any more.
pub fn run(sources: &Sources) -> Result<(), Failure> {
    // It was started by another name, which tells nobody what it is.
    let _unnamed = std::fs::write("/proc/self/comm", COMMAND);
    let needs = Needs {
        kernel: false,
        files: vec!["/".into()],
        hidden: false,
        others_files: true,
    };
    let confinement = confine::confine(&needs, None);
    for problem in confinement.map(|done| done.problems).unwrap_or_default() {
        tracing::warn!("what reads files again has more rights than it needs: {problem}");
    }
    let socket = io::stdin().as_fd().try_clone_to_owned();
    let done = socket.and_then(|socket| answer(UnixStream::from(socket), &sources.files()));
    done.map_err(|error| Failure::Other(error.into()))
}

fn answer(mut socket: UnixStream, files: &[Named]) -> io::Result<()> {
    let mut question = [0];
    while socket.read(&mut question)? > 0 {
        let told = |unread: Unread| (unread.to_string(), unread.hint());
        let answers: Vec<Answer> = files.iter().map(|file| file.read().map_err(told)).collect();
        let bytes = serde_json::to_vec(&answers)?;
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        socket.write_all(&length.to_be_bytes())?;
        socket.write_all(&bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Reader, State, answer};
    use crate::secrets::Named;
    use std::os::unix::net::UnixStream;
    use std::path::Path;

    #[tokio::test]
    async fn files_are_read_each_time_and_what_fails_is_told() {
        let path = std::env::temp_dir().join(format!("rw-reader-{}", std::process::id()));
        let file = Named {
            what: "certificate",
            path: path.clone(),
            is_secret: false,
        };
        let missing = Named::secret("private key", Path::new("/no/such/key"));
        let (here, there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        let reader = std::thread::spawn(move || answer(there, &[file, missing]));
        let mut asks = Reader(State::Started(here));
        // No text, and longer than a socket takes at once.
        for bytes in [vec![0xff; 200_000], b"new".to_vec()] {
            std::fs::write(&path, &bytes).unwrap();
            let read = asks.ask(2).await.unwrap();
            assert_eq!(read[0].as_ref().unwrap(), &bytes);
            let error = read[1].as_ref().unwrap_err().to_string();
            assert!(
                error.contains("the private key /no/such/key: No such"),
                "{error}"
            );
        }
        std::fs::remove_file(&path).unwrap();
        drop(asks);
        reader.join().unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_told() {
        let (here, there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        drop(there);
        let why = Reader(State::Started(here)).ask(1).await.unwrap_err();
        assert!(why.contains("is gone"), "{why}");
    }
}
