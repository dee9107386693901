//! The state of the page, which its URL holds: a file, the two designs, what is changed of each.

/// Changes in one URL at most.
const MOST_CHANGES: usize = 64;

/// Bytes of a query at most.
pub(super) const MOST_BYTES: usize = 8192;

/// Replications at most.
pub(super) const MOST_RUNS: u32 = 200;

/// A path and a value, as `--set` takes them.
pub(super) type Change = (String, String);

/// What is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The file, by its name in the list; none: the first of the list.
    pub file: Option<String>,
    /// The variant that the first design starts from; none: the first.
    pub before: Option<String>,
    /// The variant that the second design starts from; none: that of the first.
    pub after: Option<String>,
    /// What the first design changes.
    pub was: Vec<Change>,
    /// What the second design changes, and the load and the axes of both.
    pub set: Vec<Change>,
    /// The seed; none: the file's.
    pub seed: Option<u64>,
    /// Replications; none: the file's.
    pub runs: Option<u32>,
    /// The requests that the chart of time is about, by the name of their group; none: those around p95.
    pub time: Option<String>,
}

impl State {
    /// Reads the query of a URL.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence without a full stop.
    pub(super) fn read(query: &str) -> Result<Self, String> {
        if query.len() > MOST_BYTES {
            return Err(format!("the query has {} bytes; at most {MOST_BYTES}", query.len()));
        }
        let mut state = Self::default();
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (decoded(key)?, decoded(value)?);
            match key.as_str() {
                "file" => once(&mut state.file, &key, value)?,
                "before" => once(&mut state.before, &key, value)?,
                "after" => once(&mut state.after, &key, value)?,
                "time" => once(&mut state.time, &key, value)?,
                "was" => change(&mut state.was, &key, &value)?,
                "set" => change(&mut state.set, &key, &value)?,
                "seed" => once(&mut state.seed, &key, number(&key, &value, u64::MAX)?)?,
                "runs" => {
                    let runs = number(&key, &value, MOST_RUNS.into())?;
                    if runs == 0 {
                        return Err("`runs` is 0; at least 1".into());
                    }
                    once(&mut state.runs, &key, runs as u32)?;
                }
                _ => {
                    return Err(format!(
                        "there is no `{key}`; known are file, before, after, was, set, seed, runs and time"
                    ));
                }
            }
        }
        Ok(state)
    }

    /// The query that reads as this state.
    pub(super) fn query(&self) -> String {
        let one = |key: &'static str, value: &Option<String>| value.clone().map(|value| (key, value));
        let many = |key: &'static str, all: &[Change]| -> Vec<(&'static str, String)> {
            all.iter().map(|(path, value)| (key, format!("{path}={value}"))).collect()
        };
        let single = [one("file", &self.file), one("before", &self.before), one("after", &self.after)];
        let numbers = [
            one("seed", &self.seed.map(|seed| seed.to_string())),
            one("runs", &self.runs.map(|runs| runs.to_string())),
            one("time", &self.time),
        ];
        let all = single.into_iter().flatten().chain(many("was", &self.was)).chain(many("set", &self.set));
        let parts: Vec<String> =
            all.chain(numbers.into_iter().flatten()).map(|(key, value)| format!("{key}={}", encoded(&value))).collect();
        parts.join("&")
    }
}

fn once<T>(place: &mut Option<T>, key: &str, value: T) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("`{key}` is there twice")),
    }
}

fn change(all: &mut Vec<Change>, key: &str, text: &str) -> Result<(), String> {
    let Some((path, value)) = text.split_once('=').filter(|(path, _)| !path.trim().is_empty()) else {
        return Err(format!("`{key}={text}` is not of the form {key}=path=value"));
    };
    if all.len() == MOST_CHANGES {
        return Err(format!("more than {MOST_CHANGES} changes"));
    }
    if all.iter().any(|(known, _)| known == path.trim()) {
        return Err(format!("`{}` is changed twice", path.trim()));
    }
    all.push((path.trim().into(), value.trim().into()));
    Ok(())
}

fn number(key: &str, text: &str, most: u64) -> Result<u64, String> {
    let known = text.parse::<u64>().ok().filter(|number| *number <= most);
    known.ok_or_else(|| format!("`{key}` is `{text}`; it must be a whole number, at most {most}"))
}

/// The text of a part of a query (WHATWG URL standard, "application/x-www-form-urlencoded").
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err("a `%` is not followed by two hexadecimal digits".into());
                };
                (high * 16 + low) as u8
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).map_err(|_| "the query is not UTF-8 text".into())
}

/// The same text as a part of a query.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => out.push('+'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' => out.push(char::from(byte)),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let change = |path: &str, value: &str| (path.to_owned(), value.to_owned());
        let state = State {
            file: Some("experiments/a & b = c.toml".into()),
            before: Some("per-request".into()),
            after: Some("größer, 50 %".into()),
            was: vec![change("services.a.workers", "4")],
            set: vec![change("load.rate", "80/s"), change("x.cpu", "{ lognormal = { mean = \"1ms\", cv = 0.5 } }")],
            seed: Some(u64::MAX),
            runs: Some(7),
            time: Some("mean".into()),
        };
        assert_eq!(State::read(&state.query()), Ok(state));
        assert_eq!(State::read(""), Ok(State::default()));
    }

    #[test]
    fn what_is_wrong_with_a_query_is_said() {
        for (query, words) in [
            ("file=a&file=b", "`file` is there twice"),
            ("set=a", "not of the form set=path=value"),
            ("set==1", "not of the form"),
            ("set=a=1&set=a=2", "changed twice"),
            ("runs=0", "at least 1"),
            ("runs=1e3", "whole number"),
            ("seed=-1", "whole number"),
            ("file=%f", "hexadecimal"),
            ("file=%ff", "UTF-8"),
            ("color=red", "there is no `color`"),
        ] {
            let wrong = State::read(query).unwrap_err();
            assert!(wrong.contains(words), "{query}: {wrong}");
        }
        assert!(State::read(&"a".repeat(MOST_BYTES + 1)).is_err());
    }
}
