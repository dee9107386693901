//! Excerpts: an experiment of some designs at one place, made of what another experiment or a model has.

use std::path::PathBuf;

use super::axis::{self, Ready};
use super::workbench::Workbench;
use crate::language::setting::Setting;
use crate::language::tree::Tree;
use crate::language::{Mistake, Mistakes};

/// Keys of an experiment that an excerpt has as they are.
const KEPT: [&str; 4] = ["collapse_below", "objectives", "max_events", "max_wall_time"];

/// Keys of `run` that concern more designs than an excerpt has.
const OF_SEVERAL: [&str; 3] = ["best_by", "best_within", "multiple_hypotheses"];

/// A design of an excerpt.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Its name.
    pub name: &'a str,
    /// The variant that it starts from.
    pub variant: usize,
    /// What it changes, as `--set` does.
    pub set: &'a [(String, String)],
}

impl Workbench {
    /// The file that was read.
    pub fn file(&self) -> PathBuf {
        self.tree.place.source.path.clone().unwrap_or_default()
    }

    /// An experiment of these designs, as TOML, for a file in the folder of the one that was read. `place` sets values of
    /// the load and of axes for all of them; every other axis has the first value that the last design is run at. It has no
    /// axes.
    ///
    /// What it gives at a seed is what `sim run` of the original gives with the same variant and the same overrides.
    ///
    /// # Errors
    /// Where a path or a value cannot be read.
    pub fn excerpt(
        &self,
        sides: &[Side],
        place: &[(String, String)],
        seed: u64,
        replications: u32,
    ) -> Result<String, Mistakes> {
        let mut text = String::new();
        let model = match &self.experiment {
            Some(experiment) => experiment.model.clone(),
            None => self.file().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        };
        let line = |text: &mut String, key: &str, value: &str| text.push_str(&format!("{key} = {value}\n"));
        line(&mut text, "title", &quoted(&self.plan.title));
        line(&mut text, "model", &quoted(&model));
        line(&mut text, "seed", &seed.to_string());
        line(&mut text, "replications", &replications.to_string());
        let own = self.experiment.as_ref().map(|_| &self.tree);
        for key in KEPT {
            if let Some(value) = own.and_then(|tree| tree.get(key)) {
                line(&mut text, key, &inline(value));
            }
        }
        for (name, left_out) in [("load", &[][..]), ("run", &OF_SEVERAL[..]), ("set", &[])] {
            let entries = own.and_then(|tree| tree.get(name)).map(Tree::entries).unwrap_or_default();
            let kept: Vec<_> = entries.iter().filter(|(key, _)| !left_out.contains(&key.as_str())).collect();
            if !kept.is_empty() {
                text.push_str(&format!("\n[{name}]\n"));
                kept.iter().for_each(|(key, value)| line(&mut text, &as_key(key), &inline(value)));
            }
        }
        let mut pins: Vec<(usize, Tree)> = Vec::new();
        let mut shared: Vec<(String, String)> = Vec::new();
        for (path, value) in place {
            let setting = Setting::argument(path, value)?;
            let (target, in_load) = setting.target(&self.subject)?;
            let at = (target.path, in_load);
            match self.axes.iter().position(|ready| ready.targets[0] == at) {
                Some(axis) => pins.push((axis, setting.value)),
                None => shared.push((path.clone(), inline(&setting.value))),
            }
        }
        let last = sides.last().map(|side| side.variant).ok_or_else(|| Mistake::new("no design"))?;
        let mut at: Vec<(String, String)> = Vec::new();
        for (index, ready) in self.axes.iter().enumerate() {
            match pins.iter().find(|(axis, _)| *axis == index) {
                Some((_, value)) => at.extend(self.pinned(ready, value)?),
                None => {
                    let first = self.designs[last].choices[index].first().copied().unwrap_or(0);
                    at.extend(ready.settings[first].iter().map(written));
                }
            }
        }
        for side in sides {
            let mut all: Vec<(String, String)> = Vec::new();
            let settings = self.designs[side.variant].settings.iter();
            let own = settings.map(written);
            let changes = side.set.iter().map(|(path, value)| {
                let setting = Setting::argument(path, value)?;
                Ok((path.clone(), inline(&setting.value)))
            });
            let changes: Vec<(String, String)> = changes.collect::<Result<_, Mistakes>>()?;
            for (path, value) in own.chain(at.iter().chain(&shared).cloned()).chain(changes) {
                // The last one counts, where it stands.
                all.retain(|(known, _)| *known != path);
                all.push((path, value));
            }
            text.push_str(&format!("\n[[variants]]\nname = {}\n", quoted(side.name)));
            if !all.is_empty() {
                text.push_str("[variants.set]\n");
                all.iter().for_each(|(path, value)| line(&mut text, &quoted(path), value));
            }
        }
        Ok(text)
    }

    /// What an axis sets at a value, with what it sets beside its own path.
    fn pinned(&self, ready: &Ready, value: &Tree) -> Result<Vec<(String, String)>, Mistakes> {
        let mut all = vec![(ready.axis.path.clone(), inline(value))];
        for (path, factor) in ready.tree.get("also").map(Tree::entries).unwrap_or_default() {
            let (_, settings) = axis::also(path, factor, std::slice::from_ref(value), &self.subject)?;
            all.extend(settings.iter().map(written));
        }
        Ok(all)
    }
}

/// An override as an entry of a `set` table.
fn written(setting: &Setting) -> (String, String) {
    (setting.path.text.clone(), inline(&setting.value))
}

/// A value on one line.
fn inline(value: &Tree) -> String {
    match value.read::<toml::Value>() {
        Ok(value) => value.to_string(),
        Err(_) => value.written(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

/// A key, in quotes where it needs them.
fn as_key(key: &str) -> String {
    let is_bare = !key.is_empty() && key.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    if is_bare { key.into() } else { quoted(key) }
}
