//! Where a plan comes from, so that trials of other questions are told from its own.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::language::bounded;

/// The files and overrides behind a plan.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The file that was named: an experiment, or a model.
    pub file: PathBuf,
    /// Overrides of the command line.
    pub set: Vec<(String, String)>,
    /// A hash of all that decides what a trial does: the model, the experiment but for what is only said about its
    /// trials, recorded columns, overrides and the seed. Comments and the layout of files do not matter.
    pub fingerprint: String,
}

/// Keys of an experiment that decide how many trials there are and what is made of them, but not what a trial does.
const ABOUT: [&str; 8] = ["title", "replications", "run", "hypotheses", "effects", "measurements", "knee", "optimize"];

impl Origin {
    /// The origin of a plan: the texts of the files that were read, those of columns by their paths.
    pub(super) fn of(file: &Path, texts: &[&str], columns: &[PathBuf], set: &[(String, String)], seed: u64) -> Self {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        for text in texts {
            match text.parse::<toml::Table>() {
                Ok(mut table) => {
                    ABOUT.iter().for_each(|key| drop(table.remove(*key)));
                    part(table.to_string().as_bytes());
                }
                // What was read as a plan is TOML; should it be none, its text tells as much.
                Err(_) => part(text.as_bytes()),
            }
        }
        for column in columns {
            part(&bounded::read_table(column).unwrap_or_default());
        }
        for (path, value) in set {
            part(path.as_bytes());
            part(value.as_bytes());
        }
        part(&seed.to_le_bytes());
        Self { file: file.to_owned(), set: set.to_vec(), fingerprint: short(hash) }
    }

    /// The fingerprint of a question about these inputs, beside the trials that they themselves ask for.
    pub fn asked(&self, question: &str) -> String {
        short(Sha256::new().chain_update(&self.fingerprint).chain_update(question))
    }
}

/// The first half of a hash in hexadecimal digits.
fn short(hash: Sha256) -> String {
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(text: &str, set: &[(String, String)], seed: u64) -> String {
        Origin::of(Path::new("e.toml"), &[text, "a = 1"], &[], set, seed).fingerprint
    }

    #[test]
    fn what_decides_a_trial_decides_the_fingerprint() {
        let one = fingerprint("title = 'x'\nseed = 1", &[], 1);
        assert_eq!(one, fingerprint("# a comment\ntitle = \"y\"\nseed = 1\nreplications = 9", &[], 1));
        assert_ne!(one, fingerprint("seed = 2", &[], 1));
        assert_ne!(one, fingerprint("seed = 1", &[], 2));
        assert_ne!(one, fingerprint("seed = 1", &[("a".into(), "2".into())], 1));
        // The order of variants and axes is that of points.
        assert_ne!(fingerprint("[axes]\na = {}\nb = {}", &[], 1), fingerprint("[axes]\nb = {}\na = {}", &[], 1));
    }
}
