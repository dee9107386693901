//! The results of JMeter (JTL) as CSV with the names of the fields, which is its default since 2.12. Times are
//! milliseconds; `timeStamp` is the start of a sample, unless `sampleresult.timestamp.start=false`.

use super::Request;
use super::clock;
use super::figure::Content;
use super::requests::{Answered, Requests};
use super::rows::Rows;
use super::text::Text;
use crate::language::Mistake;

/// What the message of a transaction controller's own sample begins with; its requests have rows of their own.
const TRANSACTION: &str = "Number of samples in transaction";

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let [start, elapsed] = [rows.column("timeStamp")?, rows.column("elapsed")?];
    let success = rows.column("success")?;
    let [label, code, message] = ["label", "responseCode", "responseMessage"].map(|name| rows.find(name));
    let mut requests = Requests { rounding: Some(0.0005), ..Requests::default() };
    let mut transactions = 0;
    while let Some(row) = rows.next()? {
        let field = |column: Option<usize>| column.map_or("", |column| row.text(column));
        if field(message).starts_with(TRANSACTION) {
            transactions += 1;
            continue;
        }
        let written = row.text(start);
        // `jmeter.save.saveservice.timestamp_format` has ms, or a pattern with slashes or dashes and no zone.
        let stamp = clock::unix(written).or_else(|| clock::rfc3339(&format!("{}Z", written.replace('/', "-"))));
        let stamp = stamp.ok_or_else(|| {
            row.wrong(start, "is no time", "set jmeter.save.saveservice.timestamp_format=ms in jmeter.properties")
        })?;
        requests.timed(stamp.step);
        let ms = row.amount(elapsed)?;
        let failure = match row.text(success) {
            "true" => None,
            "false" => {
                let cause = match (field(code), field(message)) {
                    ("", "") => "failed".to_owned(),
                    (code, message) if code.parse::<u16>().is_ok_and(|code| code >= 400) => {
                        format!("status {code} {message}").trim().to_owned()
                    }
                    (code, message) => format!("{code} {message}").trim().to_owned(),
                };
                Some(requests.causes.number(&cause))
            }
            _ => {
                return Err(row.wrong(success, "is neither success nor failure", "`true` or `false` is expected here"));
            }
        };
        let class = requests.classes.number(field(label));
        let end = stamp.ns.saturating_add((ms * 1e6).round() as i64);
        requests.rows.push(Answered { end, elapsed: Some(ms / 1000.0), class, failure });
    }
    if transactions > 0 {
        requests
            .remarks
            .push(format!("left out: samples of transaction controllers ({transactions}); their requests count"));
    }
    Ok(Content::Requests(requests))
}
