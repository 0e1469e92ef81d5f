//! An archive as the kernel unpacks at boot: cpio in its `newc` form. Pure: bytes in, bytes out, the same for the
//! same, and everything in it is root's whoever makes it.

const FOLDER: u32 = 0o040_755;
const PROGRAM: u32 = 0o100_755;
const TEXT: u32 = 0o100_644;
const LINK: u32 = 0o120_777;

/// Files for the guest's root, in the order they were added.
#[derive(Default)]
pub(super) struct Archive {
    bytes: Vec<u8>,
    entries: u32,
    folders: Vec<String>,
}

impl Archive {
    /// An empty folder, with the folders above it.
    pub(super) fn folder(&mut self, path: &str) {
        self.parents(path);
        if !self.folders.iter().any(|known| known == path) {
            self.folders.push(path.to_owned());
            self.entry(path, FOLDER, &[]);
        }
    }

    /// A file that may be executed, with the folders above it.
    pub(super) fn file(&mut self, path: &str, content: &[u8]) {
        self.parents(path);
        self.entry(path, PROGRAM, content);
    }

    /// A file to read, with the folders above it.
    pub(super) fn text(&mut self, path: &str, content: &[u8]) {
        self.parents(path);
        self.entry(path, TEXT, content);
    }

    /// A symbolic link, with the folders above it.
    pub(super) fn link(&mut self, path: &str, to: &str) {
        self.parents(path);
        self.entry(path, LINK, to.as_bytes());
    }

    /// The whole, closed by the entry that means the end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.entry("TRAILER!!!", 0, &[]);
        self.bytes
    }

    fn parents(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/') {
            self.folder(parent);
        }
    }

    fn entry(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.entries += 1;
        let size = u32::try_from(content.len()).expect("files of less than 4 GiB");
        let name = u32::try_from(path.len() + 1).expect("a short name");
        self.bytes.extend_from_slice(b"070701");
        // inode, mode, uid, gid, links, mtime, size, device twice, special device twice, name's length, checksum
        let fields = [self.entries, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name, 0];
        for field in fields {
            self.bytes
                .extend_from_slice(format!("{field:08x}").as_bytes());
        }
        self.bytes.extend_from_slice(path.as_bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend_from_slice(content);
        self.pad();
    }

    /// Names' ends and contents' ends are multiples of four.
    fn pad(&mut self) {
        let length = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(length, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads an archive back: path, mode and content.
    fn entries(bytes: &[u8]) -> Vec<(String, u32, Vec<u8>)> {
        let mut at = 0;
        let mut found = Vec::new();
        while at < bytes.len() {
            let text = std::str::from_utf8(&bytes[at..at + 110]).unwrap();
            assert_eq!(&text[..6], "070701");
            let field =
                |n: usize| u32::from_str_radix(&text[6 + n * 8..14 + n * 8], 16).unwrap() as usize;
            let name_end = at + 110 + field(11) - 1;
            let name = String::from_utf8(bytes[at + 110..name_end].to_vec()).unwrap();
            let start = (name_end + 1).next_multiple_of(4);
            let content = bytes[start..start + field(6)].to_vec();
            at = (start + field(6)).next_multiple_of(4);
            found.push((name, u32::try_from(field(1)).unwrap(), content));
        }
        found
    }

    #[test]
    fn what_is_added_comes_out_below_its_folders() {
        let mut archive = Archive::default();
        archive.file("init", b"#!/bin/sh\n");
        archive.file("usr/bin/program", b"abc");
        archive.link("usr/bin/sh", "program");
        archive.text("usr/notes", b"x");
        archive.folder("proc");
        let table = [
            ("init", PROGRAM, &b"#!/bin/sh\n"[..]),
            ("usr", FOLDER, b""),
            ("usr/bin", FOLDER, b""),
            ("usr/bin/program", PROGRAM, b"abc"),
            ("usr/bin/sh", LINK, b"program"),
            ("usr/notes", TEXT, b"x"),
            ("proc", FOLDER, b""),
            ("TRAILER!!!", 0, b""),
        ];
        let found = entries(&archive.finish());
        assert_eq!(found.len(), table.len());
        for ((name, mode, content), expected) in found.iter().zip(table) {
            assert_eq!((name.as_str(), *mode, content.as_slice()), expected);
        }
    }
}
