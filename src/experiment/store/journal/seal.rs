//! The seal of a line: a checksum as its last member, so that a digit that was damaged on the disk is not taken for a
//! figure. The line stays JSON, so that other tools can read it.

use serde::Serialize;

/// What stands before the checksum.
const BEFORE: &[u8] = b",\"crc32\":\"";

/// Hexadecimal digits of the checksum.
const DIGITS: usize = 8;

/// What stands after it.
const AFTER: &[u8] = b"\"}\n";

const LENGTH: usize = BEFORE.len() + DIGITS + AFTER.len();

/// An object as a line with a seal.
pub(super) fn sealed(object: &impl Serialize) -> Vec<u8> {
    let mut text = Vec::with_capacity(1024);
    // Numbers, texts and lists in memory: nothing of this can fail.
    let _ = serde_json::to_writer(&mut text, object);
    seal(text)
}

/// The text of an object with members, which ends with its brace, as a line with a seal.
pub fn seal(mut text: Vec<u8>) -> Vec<u8> {
    text.pop();
    let sum = format!("{:0DIGITS$x}", crc32fast::hash(&text));
    text.extend([BEFORE, sum.as_bytes(), AFTER].concat());
    text
}

/// Breaks the seal of a line: the object is left; none where the line is not what was written.
pub(super) fn unsealed(line: &mut [u8]) -> Option<&[u8]> {
    let end = line.len().checked_sub(LENGTH)?;
    let (object, seal) = line.split_at(end);
    let sum = seal.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    if sum != format!("{:0DIGITS$x}", crc32fast::hash(object)).as_bytes() {
        return None;
    }
    line[end] = b'}';
    Some(&line[..=end])
}
