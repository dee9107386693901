//! What `sim measure` sends to the real system.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::names::Names;
use super::units::{Fraction, fraction};

/// How `sim measure` loads the real system: the requests behind the names of the model, and the connections they take.
/// Who sends how many, and when, is the experiment's load.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The variant that the real system is. Without it: the first.
    pub variant: Option<String>,
    /// The connections that requests take.
    #[serde(default)]
    pub connections: Connections,
    /// Kept connections at most; requests wait for a free one (HTTP/1.1), or share them (HTTP/2). Without it: no limit in
    /// HTTP/1.1, one connection in HTTP/2.
    pub max_connections: Option<u32>,
    /// The version of HTTP.
    #[serde(default)]
    pub http: HttpVersion,
    /// The measurement ends when at least this share of the last 100 requests failed; 1 is never.
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

/// A text with placeholders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template(Vec<TemplatePiece>);

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplatePiece {
    /// Text as it is.
    Text(String),
    /// What differs from request to request.
    Placeholder(Placeholder),
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The number of the request.
    Number,
    /// The number of the client.
    Client,
    /// The number of the run.
    Run,
    /// When the run began.
    Start,
    /// A random number.
    Random,
}

/// The placeholders by name.
const PLACEHOLDERS: [(&str, Placeholder); 5] = [
    ("n", Placeholder::Number),
    ("client", Placeholder::Client),
    ("run", Placeholder::Run),
    ("start", Placeholder::Start),
    ("random", Placeholder::Random),
];

impl Template {
    /// Its pieces, in order.
    pub fn pieces(&self) -> &[TemplatePiece] {
        &self.0
    }

    /// What it is with these values in place of the placeholders.
    pub fn fill(&self, value: impl Fn(Placeholder) -> String) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                TemplatePiece::Text(part) => text.push_str(part),
                TemplatePiece::Placeholder(placeholder) => text.push_str(&value(*placeholder)),
            }
        }
        text
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(begin) = rest.find("{{") {
            let after = &rest[begin + 2..];
            let Some(end) = after.find("}}") else {
                return Err("`{{` begins a placeholder, and there is no `}}` after it".into());
            };
            let name = after[..end].trim();
            let Some((_, placeholder)) = PLACEHOLDERS.iter().find(|(known, _)| *known == name) else {
                let names = Names::new(PLACEHOLDERS.iter().map(|(name, _)| *name));
                let near = names.nearest(name).map(|near| format!("; did you mean `{{{{{near}}}}}`?"));
                let near = near.unwrap_or_else(|| format!("; there are {names}"));
                return Err(format!("there is no placeholder `{{{{{name}}}}}`{near}"));
            };
            if begin > 0 {
                pieces.push(TemplatePiece::Text(rest[..begin].into()));
            }
            pieces.push(TemplatePiece::Placeholder(*placeholder));
            rest = &after[end + 2..];
        }
        if !rest.is_empty() {
            pieces.push(TemplatePiece::Text(rest.into()));
        }
        Ok(Self(pieces))
    }
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed(str::parse))
    }
}

/// Reads a string by a function; its error is shown at the string.
struct Parsed<T>(fn(&str) -> Result<T, String>);

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled() {
        let template: Template = r#"{"user": "u{{n}}-{{ client }}"}"#.parse().unwrap();
        let filled = template.fill(|placeholder| if placeholder == Placeholder::Number { "7" } else { "3" }.into());
        assert_eq!(filled, r#"{"user": "u7-3"}"#);
        assert_eq!("".parse::<Template>(), Ok(Template::default()));
    }

    #[test]
    fn unknown_placeholders_are_refused() {
        let wrong = |text: &str| text.parse::<Template>().unwrap_err();
        assert!(wrong("/{{clients}}").contains("did you mean `{{client}}`?"));
        assert!(wrong("/{{zzzzzzz}}").contains("there are"), "{}", wrong("/{{zzzzzzz}}"));
        assert!(wrong("/{{n}").contains("no `}}`"));
    }
}
