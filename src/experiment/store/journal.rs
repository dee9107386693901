//! The journal: every finished trial is a line of JSON, appended as soon as it is known, so that whatever ends a sweep
//! costs it no more than the trials under way. A sweep of the same inputs by the same program goes on where its journal
//! ends.
//!
//! The first line is the [`Header`]. A last line without its end was torn off by what ended the writer, and is cut off;
//! a line elsewhere whose checksum is not its own is passed over, and its trial is run again.

mod header;
mod lock;
mod seal;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::experiment::analyse::trial::Trial;
use crate::experiment::plan::{MOST_REPLICATIONS, WarmUp};
use crate::experiment::store::shard::Shard;
use crate::parts::Ending;

pub use header::Header;
use lock::{Lock, NoLock};
pub use seal::seal;
use seal::{sealed, unsealed};

/// Bytes of a line at most: the longest trials have a few megabytes.
const LONGEST_LINE: u64 = 256 << 20;

/// The name of the journal of a sweep that runs all trials.
const WHOLE: &str = "journal.jsonl";

/// The name of a sweep's journal, or of a shard's.
pub fn name_of(shard: Option<Shard>) -> String {
    shard.map_or_else(|| WHOLE.into(), |Shard { index, of }| format!("shard-{index}-of-{of}.jsonl"))
}

/// A line after the first.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::experiment) enum Line<T> {
    /// A trial with its figures.
    Trial(T),
    /// A trial that gave none.
    Failed {
        /// Which point.
        point: u32,
        /// Which replication.
        replication: u32,
        /// What happened.
        what: String,
    },
    /// What the pilot runs of a point found.
    Pilot {
        /// Which point.
        point: u32,
        /// What they found.
        warm_up: WarmUp,
    },
    /// A trial at the lowest load of a search that would be proposed.
    Lighter(T),
    /// From here on another number of replications was asked for.
    Asked {
        /// Replications of each point.
        replications: u32,
    },
}

/// Where in a journal a trial stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::experiment) struct Entry {
    pub point: u32,
    pub replication: u32,
    pub offset: u64,
    pub length: u32,
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Another process writes it.
    #[error("{} is being written by {}; wait for it, or choose another folder (--output)", folder.display(), holder)]
    Busy {
        /// The folder.
        folder: PathBuf,
        /// The process.
        holder: String,
    },
    /// Something went wrong with the file.
    #[error("cannot {what} {}: {reason}", path.display())]
    Io {
        /// `read` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        reason: io::Error,
    },
    /// It is no journal.
    #[error("{} is not a journal of sim", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

fn failed<'a>(what: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Unusable + 'a {
    move |reason| Unusable::Io { what, path: path.to_owned(), reason }
}

/// A journal to read trials from.
#[derive(Debug)]
pub(in crate::experiment) struct Reader {
    pub path: PathBuf,
    file: Mutex<File>,
}

impl Reader {
    /// The line at a place.
    pub fn read(&self, offset: u64, length: u32) -> Result<Line<Trial>, Unusable> {
        let mut bytes = vec![0; length as usize];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(&mut bytes));
        drop(file);
        read.map_err(failed("read", &self.path))?;
        line_in(&mut bytes).ok_or_else(|| failed("read", &self.path)(io::ErrorKind::InvalidData.into()))
    }
}

/// What a journal holds.
#[derive(Debug)]
pub(in crate::experiment) struct Contents {
    pub header: Header,
    /// In the order of the file. Of several about one trial the last counts.
    pub entries: Vec<Entry>,
    /// What pilot runs found, by point.
    pub pilots: Vec<(u32, WarmUp)>,
    /// Trials at the lowest load of a search.
    pub lighter: Vec<Trial>,
    /// Lines that could not be read.
    pub damaged: usize,
    /// Where the last whole line ends.
    end: u64,
    pub reader: Reader,
}

impl Contents {
    /// Reads a journal; none if there is no file, or none whose first line was finished.
    pub fn read(path: &Path) -> Result<Option<Self>, Unusable> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", path)(error)),
        };
        let mut lines = BufReader::with_capacity(1 << 16, file);
        let (mut line, mut end) = (Vec::new(), 0u64);
        let mut next = |line: &mut Vec<u8>| -> Result<bool, Unusable> {
            line.clear();
            (&mut lines).take(LONGEST_LINE).read_until(b'\n', line).map_err(failed("read", path))?;
            if line.len() as u64 == LONGEST_LINE {
                let what = "it has a line longer than 256 MiB, which cannot be a trial";
                return Err(failed("read", path)(io::Error::new(io::ErrorKind::FileTooLarge, what)));
            }
            Ok(line.last() == Some(&b'\n'))
        };
        if !next(&mut line)? {
            return Ok(None);
        }
        end += line.len() as u64;
        let Ok(mut header) = serde_json::from_slice::<Header>(&line) else {
            return Err(Unusable::Foreign { path: path.to_owned() });
        };
        let (mut entries, mut pilots, mut lighter, mut damaged) = (Vec::new(), Vec::new(), Vec::new(), 0);
        while next(&mut line)? {
            let (offset, length) = (end, line.len() as u32);
            end += line.len() as u64;
            // All of it is read: what stands in the archive must be there when results are made.
            let ids = match line_in(&mut line) {
                // Another time there may be more time.
                Some(Line::Trial(trial) | Line::Lighter(trial)) if trial.ending == Ending::OutOfTime => continue,
                Some(Line::Trial(trial)) => u32::try_from(trial.point).ok().zip(u32::try_from(trial.replication).ok()),
                Some(Line::Failed { point, replication, .. }) => Some((point, replication)),
                Some(Line::Asked { replications }) => {
                    header.replications = replications;
                    continue;
                }
                Some(Line::Pilot { point, warm_up }) if (point as usize) < header.points => {
                    pilots.push((point, warm_up));
                    continue;
                }
                Some(Line::Lighter(trial)) => {
                    lighter.push(trial);
                    continue;
                }
                Some(Line::Pilot { .. }) => None,
                None => None,
            };
            let is_of_the_plan = |&(point, replication): &(u32, u32)| {
                (point as usize) < header.points && replication < MOST_REPLICATIONS
            };
            let Some((point, replication)) = ids.filter(is_of_the_plan) else {
                damaged += 1;
                continue;
            };
            entries.push(Entry { point, replication, offset, length });
        }
        let file = File::open(path).map_err(failed("read", path))?;
        let reader = Reader { path: path.to_owned(), file: Mutex::new(file) };
        Ok(Some(Self { header, entries, pilots, lighter, damaged, end, reader }))
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub(in crate::experiment) struct Journal {
    file: File,
    path: PathBuf,
    /// Where the next line goes.
    end: u64,
    _lock: Lock,
}

impl Journal {
    /// Opens the journal of this name in a folder, which exists, and tells what it holds already. One of other inputs
    /// or of another program, and any if `fresh` is set, is put aside under a name that begins with `previous-`,
    /// and comes back when it is asked for again.
    pub fn open(folder: &Path, name: &str, header: &Header, fresh: bool) -> Result<(Self, Contents, Past), Unusable> {
        let path = folder.join(name);
        let lock = lock_of(folder, name)?;
        let is_alike = |known: &Contents| !fresh && known.header.is_alike(header);
        let (mut known, mut aside) = match Contents::read(&path) {
            Err(Unusable::Foreign { .. }) => (None, Some(format!("previous-{name}"))),
            read => match read? {
                Some(known) if !is_alike(&known) => (None, Some(known.header.aside(name))),
                // Of a file without a whole first line nothing is lost.
                known => (known, None),
            },
        };
        if let Some(aside) = &aside {
            fs::rename(&path, folder.join(aside)).map_err(failed("write", &path))?;
            let earlier = folder.join(header.aside(name));
            if let Ok(Some(found)) = Contents::read(&earlier)
                && is_alike(&found)
            {
                fs::rename(&earlier, &path).map_err(failed("write", &path))?;
                known = Contents::read(&path)?;
            }
        }
        if let Some(known) = &known {
            let cut = OpenOptions::new().write(true).open(&path).and_then(|file| file.set_len(known.end));
            cut.map_err(failed("write", &path))?;
        } else {
            begin(&path, header).map_err(failed("write", &path))?;
        }
        let past = match &known {
            Some(known) => Past::Resumed { damaged: known.damaged },
            None => aside.take().map_or(Past::None, |aside| Past::PutAside { aside }),
        };
        let file = OpenOptions::new().append(true).open(&path).map_err(failed("write", &path))?;
        let contents = match known {
            Some(known) => known,
            None => Contents::read(&path)?.ok_or_else(|| Unusable::Foreign { path: path.clone() })?,
        };
        let mut journal = Self { file, path, end: contents.end, _lock: lock };
        if contents.header.replications != header.replications {
            journal.append(&line_of(&Line::Asked { replications: header.replications }))?;
        }
        Ok((journal, contents, past))
    }

    /// Appends a line, which ends with its line feed, and tells where it begins. What an error leaves of it is cut off.
    pub fn append(&mut self, line: &[u8]) -> Result<u64, Unusable> {
        let offset = self.end;
        if let Err(reason) = self.file.write_all(line) {
            // If this fails too, the next reader cuts the torn line off.
            let _ = self.file.set_len(offset);
            return Err(failed("write", &self.path)(reason));
        }
        self.end += line.len() as u64;
        Ok(offset)
    }
}

/// What was found at the place of a new journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Past {
    /// Nothing.
    None,
    /// A journal of the same trials, there or put aside: it is gone on with.
    Resumed {
        /// Lines of it that could not be read.
        damaged: usize,
    },
    /// A file that was put aside: a journal of other inputs or another program, one of the same trials that are to be
    /// run afresh, or no journal at all.
    PutAside {
        /// The name that it has now.
        aside: String,
    },
}

/// The lock of a journal.
fn lock_of(folder: &Path, name: &str) -> Result<Lock, Unusable> {
    let path = folder.join(format!(".{name}.lock"));
    Lock::take(&path).map_err(|refused| match refused {
        NoLock::Held(holder) if holder.is_empty() => {
            Unusable::Busy { folder: folder.to_owned(), holder: "another process".into() }
        }
        NoLock::Held(holder) => Unusable::Busy { folder: folder.to_owned(), holder },
        NoLock::Io(reason) => Unusable::Io { what: "lock", path, reason },
    })
}

/// A folder that no other process writes results into as long as this lives.
#[derive(Debug)]
pub struct Claim {
    _lock: Lock,
}

impl Claim {
    /// Claims a folder, as a sweep of all trials does.
    ///
    /// # Errors
    /// Where another process has it, and where no file can be written.
    pub fn of(folder: &Path) -> Result<Self, Unusable> {
        Ok(Self { _lock: lock_of(folder, WHOLE)? })
    }
}

/// Writes the first line under another name, so that no journal ever lacks a part of it.
fn begin(path: &Path, header: &Header) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.part", std::process::id()));
    // Without a checksum: every version of sim shall be able to tell whose journal it is.
    let mut line = serde_json::to_vec(header).map_err(io::Error::other)?;
    line.push(b'\n');
    let written = fs::write(&temporary, line).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // It may never have come to be.
        let _ = fs::remove_file(&temporary);
    }
    written
}

/// The line of a trial.
pub(in crate::experiment) fn line_of(line: &Line<&Trial>) -> Vec<u8> {
    sealed(line)
}

/// What a line says; none where it is damaged.
fn line_in(bytes: &mut [u8]) -> Option<Line<Trial>> {
    serde_json::from_slice(unsealed(bytes)?).ok()
}

#[cfg(test)]
mod tests;
