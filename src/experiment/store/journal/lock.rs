//! A lock that one process has on a file, and which goes with the process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// A file that is locked as long as this lives.
#[derive(Debug)]
pub(super) struct Lock {
    /// Closing it gives the lock back.
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum NoLock {
    /// Another process has it; as that process has named itself.
    Held(String),
    /// The file could not be opened, or cannot be locked.
    Io(io::Error),
}

/// Bytes of a holder's name that are read.
const LONGEST_NAME: u64 = 4096;

impl Lock {
    /// Takes the lock and names this process in the file.
    pub fn take(path: &Path) -> Result<Self, NoLock> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(NoLock::Io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // It may not have named itself yet.
                let _ = (&file).take(LONGEST_NAME).read_to_string(&mut holder);
                return Err(NoLock::Held(holder.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(NoLock::Io(error)),
        }
        let name = match host() {
            Some(host) => format!("process {} on {host}\n", std::process::id()),
            None => format!("process {}\n", std::process::id()),
        };
        let written =
            file.set_len(0).and_then(|()| file.seek(SeekFrom::Start(0))).and_then(|_| file.write_all(name.as_bytes()));
        // A name that cannot be written makes the refusal of others poorer, the lock no weaker.
        drop(written);
        Ok(Self { _file: file })
    }
}

/// This machine's name, where the system tells it in a file.
fn host() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_lock_is_refused_with_the_name_of_the_first() {
        let path = std::env::temp_dir().join(format!("sim-lock-{}", std::process::id()));
        let first = Lock::take(&path).unwrap();
        match Lock::take(&path).unwrap_err() {
            NoLock::Held(holder) => assert!(holder.contains(&std::process::id().to_string()), "{holder}"),
            NoLock::Io(error) => panic!("{error}"),
        }
        drop(first);
        drop(Lock::take(&path).unwrap());
        std::fs::remove_file(path).unwrap();
    }
}
