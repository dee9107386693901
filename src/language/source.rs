//! A text that an architect wrote: a file, or an override on the command line.

use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::bounded;
use super::mistake::{Mistake, Mistakes};

/// A text and the name that messages give it.
#[derive(Debug)]
pub struct Source {
    /// What messages call it: the path as it was given, or `--set`.
    pub name: String,
    /// Where it was read; none for an override on the command line.
    pub path: Option<PathBuf>,
    /// The text.
    pub text: String,
}

impl Source {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Arc<Self>, Mistakes> {
        Self::read_with(path, |mistake| mistake)
    }

    /// Reads a file; if that fails, `explain` adds to the mistake who asked for it.
    pub(crate) fn read_with(path: &Path, explain: impl FnOnce(Mistake) -> Mistake) -> Result<Arc<Self>, Mistakes> {
        let name = tidy(path).display().to_string();
        let bytes = bounded::read(path).map_err(|error| {
            let mut mistake = Mistake::new(format!("cannot read `{name}`: {}", reason(&error)));
            if let Some(near) = neighbour(path) {
                mistake = mistake.help(format!("there is a `{}`; did you mean that?", near.display()));
            }
            Mistakes::from(explain(mistake))
        })?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { name, path: Some(path.to_owned()), text }.into()),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let before = &bytes[..at];
                let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
                let column = before.iter().rev().take_while(|&&b| b != b'\n').count() + 1;
                Err(Mistake::new(format!("`{name}` is not UTF-8 text"))
                    .note(format!("the byte 0x{:02X} at {name}:{line}:{column} begins no UTF-8 character", bytes[at]))
                    .help("save the file as UTF-8")
                    .into())
            }
        }
    }

    /// A text as if it were the content of this file, which need not exist; paths in it are relative to that file.
    pub fn text(path: &Path, text: &str) -> Arc<Self> {
        Self { name: tidy(path).display().to_string(), path: Some(path.to_owned()), text: text.into() }.into()
    }

    /// An override as it was written on the command line.
    pub fn argument(text: &str) -> Arc<Self> {
        Self { name: "--set".into(), path: None, text: text.into() }.into()
    }

    /// The nearest span that lies within the text and cuts no character in two.
    pub(crate) fn clamp(&self, span: &Range<usize>) -> Range<usize> {
        let start = self.text.floor_char_boundary(span.start.min(self.text.len()));
        let end = self.text.floor_char_boundary(span.end.min(self.text.len())).max(start);
        start..end
    }
}

/// A path without detours such as `experiments/../`, for messages; the file itself is read by its own path.
pub(crate) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match (part, tidy.components().next_back()) {
            (Component::ParentDir, Some(Component::Normal(_))) => drop(tidy.pop()),
            (Component::CurDir, _) => {}
            _ => tidy.push(part),
        }
    }
    if tidy.as_os_str().is_empty() { path.to_owned() } else { tidy }
}

/// Why a file cannot be read.
pub(crate) fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        std::io::ErrorKind::IsADirectory => "it is a directory".into(),
        std::io::ErrorKind::NotADirectory => "a part of the path is no directory".into(),
        _ => error.to_string(),
    }
}

/// The file of the same directory whose name is nearest to that of a file which is missing.
pub(crate) fn neighbour(path: &Path) -> Option<PathBuf> {
    if path.exists() {
        return None;
    }
    let name = path.file_name()?.to_str()?;
    let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
    let mut names: Vec<String> = std::fs::read_dir(parent.unwrap_or(Path::new(".")))
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|other| Path::new(other).extension() == path.extension())
        .collect();
    names.sort();
    let near = super::names::Names::new(names.iter().map(String::as_str)).nearest(name)?.to_owned();
    Some(parent.map_or_else(|| PathBuf::from(&near), |parent| parent.join(&near)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_take_no_detours() {
        for (path, name) in [
            ("experiments/../models/a.toml", "models/a.toml"),
            ("./a.toml", "a.toml"),
            ("../a.toml", "../a.toml"),
            ("../../x/../a.toml", "../../a.toml"),
            ("/x/../a.toml", "/a.toml"),
            (".", "."),
        ] {
            assert_eq!(tidy(Path::new(path)), Path::new(name), "{path}");
        }
    }

    #[test]
    fn spans_are_clamped_to_characters() {
        let source = Source::argument("aé");
        assert_eq!(source.clamp(&(0..9)), 0..3);
        assert_eq!(source.clamp(&(2..3)), 1..3);
        assert_eq!(source.clamp(&Range { start: 3, end: 1 }), 3..3);
    }
}
