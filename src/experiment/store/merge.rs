//! Merging: the journals of all shards of a sweep become one archive. They may come in any order and from any machine;
//! what is missing, and what was made by another program or of other inputs, is refused by name.

use std::fs;
use std::path::{Path, PathBuf};

use crate::experiment::plan::Plan;
use crate::experiment::store::archive::Archive;
use crate::experiment::store::journal::{Contents, Header, Unusable, name_of};
use crate::experiment::store::shard::{Deal, Shard};

/// Gaps that are named; the others are counted.
const MOST_GAPS: usize = 8;

/// Why shards cannot be merged.
#[derive(Debug, thiserror::Error)]
pub enum Unmerged {
    /// There is none.
    #[error("{} contains no shards; make them with `sim sweep EXPERIMENT --shard 1/4` and so on", .0.display())]
    None(PathBuf),
    /// Shards of different sweeps lie in one folder.
    #[error("{} is {what}, but {} is {other}: they are from different sweeps", path.display(), other_path.display())]
    Mixed {
        /// A journal.
        path: PathBuf,
        /// What it is.
        what: String,
        /// Another one.
        other_path: PathBuf,
        /// What that is.
        other: String,
    },
    /// The experiment has changed since the shards were run.
    #[error(
        "{} was run with other inputs than {} has now, or with another build of sim: run the shards again, or merge with \
         the files and the sim that they were run with",
        path.display(), file.display()
    )]
    Changed {
        /// A journal.
        path: PathBuf,
        /// The experiment's file.
        file: PathBuf,
    },
    /// Shards or trials are missing.
    #[error("{}", gaps.join("\n       "))]
    Gaps {
        /// Each in words, with what to do.
        gaps: Vec<String>,
    },
    /// What was run asks for more.
    #[error("the results so far call for {trials} more trials at {points} points: plan another round with `sim plan {}`", file.display())]
    Unfinished {
        /// Trials that are missing.
        trials: u64,
        /// Points that need them.
        points: usize,
        /// The experiment's file.
        file: PathBuf,
    },
    /// A journal cannot be read.
    #[error("{0}")]
    Unusable(#[from] Unusable),
}

/// The journals of a folder's shards, which are of one sweep.
#[derive(Debug)]
pub struct Shards {
    journals: Vec<(Shard, Contents)>,
    of: u32,
}

impl Shards {
    /// Reads the journals of a folder.
    ///
    /// # Errors
    /// Where there is none, where one cannot be read, and where they are not of one sweep.
    pub fn read(folder: &Path) -> Result<Self, Unmerged> {
        let cannot = |reason| Unusable::Io { what: "read", path: folder.to_owned(), reason };
        let mut journals: Vec<(Shard, Contents)> = Vec::new();
        for entry in fs::read_dir(folder).map_err(cannot)? {
            let path = entry.map_err(cannot)?.path();
            let Some(shard) = path.file_name().and_then(|name| shard_of(&name.to_string_lossy())) else { continue };
            if let Some(contents) = Contents::read(&path)? {
                journals.push((shard, contents));
            }
        }
        // The order in which a folder lists its files is arbitrary.
        journals.sort_by_key(|(shard, _)| (shard.of, shard.index));
        let Some((first, known)) = journals.first() else { return Err(Unmerged::None(folder.to_owned())) };
        let of = first.of;
        for (shard, contents) in &journals[1..] {
            let (what, other) = if shard.of != of {
                (format!("one of {of} shards"), format!("one of {}", shard.of))
            } else if contents.header.sim != known.header.sim {
                (format!("made by sim {}", known.header.sim), format!("made by sim {}", contents.header.sim))
            } else if !contents.header.is_alike(&known.header) {
                let name = |header: &Header| format!("of {} (seed {})", header.file, header.seed);
                (name(&known.header), name(&contents.header) + " with other inputs")
            } else {
                continue;
            };
            let (path, other_path) = (known.reader.path.clone(), contents.reader.path.clone());
            return Err(Unmerged::Mixed { path, what, other_path, other });
        }
        Ok(Self { journals, of })
    }

    /// What the shards are shares of. Of different numbers of replications that were asked for the highest counts, so
    /// that shards that were asked for fewer have gaps.
    pub fn header(&self) -> Header {
        let headers = || self.journals.iter().map(|(_, contents)| &contents.header);
        let replications = headers().map(|header| header.replications).max().unwrap_or(1);
        Header { replications, ..self.journals[0].1.header.clone() }
    }

    /// Number of shards that the sweep was dealt to.
    pub fn of(&self) -> u32 {
        self.of
    }

    /// The archive of all shards of a plan.
    ///
    /// # Errors
    /// Where they are shards of something else.
    pub fn archive(self, plan: &Plan) -> Result<Archive, Unmerged> {
        let header = Header::of(plan, None);
        let mut archive = Archive::in_memory();
        for (_, contents) in self.journals {
            if !contents.header.is_alike(&header) {
                let (path, file) = (contents.reader.path.clone(), plan.origin().file.clone());
                return Err(Unmerged::Changed { path, file });
            }
            archive.add(contents);
        }
        archive.tell_pilots(plan);
        Ok(archive)
    }
}

/// Says which of the wanted trials an archive of the shards in a folder, so many of them, lacks.
///
/// # Errors
/// Where it lacks any.
pub fn complete(
    archive: &Archive,
    plan: &Plan,
    wanted: &[u32],
    deal: &Deal,
    (place, of): (&Path, u32),
) -> Result<(), Unmerged> {
    let mut missing = vec![(0usize, 0usize); of as usize];
    for (point, &wanted) in wanted.iter().enumerate() {
        for replication in 0..wanted {
            let owner = deal.owner(point as u32, replication, of);
            let (lacks, all) = &mut missing[owner as usize - 1];
            *all += 1;
            *lacks += usize::from(!archive.has(point as u32, replication));
        }
    }
    let mut gaps: Vec<String> = Vec::new();
    for (shard, &(lacks, all)) in
        (1..).map(|index| Shard { index, of }).zip(&missing).filter(|(_, (lacks, _))| *lacks > 0)
    {
        let name = name_of(Some(shard));
        let what =
            if lacks == all { format!("{name} is missing") } else { format!("{name} lacks {lacks} of {all} trials") };
        gaps.push(format!("{what}: run `{}`", command(plan, place, &shard.to_string())));
    }
    if gaps.is_empty() {
        return Ok(());
    }
    if gaps.len() > MOST_GAPS {
        let more = gaps.len() - MOST_GAPS;
        gaps.truncate(MOST_GAPS);
        gaps.push(format!("and {more} more shards are unfinished"));
    }
    Err(Unmerged::Gaps { gaps })
}

/// The command that runs a shard of a plan into its folder.
pub fn command(plan: &Plan, place: &Path, shard: &str) -> String {
    let origin = plan.origin();
    let mut command = format!("sim sweep {}", word(&origin.file.display().to_string()));
    for (path, value) in &origin.set {
        command += &format!(" --set {}", word(&format!("{path}={value}")));
    }
    let output = place.parent().map(|output| output.display().to_string()).unwrap_or_default();
    match output.as_str() {
        "output" => {}
        "" => command += " --output .",
        output => command += &format!(" --output {}", word(output)),
    }
    command + &format!(" --seed {} --replications {} --shard {shard}", plan.seed, plan.replications)
}

/// A text as one word of a shell's command line.
fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:".contains(c);
    if text.chars().all(is_plain) { text.into() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// The shard that a file's name tells.
fn shard_of(name: &str) -> Option<Shard> {
    let (index, of) = name.strip_prefix("shard-")?.strip_suffix(".jsonl")?.split_once("-of-")?;
    let shard = Shard { index: index.parse().ok()?, of: of.parse().ok()? };
    ((1..=shard.of).contains(&shard.index) && name_of(Some(shard)) == name).then_some(shard)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_shards() {
        assert_eq!(shard_of("shard-3-of-16.jsonl"), Some(Shard { index: 3, of: 16 }));
        for name in [
            "shard-0-of-16.jsonl",
            "shard-17-of-16.jsonl",
            "shard-03-of-16.jsonl",
            "journal.jsonl",
            "shard-1-of-0.jsonl",
        ] {
            assert_eq!(shard_of(name), None, "{name}");
        }
    }
}
