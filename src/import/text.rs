//! A file of a load tool: its text, and mistakes that show a place in it.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;

use crate::language::{Mistake, Source, tidy, visible};

/// The longest file that is read, after decompression.
const LONGEST: u64 = 1 << 30;

/// The longest text of which a mistake shows the place as an excerpt; of a longer one it names line and column.
const SHOWN: usize = 4 << 20;

/// The first two bytes of a file that gzip wrote (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bytes of an offending text that a message has at most.
const EXCERPT: usize = 60;

/// A file that was read.
#[derive(Debug)]
pub struct Text {
    source: Arc<Source>,
    /// Where its lines end, once somebody needs that.
    ends: OnceLock<Vec<usize>>,
}

impl Text {
    /// Reads a file, compressed by gzip or not.
    ///
    /// # Errors
    /// Where it cannot be read, is longer than 1 GiB, is damaged or no UTF-8 text.
    pub fn read(path: &Path) -> Result<Self, Mistake> {
        let name = tidy(path).display().to_string();
        let bytes = bytes(path).map_err(|error| {
            let reason = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file".into(),
                io::ErrorKind::PermissionDenied => "permission denied".into(),
                io::ErrorKind::IsADirectory => "it is a directory".into(),
                io::ErrorKind::UnexpectedEof => "its compressed data ends too early".into(),
                _ => error.to_string(),
            };
            Mistake::new(format!("cannot read `{name}`: {reason}"))
        })?;
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec).unwrap_or(bytes);
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(Arc::new(Source { name, path: Some(path.to_owned()), text }))),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let bytes = error.into_bytes();
                let (line, column) = place(&bytes[..at]);
                let mistake = Mistake::new(format!("`{name}` is not UTF-8 text"))
                    .note(format!("the byte 0x{:02X} at {name}:{line}:{column} begins no UTF-8 character", bytes[at]));
                Err(super::unknown::binary(mistake, &bytes))
            }
        }
    }

    /// A text as if it were the content of this file.
    pub fn of(path: &Path, text: &str) -> Self {
        Self::new(Source::text(path, text))
    }

    fn new(source: Arc<Source>) -> Self {
        Self { source, ends: OnceLock::new() }
    }

    /// The text.
    pub fn str(&self) -> &str {
        &self.source.text
    }

    /// The name of the file.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// A mistake of the whole file.
    pub(crate) fn whole(&self, title: impl Into<String>) -> Mistake {
        Mistake::new(title).mark(&self.source, 0..0, "")
    }

    /// A mistake at a place.
    pub(super) fn wrong(&self, span: Range<usize>, title: impl Into<String>, label: &str) -> Mistake {
        if self.str().len() <= SHOWN {
            return Mistake::new(title).mark(&self.source, span, label);
        }
        let start = self.str().floor_char_boundary(span.start.min(self.str().len()));
        let end = self.str().floor_char_boundary(span.end.clamp(start, start + EXCERPT).min(self.str().len()));
        let (line, column) = place(&self.str().as_bytes()[..start]);
        let note = format!("at {}:{line}:{column}, `{}`: {label}", self.name(), visible(&self.str()[start..end]));
        Mistake::new(title).note(note)
    }

    /// The line, from 1, in which a byte stands.
    pub(super) fn line(&self, at: usize) -> usize {
        let ends = self.ends.get_or_init(|| self.str().match_indices('\n').map(|(at, _)| at).collect());
        ends.partition_point(|&end| end < at) + 1
    }

    /// Where a part of this text is.
    pub(super) fn span(&self, part: &str) -> Range<usize> {
        let start = (part.as_ptr() as usize).wrapping_sub(self.str().as_ptr() as usize);
        if start <= self.str().len() { start..start + part.len() } else { 0..0 }
    }

    /// A number that a part of this text is.
    pub(super) fn number(&self, part: &str) -> Result<f64, Mistake> {
        match part.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => {
                let title = format!("`{}` is not a number", visible(short(part)));
                Err(self.wrong(self.span(part), title, "a number is expected here"))
            }
        }
    }

    /// The whole text as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, Mistake> {
        self.json_of(self.str())
    }

    /// A part of the text as JSON.
    pub(super) fn json_of<T: DeserializeOwned>(&self, part: &str) -> Result<T, Mistake> {
        serde_json::from_str(part).map_err(|error| self.broken(part, &error))
    }

    /// Why a part of the text is not the JSON that it should be.
    pub(super) fn broken(&self, part: &str, error: &serde_json::Error) -> Mistake {
        let before: usize = part.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        let at = self.span(part).start + (before + error.column().saturating_sub(1)).min(part.len());
        let text = error.to_string();
        let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(reason, _)| reason);
        let mistake = self.wrong(at..at + 1, format!("the JSON cannot be read: {}", visible(reason)), "here");
        if error.is_eof() {
            mistake.help("the file ends too early; copy it again, or run the test again")
        } else {
            mistake
        }
    }

    /// The lines, without their ends.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.str().lines()
    }

    /// The first line that is not empty.
    pub(super) fn first_line(&self) -> &str {
        self.lines().find(|line| !line.trim().is_empty()).unwrap_or("")
    }
}

/// The beginning of a text, for a message.
pub(super) fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(EXCERPT.min(text.len()))]
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut head = Vec::new();
    (&mut file).take(GZIP.len() as u64).read_to_end(&mut head)?;
    let is_compressed = head == GZIP;
    let whole = io::Cursor::new(head).chain(file);
    let mut bytes = Vec::new();
    if is_compressed {
        MultiGzDecoder::new(whole).take(LONGEST + 1).read_to_end(&mut bytes)?;
    } else {
        whole.take(LONGEST + 1).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is longer than 1 GiB; import a part of it"));
    }
    Ok(bytes)
}

/// Line and column after these bytes, from 1.
fn place(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let column = before[start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count() + 1;
    (line, column)
}
