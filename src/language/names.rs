//! The names that would be right, and which of them is nearest to one that is wrong.

use std::fmt;

/// Names to choose from, each once, in the order in which they were given.
#[derive(Clone, Debug)]
pub(crate) struct Names<'a>(Vec<&'a str>);

/// Names that a list shows where it is cut, and how much longer it may be before it is cut.
const SHOWN: usize = 6;
const SPARE: usize = 2;

/// Likeness from which on a name of the language is shown beside one that is wrong.
const NEAR: f64 = 0.5;

impl<'a> Names<'a> {
    pub(crate) fn new(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut distinct: Vec<&str> = Vec::new();
        for name in names {
            if !distinct.contains(&name) {
                distinct.push(name);
            }
        }
        Self(distinct)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// "the only pool is `auth`", "the pools are `auth`, `billing`": those most like `wrong` first where there are too
    /// many to show all.
    pub(crate) fn sentence(self, what: &str, wrong: &str) -> String {
        match self.0.len() {
            0 => format!("there is no {what}"),
            1 => format!("the only {what} is {self}"),
            _ => format!("the {} are {}", plural(what), self.sorted_for(wrong)),
        }
    }

    /// The names that are somewhat like a wrong one, the most alike first, three at most: of a list that belongs to the
    /// language and not to the author, and may be long.
    pub(crate) fn near(&self, wrong: &str) -> Self {
        let wrong = plain(wrong);
        let mut near: Vec<(f64, &str)> = self
            .0
            .iter()
            .map(|name| (likeness(&plain(name), &wrong), *name))
            .filter(|(like, _)| *like >= NEAR)
            .collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        Self(near.into_iter().take(3).map(|(_, name)| name).collect())
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The name that was probably meant: few typing errors away, or the same but for case, hyphens and a missing part.
    pub(crate) fn nearest(&self, wrong: &str) -> Option<&'a str> {
        let wrong = plain(wrong);
        if wrong.is_empty() {
            return None;
        }
        let best =
            self.0.iter().map(|name| (likeness(&plain(name), &wrong), *name)).max_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 >= 0.6).then_some(best.1)
    }

    /// The names, those most like `wrong` first where they are too many to show all.
    pub(crate) fn sorted_for(mut self, wrong: &str) -> Self {
        if self.0.len() > SHOWN + SPARE {
            let wrong = plain(wrong);
            self.0.sort_by(|a, b| likeness(&plain(b), &wrong).total_cmp(&likeness(&plain(a), &wrong)));
        }
        self
    }
}

impl fmt::Display for Names<'_> {
    /// `a`, `b`, `c` and 7 more
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let shown = if self.0.len() > SHOWN + SPARE { SHOWN } else { self.0.len() };
        for (i, name) in self.0.iter().take(shown).enumerate() {
            write!(f, "{}`{name}`", if i == 0 { "" } else { ", " })?;
        }
        match self.0.len() - shown {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// "pool" -> "pools", "key of a pool" -> "keys of a pool"
fn plural(what: &str) -> String {
    let (noun, rest) = what.split_once(' ').map_or((what, String::new()), |(noun, rest)| (noun, format!(" {rest}")));
    match noun.strip_suffix('y') {
        Some(start) if noun == "entry" => format!("{start}ies{rest}"),
        _ if noun == "axis" => format!("axes{rest}"),
        _ if noun.ends_with('s') => format!("{noun}es{rest}"),
        _ => format!("{noun}s{rest}"),
    }
}

/// A name without what is easily got wrong: case, and whether words are joined by hyphens or underscores.
fn plain(name: &str) -> String {
    name.chars().map(|c| if matches!(c, '-' | ' ') { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// Likeness of two plain names, 0 to 1.
fn likeness(a: &str, b: &str) -> f64 {
    let typing = strsim::normalized_damerau_levenshtein(a, b);
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let part = short.len() >= 3 && (long.starts_with(short) || long.ends_with(short));
    if part { typing.max(0.65 + 0.1 * short.len() as f64 / long.len() as f64) } else { typing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_or_none() {
        let names = Names::new(["min_size", "max_size", "acquire_timeout", "connect_time"]);
        assert_eq!(names.nearest("aquire_timeout"), Some("acquire_timeout"));
        assert_eq!(names.nearest("max-size"), Some("max_size"));
        assert_eq!(names.nearest("maxSize"), Some("max_size"));
        assert_eq!(names.nearest("timeout"), Some("acquire_timeout"));
        assert_eq!(names.nearest("colour"), None);
        assert_eq!(names.nearest(""), None);
    }

    #[test]
    fn long_lists_are_cut() {
        let many: Vec<String> = (0..30).map(|i| format!("n{i}")).collect();
        let shown = Names::new(many.iter().map(String::as_str)).sorted_for("n29").to_string();
        assert!(shown.starts_with("`n29`, ") && shown.ends_with(" and 24 more"), "{shown}");
        assert_eq!(Names::new(["a", "b", "a"]).to_string(), "`a`, `b`");
    }

    #[test]
    fn several_names_have_a_plural() {
        let of = |what: &str| Names::new(["x", "y"]).sentence(what, "z");
        assert_eq!(of("pool"), "the pools are `x`, `y`");
        assert_eq!(of("class"), "the classes are `x`, `y`");
        assert_eq!(of("axis"), "the axes are `x`, `y`");
    }
}
