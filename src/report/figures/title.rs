//! Titles: what a figure shows, in one sentence that fits on a slide.

mod alone;
mod best;
mod fate;
mod limit;
mod model;
mod values;
mod wait;

use crate::report::paragraph::list;

pub(super) use best::of_points;
pub(super) use fate::{fates, fates_at_length};
pub(super) use limit::{limits, limits_of};
pub(super) use model::measurements;
pub(super) use wait::response;

/// Letters that a title may have.
const MOST: usize = 110;

/// `both`, `all 3`.
pub(super) fn all_of(count: usize) -> String {
    if count == 2 { "both".into() } else { format!("all {count}") }
}

/// The first title that fits, else the last, cut.
pub(crate) fn fitting(candidates: impl IntoIterator<Item = String>) -> String {
    fitting_in(MOST, candidates)
}

/// The same, with at most `most` characters.
fn fitting_in(most: usize, candidates: impl IntoIterator<Item = String>) -> String {
    let mut last = String::new();
    for candidate in candidates {
        if candidate.chars().count() <= most {
            return capital(&candidate);
        }
        last = candidate;
    }
    let cut: String = last.chars().take(most - 1).collect();
    capital(&format!("{}…", cut.trim_end()))
}

/// A sentence begins with a capital, a percentile or the name of an axis does not.
fn capital(text: &str) -> String {
    let is_named = text.split_once(' ').is_some_and(|(_, rest)| rest.starts_with("= "));
    let is_percentile =
        text.strip_prefix('p').is_some_and(|rest| rest.starts_with(|letter: char| letter.is_ascii_digit()));
    if is_percentile || is_named {
        return text.into();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_fits_is_taken_and_the_last_is_cut() {
        let long = "x".repeat(200);
        assert_eq!(fitting([long.clone(), "short".into()]), "Short");
        assert_eq!(fitting([long]).chars().count(), MOST);
        assert_eq!(fitting(["p95 at 10".into()]), "p95 at 10");
        assert_eq!(fitting(["x = 3 is enough".into()]), "x = 3 is enough");
    }
}
