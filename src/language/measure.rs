//! What `sim measure` sends to the real system.

mod template;

pub use template::{Placeholder, Template, TemplatePiece};

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use super::units::{Fraction, fraction};
use template::Parsed;

/// How `sim measure` loads the real system: the requests behind the names of the model, and the connections they take.
/// The experiment's load says who sends how many requests, and when.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The variant that the real system corresponds to. Without it: the first.
    pub variant: Option<String>,
    /// The connections that requests take.
    #[serde(default)]
    pub connections: Connections,
    /// Greatest number of kept connections; requests wait for a free one (HTTP/1.1), or share them (HTTP/2). Without it: no
    /// limit in HTTP/1.1, one connection in HTTP/2.
    pub max_connections: Option<u32>,
    /// The version of HTTP.
    #[serde(default)]
    pub http: HttpVersion,
    /// The measurement ends when at least this share of the last 100 requests failed; with 1 it never ends early.
    #[serde(default = "nine_tenths", deserialize_with = "fraction")]
    #[schemars(with = "Fraction")]
    pub stop_at_failures: f64,
    /// The request of a load without classes, and of classes that have none in `classes`.
    pub request: Option<RealRequest>,
    /// The requests of the load's classes, by name.
    #[serde(default)]
    pub classes: BTreeMap<String, RealRequest>,
}

/// A request to the real system. Path, headers and body may have placeholders: `{{n}}` is the number of the request in its
/// run, from 1; `{{client}}` the number of the client, from 0 (open loads have one client); `{{run}}` the number of the run,
/// from 1; `{{start}}` the milliseconds from 1970 to the start of the run, which tells two measurements apart;
/// `{{random}}` 16 hexadecimal digits, the same for the same seed, run and request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RealRequest {
    /// The method.
    #[serde(default = "get", deserialize_with = "method")]
    pub method: String,
    /// The path, with its query: `"/users/{{n}}?full=1"`. It is appended to the path of `--target`.
    #[serde(deserialize_with = "path")]
    #[schemars(with = "String")]
    pub path: Template,
    /// Further headers, by name.
    #[serde(default, deserialize_with = "headers")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub headers: BTreeMap<String, Template>,
    /// The body. Without it: none.
    #[schemars(with = "Option<String>")]
    pub body: Option<Template>,
}

/// Which connection a request takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Connections {
    /// A connection of its own, which is closed after the answer.
    #[default]
    Fresh,
    /// One that is open and free, if there is one; connections stay open.
    Kept,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum HttpVersion {
    /// HTTP/1.1.
    #[default]
    #[serde(rename = "1.1")]
    One,
    /// HTTP/2, without negotiation where the target is http (prior knowledge).
    #[serde(rename = "2")]
    Two,
}

/// The value of a header.
struct HeaderText(Template);

impl<'de> Deserialize<'de> for HeaderText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed(|text| {
            let template: Template = text.parse()?;
            if template.fill(|_| String::new()).chars().any(|sign| !sign.is_ascii_graphic() && sign != ' ') {
                return Err("the value of a header may have visible ASCII characters and spaces only".into());
            }
            Ok(Self(template))
        }))
    }
}

/// A token, as methods and names of headers are (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_str(Parsed(|method| {
        if !is_token(method) {
            return Err(format!("`{method}` is no method of HTTP; write \"GET\" or \"POST\""));
        }
        if method.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(format!("methods are in capital letters: write \"{}\"", method.to_ascii_uppercase()));
        }
        Ok(method.to_owned())
    }))
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Template, D::Error> {
    deserializer.deserialize_str(Parsed(|text| {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Err("a path has no host; `--target` gives it".into());
        }
        if !text.starts_with('/') {
            return Err(format!("a path begins with `/`: write \"/{text}\""));
        }
        let template: Template = text.parse()?;
        // Blanks between the braces of a placeholder are allowed.
        let literal = template.fill(|_| String::new());
        match literal.chars().find(|sign| !sign.is_ascii_graphic() || *sign == '#') {
            Some(sign) => Err(format!("`{}` must be percent-encoded in a path", sign.escape_default())),
            None => Ok(template),
        }
    }))
}

fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Template>, D::Error> {
    let headers = BTreeMap::<String, HeaderText>::deserialize(deserializer)?;
    for name in headers.keys() {
        if !is_token(name) {
            return Err(de::Error::custom(format!("`{name}` is no name of a header")));
        }
        if ["host", "connection", "content-length", "transfer-encoding"].contains(&&*name.to_ascii_lowercase()) {
            return Err(de::Error::custom(format!("`{name}` is set by sim measure; leave it out")));
        }
    }
    Ok(headers.into_iter().map(|(name, HeaderText(template))| (name, template)).collect())
}

fn get() -> String {
    "GET".into()
}

fn nine_tenths() -> f64 {
    0.9
}
