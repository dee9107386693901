//! Access logs in the common or combined format (Apache httpd, nginx), with or without the time of the request. A line is
//! written when its request ends.
//!
//! nginx: `$request_time` in seconds, at the end of the line, or as `rt=…` or `request_time=…`. Apache: `%D` in
//! microseconds, `%{ms}T`, `%T` in seconds, which look alike: `--map elapsed=last:us` says which.

use super::Request;
use super::clock;
use super::entry::{class, words};
use super::figure::Content;
use super::mapping::Target;
use super::requests::{Answered, Requests};
use super::text::{Text, short};
use crate::language::{Mistake, visible};

/// Names of the time of a request where it is written with a name.
const NAMES: [&str; 3] = ["rt=", "request_time=", "request_time:"];

/// The column that a mapping names for the last word of a line.
const LAST: &str = "last";

/// Reads it.
pub(super) fn read(text: &Text, request: &Request) -> Result<Content, Mistake> {
    let mut mapped = None;
    for mapping in &request.mappings {
        if mapping.target != Target::Elapsed || mapping.column != LAST {
            return Err(text
                .whole("of an access log, --map can only say the unit of the last word")
                .help(format!("write `--map elapsed={LAST}:us`")));
        }
        mapped = Some(mapping.scale);
    }
    let mut requests = Requests { step: 1.0, ..Requests::default() };
    let (mut without, mut ambiguous) = (0usize, 0usize);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words = words(line);
        let wrong = |label: &str| {
            text.wrong(text.span(line), "this is no line of an access log", label)
                .note("expected: 127.0.0.1 - - [30/Nov/2026:06:27:44 +0000] \"GET / HTTP/1.1\" 200 16")
                .help("delete the line, or say the format with --format")
        };
        let [_, _, _, time, asked, status, _, rest @ ..] = &words[..] else {
            return Err(wrong("it has too few words"));
        };
        let stamp = clock::logged(time).ok_or_else(|| wrong(&format!("`{}` is no time", visible(short(time)))))?;
        let number: u32 = status.parse().map_err(|_| wrong(&format!("`{}` is no status", visible(short(status)))))?;
        let named = rest.iter().find_map(|word| NAMES.iter().find_map(|name| word.strip_prefix(name)));
        let last = rest.last().copied().unwrap_or("");
        let elapsed = match (named, mapped) {
            (Some(value), _) => value.trim_matches('"').parse::<f64>().ok(),
            (None, Some(scale)) => Some(text.number(last)? * scale),
            (None, None) => {
                let number = last.parse::<f64>().ok();
                ambiguous += usize::from(number.is_some() && !last.contains('.'));
                number.filter(|_| last.contains('.'))
            }
        };
        let elapsed = elapsed.filter(|seconds| seconds.is_finite() && *seconds >= 0.0);
        without += usize::from(elapsed.is_none());
        let failure = (number >= 400 || number == 0).then(|| requests.causes.number(&format!("status {number}")));
        let class = requests.classes.number(&class(asked));
        requests.rows.push(Answered { end: stamp.ns, elapsed, class, failure });
    }
    if ambiguous > 0 {
        requests.remarks.push(format!(
            "lines that end with a whole number, which may be a time: {ambiguous}; `--map elapsed={LAST}:us` (or ms, s) \
             reads it"
        ));
    } else if without > 0 {
        requests.remarks.push(format!(
            "lines without a response time: {without}; nginx logs it with $request_time, Apache with %D"
        ));
    }
    if without < requests.rows.len() && mapped.is_none() {
        requests.rounding = Some(0.0005);
    }
    requests.note = "as the server saw it, from the first byte of the request to the last of the response".into();
    Ok(Content::Requests(requests))
}
