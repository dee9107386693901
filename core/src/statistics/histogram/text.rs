//! A packed histogram as a short text: its sum, minimum and maximum, then the distance to each bucket that holds values
//! and their count, as variable-length quantities.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use super::SLOTS;
use super::packed::Packed;
use crate::statistics::vlq::{put, take};

/// Octaves that a histogram of 64-bit values may have.
const MOST_OCTAVES: usize = 56;

impl Packed {
    /// As text, from which [`read`](Self::read) makes the same again. Empty if it is.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.count() == 0 {
            return text;
        }
        let (min, max) = self.bounds();
        put(&mut text, self.sum());
        put(&mut text, min.into());
        put(&mut text, max.into());
        text.push_str(self.steps());
        text
    }

    /// What a text describes; none if it describes no histogram.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let mut bytes = text.as_bytes().iter();
        let sum = take(&mut bytes)?;
        let min = take(&mut bytes)?.try_into().ok()?;
        let max = take(&mut bytes)?.try_into().ok()?;
        let steps = &text[text.len() - bytes.len()..];
        let (mut next, mut total) = (0u64, 0u64);
        while bytes.len() > 0 {
            let distance: u64 = take(&mut bytes)?.try_into().ok()?;
            let count: u64 = take(&mut bytes)?.try_into().ok()?;
            next = next.checked_add(distance)?.checked_add(1)?;
            total = total.checked_add(count)?;
            if count == 0 || next > (MOST_OCTAVES * SLOTS) as u64 {
                return None;
            }
        }
        (total > 0 && min <= max).then(|| Self::of_steps(steps, total, sum, min, max))
    }
}

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::read(&text).ok_or_else(|| D::Error::custom("no histogram"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::Histogram;

    proptest! {
        #[test]
        fn a_histogram_comes_back_as_it_was(values in proptest::collection::vec(any::<u64>(), 0..200), shift in 0u32..64) {
            let mut histogram = Histogram::new();
            values.iter().for_each(|value| histogram.record(value >> shift));
            let packed = histogram.pack();
            let back = Packed::read(&packed.text());
            prop_assert_eq!(back.as_ref(), Some(&packed));
            prop_assert_eq!(back.map(|back| back.unpack()), Some(histogram));
        }

        #[test]
        fn any_text_is_a_histogram_or_none(text in ".{0,40}") {
            let _ = Packed::read(&text);
        }
    }

    #[test]
    fn nonsense_is_no_histogram() {
        for text in ["!", "AAA", "AAAA", "gggggggggggggggggggggggggggggg", "ABA/////////////B"] {
            assert_eq!(Packed::read(text), None, "{text}");
        }
    }
}
