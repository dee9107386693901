//! Files that are read, and how much of one: a device without an end, a sparse file or a line of gigabytes is refused
//! before it fills the memory.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The longest text that is read: a model, an experiment, a list of files.
const LONGEST_TEXT: u64 = 4 << 20;

/// The longest table of comma-separated values.
const LONGEST_TABLE: u64 = 1 << 30;

/// The longest line of such a table.
const LONGEST_LINE: u64 = 1 << 20;

/// The bytes of a file of at most 4 MiB.
///
/// # Errors
/// Those of reading it, and `FileTooLarge` for a longer one.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST_TEXT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST_TEXT {
        return Err(too_large("it is longer than 4 MiB, the limit for a model or experiment"));
    }
    Ok(bytes)
}

/// A table that is read row by row: it ends with an error after 1 GiB, or in a line of more than 1 MiB.
#[derive(Debug)]
pub(crate) struct Table {
    file: File,
    read: u64,
    /// Bytes since the last line feed.
    line: u64,
}

impl Table {
    /// Opens a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::open(path)?, read: 0, line: 0 })
    }
}

impl Read for Table {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read += count as u64;
        for line in buffer[..count].split_inclusive(|&byte| byte == b'\n') {
            self.line += line.len() as u64;
            if self.line > LONGEST_LINE {
                return Err(too_large("it has a line longer than 1 MiB, the limit for a row of a table"));
            }
            if line.ends_with(b"\n") {
                self.line = 0;
            }
        }
        if self.read > LONGEST_TABLE {
            return Err(too_large("it is longer than 1 GiB"));
        }
        Ok(count)
    }
}

/// The bytes of such a table.
///
/// # Errors
/// Those of reading it.
pub(crate) fn read_table(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Table::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_large(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn what_has_no_end_is_refused() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert!(error.to_string().contains("4 MiB"), "{error}");
        let mut sink = Vec::new();
        let error = Table::open(Path::new("/dev/zero")).unwrap().read_to_end(&mut sink).unwrap_err();
        assert!(error.to_string().contains("1 MiB"), "{error}");
        assert!(sink.len() as u64 <= LONGEST_LINE + (1 << 16));
    }

    #[test]
    fn many_lines_are_no_long_one() {
        let path = std::env::temp_dir().join(format!("sim-table-{}", std::process::id()));
        std::fs::write(&path, "0.5\n".repeat(1 << 19)).unwrap();
        let mut bytes = Vec::new();
        Table::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), 1 << 21);
        std::fs::remove_file(path).unwrap();
    }
}
