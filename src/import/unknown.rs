//! Files that are in no known format: what they look like, and what would be right.

use super::format::FORMATS;
use super::text::{Text, short};
use crate::language::{Mistake, visible};

/// A file that is no text.
pub(super) fn binary(mistake: Mistake, bytes: &[u8]) -> Mistake {
    let help = match bytes {
        [b'P', b'K', ..] => "it is a ZIP archive: unpack it first",
        [0x89, b'P', b'N', b'G', ..] => "it is a picture: import the figures instead",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is compressed by zstd: unpack it first",
        [b'B', b'Z', b'h', ..] => "it is compressed by bzip2: unpack it first",
        [0, ..] => {
            "it may be a simulation.log of Gatling 3.11 or later, which is binary: import a table of requests, or an \
             access log of the server"
        }
        _ => "save the file as UTF-8",
    };
    mistake.help(help)
}

/// Refuses a text.
pub(super) fn refuse(text: &Text) -> Mistake {
    let (looks, right) = looks(text);
    let names: Vec<String> = FORMATS.iter().map(|format| format!("`{}`", format.name)).collect();
    text.whole("this file is in no known format")
        .note(format!("it looks like {looks}"))
        .note(format!("the formats are {}", names.join(", ")))
        .help(right)
}

/// What a text looks like, and what would be right.
fn looks(text: &Text) -> (String, String) {
    let (first, all) = (text.first_line().trim(), text.str());
    let known = [
        (
            first.starts_with("<?xml") && all.contains("<testResults"),
            "results of JMeter as XML",
            "save them as CSV: -Jjmeter.save.saveservice.output_format=csv",
        ),
        (
            first.starts_with("<!") || first.starts_with("<html"),
            "a web page",
            "import the file that the load tool wrote",
        ),
        (first.starts_with('<'), "XML", "import CSV or JSON"),
        (
            all.contains("http_req_duration") && all.contains("avg="),
            "the summary of k6 as text",
            "write it as JSON: k6 run --summary-export FILE",
        ),
        (
            all.contains("\"http_req_duration") && all.contains("\"results\""),
            "the new machine-readable summary of k6",
            "write the rows: k6 run --out csv=FILE, or --summary-export without --new-machine-readable-summary",
        ),
        (
            all.contains("Success rate:") && all.contains("Slowest:"),
            "the summary of oha as text",
            "write it as JSON: oha --output-format json",
        ),
        (all.contains("Thread Stats"), "the output of wrk, cut off", "keep all that wrk prints, to the end"),
        (all.contains("Count,Message,Traceback"), "exceptions of Locust", "import the file that ends in _stats.csv"),
        (
            all.contains("Percentage served,Time in ms"),
            "the percentiles of `ab -e`",
            "import what ab prints: ab … > FILE",
        ),
        (all.contains("\"resourceSpans\""), "traces in OTLP/JSON", "make a model of them: sim import otlp FILE"),
        (
            all.contains("apiVersion:") && all.contains("kind:"),
            "manifests of Kubernetes",
            "make a model of them: sim import k8s FILE",
        ),
        (
            all.starts_with("services:") || all.contains("\nservices:"),
            "a file of Docker Compose",
            "make a model of it: sim import compose FILE",
        ),
        (first.starts_with("[[") || first.contains(" = "), "TOML", "an experiment needs no import: sim check FILE"),
    ];
    if let Some((_, looks, right)) = known.into_iter().find(|(is, ..)| *is) {
        return (looks.into(), right.into());
    }
    if first.starts_with('{') || first.starts_with('[') {
        let keys = match serde_json::from_str::<serde_json::Value>(all) {
            Ok(serde_json::Value::Object(object)) => {
                let keys: Vec<String> = object.keys().take(8).map(|key| format!("`{}`", visible(short(key)))).collect();
                format!("JSON with the keys {}", keys.join(", "))
            }
            Ok(_) => "a list in JSON".into(),
            Err(error) => format!("JSON that is cut off or damaged ({})", visible(&error.to_string())),
        };
        return (keys, "import the file that the load tool wrote, or a table".into());
    }
    if first.contains(',') {
        let names: Vec<String> =
            first.split(',').take(8).map(|name| format!("`{}`", visible(short(name.trim())))).collect();
        let right = "say which columns hold what: --map p95_s=latency:ms, or --map end=time --map elapsed=latency:ms";
        return (format!("a table with the columns {}", names.join(", ")), right.into());
    }
    if first.contains('\t') || first.contains(';') {
        return ("a table with tabs or semicolons".into(), "save it with commas".into());
    }
    (format!("text that begins with `{}`", visible(short(first))), "import the file that the load tool wrote".into())
}
