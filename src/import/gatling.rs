//! `simulation.log` of Gatling 2 and 3, up to 3.10, where it is text with tabs. A request has its name, its start and end
//! in milliseconds, `OK` or `KO` and a message; what stands before the name differs between versions.

use super::Request;
use super::figure::Content;
use super::requests::{Answered, Requests};
use super::text::Text;
use crate::language::Mistake;

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut requests = Requests { step: 0.001, rounding: Some(0.0005), ..Requests::default() };
    for line in text.lines().filter(|line| line.starts_with("REQUEST\t")) {
        let fields: Vec<&str> = line.split('\t').collect();
        let Some(at) = fields.iter().rposition(|field| matches!(*field, "OK" | "KO")).filter(|&at| at >= 4) else {
            let mistake = text.wrong(text.span(line), "a request without `OK` or `KO`", "this line");
            return Err(mistake.help("the file may have been cut off; delete the line"));
        };
        let (start, end) = (text.number(fields[at - 2])?, text.number(fields[at - 1])?);
        if end < start || start < 0.0 || end > 9e15 {
            return Err(text.wrong(text.span(fields[at - 1]), "a request ends before it begins", "its end"));
        }
        let failure = (fields[at] == "KO").then(|| {
            let message = fields.get(at + 1).map_or("", |message| message.trim());
            requests.causes.number(if message.is_empty() { "failed" } else { message })
        });
        let class = requests.classes.number(fields[at - 3]);
        let end_ns = (end as i64).saturating_mul(1_000_000);
        requests.rows.push(Answered { end: end_ns, elapsed: Some((end - start) / 1000.0), class, failure });
    }
    Ok(Content::Requests(requests))
}
