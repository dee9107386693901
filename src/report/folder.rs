//! The folder of an experiment's files. A file is written under a temporary name beside its place and then renamed, so
//! that nobody ever reads half a file and an old one survives a full disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {reason}", path.display())]
pub struct Unwritten {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub reason: io::Error,
}

/// A folder that exists.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder; makes it, and those above it, where it does not exist.
    pub fn open(path: &Path) -> Result<Self, Unwritten> {
        fs::create_dir_all(path).map_err(|reason| Unwritten { path: path.to_owned(), reason })?;
        Ok(Self(path.to_owned()))
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Unwritten> {
        let path = self.0.join(name);
        let temporary = self.0.join(format!(".{name}.{}.part", std::process::id()));
        let written = write_whole(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
        match written {
            Ok(()) => Ok(path),
            Err(reason) => {
                // It may never have come to be.
                let _ = fs::remove_file(&temporary);
                Err(Unwritten { path, reason })
            }
        }
    }
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let place = std::env::temp_dir().join(format!("sim-folder-{}", std::process::id()));
        let folder = Folder::open(&place.join("a/b")).unwrap();
        let path = folder.write("x.csv", b"1\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1\n");
        folder.write("x.csv", b"2\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2\n");
        // Where a folder stands no file can be put, and nothing is left behind.
        fs::create_dir(place.join("a/b/y.csv")).unwrap();
        let error = folder.write("y.csv", b"3").unwrap_err();
        assert!(error.to_string().contains("y.csv"), "{error}");
        assert_eq!(fs::read_dir(place.join("a/b")).unwrap().count(), 2);
        assert!(Folder::open(&path).is_err());
        fs::remove_dir_all(place).unwrap();
    }
}
