//! Envoy's access log in its default format, and in Istio's, which has three more fields after the flags. The line begins
//! with the start of the request; its duration is in milliseconds.

use super::Request;
use super::clock;
use super::entry::{class, words};
use super::figure::Content;
use super::requests::{Answered, Requests};
use super::text::Text;
use crate::language::Mistake;

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut requests = Requests {
        step: 0.001,
        rounding: Some(0.0005),
        note: "as Envoy saw it, from the first byte of the request to the last of the response".into(),
        ..Requests::default()
    };
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let words = words(line);
        let wrong = |label: &str| {
            text.wrong(text.span(line), "this is no line of Envoy's access log", label)
                .note("expected: [2026-11-30T06:27:44.123Z] \"GET / HTTP/1.1\" 200 - 0 16 37 36 …")
                .help("delete the line, or say the format with --format")
        };
        let [time, asked, status, flags, rest @ ..] = &words[..] else { return Err(wrong("it has too few words")) };
        let stamp = clock::rfc3339(time).ok_or_else(|| wrong("it must begin with a time"))?;
        let number: u32 = status.parse().map_err(|_| wrong("it has no status"))?;
        // Istio: details, termination details and the reason of the upstream come before the bytes.
        let is_plain = rest.first().is_some_and(|word| word.parse::<u64>().is_ok());
        let duration = rest.get(if is_plain { 2 } else { 5 }).copied().unwrap_or("");
        let ms = text.number(duration)?;
        if ms < 0.0 {
            return Err(text.wrong(text.span(duration), "a negative duration", "milliseconds are expected here"));
        }
        let failure = (number >= 400 || number == 0).then(|| {
            let cause = if *flags == "-" { format!("status {number}") } else { format!("status {number} {flags}") };
            requests.causes.number(&cause)
        });
        let class = requests.classes.number(&class(asked));
        let end = stamp.ns.saturating_add((ms * 1e6) as i64);
        requests.rows.push(Answered { end, elapsed: Some(ms / 1000.0), class, failure });
    }
    Ok(Content::Requests(requests))
}
