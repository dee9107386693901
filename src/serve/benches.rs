//! The files that the page offers: those of `models/` and `experiments/` in the working directory, and the one that was
//! given. What was read is kept until the file changes.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::experiment::plan::{Adjustments, Workbench};
use crate::language::{Mistake, Mistakes};

/// Folders of which each file is offered.
const FOLDERS: [&str; 2] = ["experiments", "models"];

/// Files of a folder at most.
const MOST: usize = 500;

/// The offered files, and those that were read.
#[derive(Debug, Default)]
pub(super) struct Benches {
    given: Option<PathBuf>,
    read: Mutex<HashMap<PathBuf, Kept>>,
}

/// A file that was read, and the state of all files behind it.
#[derive(Debug)]
struct Kept {
    stamps: Vec<(PathBuf, Stamp)>,
    bench: Arc<Workbench>,
}

/// By what a change of a file is noticed; none: it cannot be read.
type Stamp = Option<(u64, SystemTime)>;

impl Benches {
    pub(super) fn new(given: Option<PathBuf>) -> Self {
        Self { given, ..Self::default() }
    }

    /// The names of the offered files: the given one, experiments, models.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.given.iter().filter_map(|path| name(path)).collect();
        for folder in FOLDERS {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
            let is_toml = |path: &PathBuf| path.extension().is_some_and(|it| it == "toml") && path.is_file();
            let mut of_folder: Vec<String> = entries.filter(is_toml).filter_map(|path| name(&path)).collect();
            of_folder.sort();
            of_folder.truncate(MOST);
            names.extend(of_folder);
        }
        let mut seen = Vec::new();
        names.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        names
    }

    /// A file by its name in the list; none: the first.
    ///
    /// # Errors
    /// Where the list does not have it, and each mistake of the file.
    pub(super) fn get(&self, wanted: Option<&str>) -> Result<(String, Arc<Workbench>), Mistakes> {
        let names = self.names();
        let found = match wanted {
            None => names.first(),
            Some(wanted) => names.iter().find(|name| *name == wanted),
        };
        let Some(name) = found else {
            return Err(match wanted {
                Some(wanted) => Mistake::new(format!("`{wanted}` is not a file that this page offers"))
                    .help("choose one of the list, or name it on the command line: sim serve FILE"),
                None => Mistake::new("there is no model and no experiment here")
                    .help("name one on the command line: sim serve FILE, or start it where models/ or experiments/ is"),
            }
            .into());
        };
        let path = PathBuf::from(name);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = read.get(&path).filter(|kept| kept.stamps.iter().all(|(path, known)| stamp(path) == *known))
        {
            return Ok((name.clone(), Arc::clone(&kept.bench)));
        }
        read.remove(&path);
        // Before it is read: a change while it is read counts as one after it.
        let own = (path.clone(), stamp(&path));
        let bench = Arc::new(Workbench::read(&path, &Adjustments::default())?);
        let mut stamps = vec![own];
        stamps.extend(bench.plan().inputs().iter().filter(|it| **it != path).map(|it| (it.clone(), stamp(it))));
        read.insert(path, Kept { stamps, bench: Arc::clone(&bench) });
        Ok((name.clone(), bench))
    }
}

fn name(path: &Path) -> Option<String> {
    path.to_str().map(str::to_owned)
}

fn stamp(path: &Path) -> Stamp {
    let data = fs::metadata(path).ok()?;
    Some((data.len(), data.modified().ok()?))
}
