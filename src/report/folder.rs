//! The folder of an experiment's files. A file is written under a temporary name beside its place and then renamed, so
//! that no reader sees half a file and an old one survives a full disk.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::language::bounded;

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {reason}", path.display())]
pub struct Unwritten {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub reason: io::Error,
}

/// Bytes that are written to find out whether a folder can be written.
const PROBE: usize = 1 << 16;

/// A folder that exists.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder; makes it, and those above it, where it does not exist.
    pub fn open(path: &Path) -> Result<Self, Unwritten> {
        fs::create_dir_all(path).map_err(|reason| {
            let in_the_way = path.ancestors().find(|above| above.exists() && !above.is_dir());
            let is_file = |_: &Path| io::Error::new(io::ErrorKind::NotADirectory, "it is a file, not a folder");
            let reason = in_the_way.map_or(reason, is_file);
            Unwritten { path: in_the_way.unwrap_or(path).to_owned(), reason }
        })?;
        Ok(Self(path.to_owned()))
    }

    /// Opens a folder for files of these names, and makes sure that they can be: a folder that
    /// cannot be written, a full disk or something else in the place of a file is found before anything is computed.
    pub fn prepare(path: &Path, names: &[String]) -> Result<Self, Unwritten> {
        let folder = Self::open(path)?;
        for name in names {
            let path = path.join(name);
            if path.is_dir() {
                return Err(Unwritten { path, reason: io::Error::new(io::ErrorKind::IsADirectory, "it is a folder") });
            }
        }
        let mut probe = folder.draft("probe");
        probe.write(&[0; PROBE]);
        let written = match &mut probe.file {
            Ok(file) => file.flush().err(),
            Err(_) => std::mem::replace(&mut probe.file, Err(io::ErrorKind::Other.into())).err(),
        };
        match written {
            None => Ok(folder),
            Some(reason) => Err(Unwritten { path: path.to_owned(), reason }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Unwritten> {
        let mut draft = self.draft(name);
        draft.write(bytes);
        draft.finish()
    }

    /// Begins a file that is written bit by bit.
    pub fn draft(&self, name: &str) -> Draft {
        let temporary = self.0.join(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&temporary).map(BufWriter::new);
        Draft { path: self.0.join(name), temporary, file }
    }
}

/// The name of the list of files that a sweep wrote.
pub const LIST: &str = ".files.json";

/// Which files a sweep wrote into a folder.
#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    /// Names what they were made from.
    inputs: String,
    /// Their names.
    files: Vec<String>,
}

impl Folder {
    /// Takes note of the files that were written, and removes those that an earlier sweep of other inputs wrote here
    /// and this one did not: an old chart would be taken for a new one. Nothing else in the folder is touched.
    pub fn clear_but(&self, inputs: &str, written: &[PathBuf]) -> Result<(), Unwritten> {
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let mut files: Vec<String> = written.iter().filter_map(name).collect();
        let known = bounded::read(&self.0.join(LIST)).unwrap_or_default();
        let known: List = serde_json::from_slice(&known).unwrap_or_default();
        for old in known.files.into_iter().filter(|old| Path::new(old).file_name() == Some(old.as_ref())) {
            if files.contains(&old) {
                continue;
            }
            if known.inputs == inputs || fs::remove_file(self.0.join(&old)).is_err_and(is_there) {
                files.push(old);
            }
        }
        files.sort();
        let list = serde_json::to_vec(&List { inputs: inputs.into(), files }).unwrap_or_default();
        self.write(LIST, &list).map(|_| ())
    }
}

/// Whether a file is there still.
fn is_there(error: io::Error) -> bool {
    error.kind() != io::ErrorKind::NotFound
}

/// A file under its temporary name. Dropped before it is finished, it is gone.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    temporary: PathBuf,
    /// The file, or what went wrong with it first.
    file: io::Result<BufWriter<File>>,
}

impl Draft {
    /// Appends bytes. What goes wrong is told in the end.
    pub fn write(&mut self, bytes: &[u8]) {
        self.write_with(|file| file.write_all(bytes));
    }

    /// Appends what a function writes.
    pub fn write_with(&mut self, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) {
        if let Ok(file) = &mut self.file
            && let Err(reason) = write(file)
        {
            self.file = Err(reason);
        }
    }

    /// Gives the file its name, and returns its path.
    pub fn finish(mut self) -> Result<PathBuf, Unwritten> {
        let file = std::mem::replace(&mut self.file, Err(io::ErrorKind::Other.into()));
        let written = file.and_then(|mut file| file.flush()).and_then(|()| fs::rename(&self.temporary, &self.path));
        let path = self.path.clone();
        match written {
            Ok(()) => Ok(path),
            Err(reason) => Err(Unwritten { path, reason }),
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After it got its name there is none under the temporary one, and it may never have come to be.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_goes_and_what_is_not_ours_stays() {
        let place = std::env::temp_dir().join(format!("sim-list-{}", std::process::id()));
        let folder = Folder::open(&place).unwrap();
        fs::write(place.join("notes.txt"), "mine").unwrap();
        let write =
            |names: &[&str]| -> Vec<PathBuf> { names.iter().map(|name| folder.write(name, b"1").unwrap()).collect() };
        let names = || {
            let all = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut seen: Vec<String> = all.filter(|name| !name.starts_with('.')).collect();
            seen.sort();
            seen
        };
        folder.clear_but("a", &write(&["results.csv", "old.png"])).unwrap();
        // The same inputs without charts: those that there are are still right.
        folder.clear_but("a", &write(&["results.csv"])).unwrap();
        assert_eq!(names(), ["notes.txt", "old.png", "results.csv"]);
        folder.clear_but("b", &write(&["results.csv", "new.png"])).unwrap();
        assert_eq!(names(), ["new.png", "notes.txt", "results.csv"]);
        // A list is no way out of the folder.
        fs::write(place.join(LIST), r#"{"inputs":"c","files":["../x","notes.txt/..","new.png"]}"#).unwrap();
        folder.clear_but("d", &[]).unwrap();
        assert_eq!(names(), ["notes.txt", "results.csv"]);
        fs::remove_dir_all(place).unwrap();
    }

    #[test]
    fn a_file_is_written_whole_or_not_at_all() {
        let place = std::env::temp_dir().join(format!("sim-folder-{}", std::process::id()));
        let folder = Folder::open(&place.join("a/b")).unwrap();
        let path = folder.write("x.csv", b"1\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"1\n");
        folder.write("x.csv", b"2\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2\n");
        // What is not finished leaves the old file as it was.
        let mut draft = folder.draft("x.csv");
        draft.write(b"3\n");
        drop(draft);
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
