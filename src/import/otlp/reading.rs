//! OTLP/JSON (opentelemetry-proto 1.x, `TracesData` and `ExportTraceServiceRequest` in the mapping of proto3 to JSON): one object,
//! or one on each line, as the file exporter of the collector writes them. Also what the interfaces of Tempo answer, with
//! `batches` in the place of `resourceSpans`.

use std::borrow::Cow;

use serde::Deserialize;

use super::span::{Kind, Link, Span};
use crate::import::text::Text;
use crate::language::Mistake;

/// An object of a file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Export<'a> {
    #[serde(rename = "resourceSpans", alias = "resource_spans", alias = "batches", borrow)]
    resources: Option<Vec<Resource<'a>>>,
    #[serde(borrow)]
    trace: Option<Box<Export<'a>>>,
    data: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Resource<'a> {
    #[serde(borrow)]
    resource: Attributes<'a>,
    #[serde(alias = "instrumentationLibrarySpans", borrow)]
    scope_spans: Vec<Scope<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attributes<'a> {
    #[serde(borrow)]
    attributes: Vec<Attribute<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Scope<'a> {
    #[serde(alias = "instrumentationLibrary", borrow)]
    scope: ScopeName<'a>,
    #[serde(borrow)]
    spans: Vec<Written<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScopeName<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
struct Attribute<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(default, borrow)]
    value: Value<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Value<'a> {
    #[serde(borrow)]
    string_value: Option<Cow<'a, str>>,
    int_value: Option<Number>,
}

/// A whole number, which proto3 writes as a text where it may have 64 bits.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Number {
    Unsigned(u64),
    Signed(i64),
    Text(String),
}

impl Number {
    fn value(&self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(*number),
            Self::Signed(number) => u64::try_from(*number).ok(),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Written<'a> {
    #[serde(borrow)]
    trace_id: Cow<'a, str>,
    #[serde(borrow)]
    span_id: Cow<'a, str>,
    #[serde(borrow)]
    parent_span_id: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    kind: Option<KindWritten>,
    start_time_unix_nano: Option<Number>,
    end_time_unix_nano: Option<Number>,
    #[serde(borrow)]
    attributes: Vec<Attribute<'a>>,
    #[serde(borrow)]
    links: Vec<LinkWritten<'a>>,
    status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LinkWritten<'a> {
    #[serde(borrow)]
    trace_id: Cow<'a, str>,
    #[serde(borrow)]
    span_id: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    code: Option<KindWritten>,
}

/// An enumeration, as its number or its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum KindWritten {
    Number(i64),
    Name(String),
}

impl KindWritten {
    fn kind(&self) -> Kind {
        match self {
            Self::Number(2) => Kind::Server,
            Self::Number(3) => Kind::Client,
            Self::Number(4) => Kind::Producer,
            Self::Number(5) => Kind::Consumer,
            Self::Number(_) => Kind::Internal,
            Self::Name(name) => match name.strip_prefix("SPAN_KIND_").unwrap_or(name) {
                "SERVER" => Kind::Server,
                "CLIENT" => Kind::Client,
                "PRODUCER" => Kind::Producer,
                "CONSUMER" => Kind::Consumer,
                _ => Kind::Internal,
            },
        }
    }

    fn is_error(&self) -> bool {
        match self {
            Self::Number(code) => *code == 2,
            Self::Name(name) => name == "STATUS_CODE_ERROR",
        }
    }
}

/// The spans of a file.
///
/// # Errors
/// Where it is no OTLP/JSON, or a span has no times.
pub(super) fn read(text: &Text) -> Result<Vec<Span>, Mistake> {
    if text.str().trim().is_empty() {
        return Err(text.whole("the file is empty").help("the exporter may not have flushed; end the services first"));
    }
    let mut spans = Vec::new();
    let mut has_spans = false;
    let mut exports = serde_json::Deserializer::from_str(text.str()).into_iter::<Export<'_>>();
    loop {
        let start = exports.byte_offset();
        let Some(export) = exports.next() else { break };
        let export = export.map_err(|error| text.broken(text.str(), &error))?;
        let export = match export.trace {
            Some(inner) => *inner,
            None => export,
        };
        if export.data.is_some() && export.resources.is_none() {
            return Err(text.whole("this is JSON, but no OTLP: it has no `resourceSpans`").help(
                "Jaeger's own JSON is not read; export OTLP: the collector's exporter `file`, or the interface /api/v3",
            ));
        }
        has_spans |= export.resources.is_some();
        for resource in export.resources.unwrap_or_default() {
            add(text, start, resource, &mut spans)?;
        }
    }
    if !has_spans {
        return Err(text
            .whole("this is JSON, but no OTLP: it has no `resourceSpans`")
            .help("export traces with OTLP as JSON: the collector's exporter `file`, or a file exporter of an SDK"));
    }
    Ok(spans)
}

fn add(text: &Text, start: usize, resource: Resource<'_>, spans: &mut Vec<Span>) -> Result<(), Mistake> {
    let of = |key: &str| attribute(&resource.resource.attributes, key);
    let service = of("service.name").unwrap_or_else(|| "unknown_service".into());
    let instance = ["k8s.pod.name", "container.id", "host.name", "service.instance.id"].iter().find_map(|key| of(key));
    let instance = instance.unwrap_or_default();
    let process: Vec<String> = ["service.instance.id", "process.pid"].iter().filter_map(|key| of(key)).collect();
    let process = format!("{instance}/{}", process.join("/"));
    let language = of("telemetry.sdk.language").unwrap_or_default();
    for scope in &resource.scope_spans {
        for written in &scope.spans {
            let time = |number: &Option<Number>| number.as_ref().and_then(Number::value);
            let (begin, end) = (time(&written.start_time_unix_nano), time(&written.end_time_unix_nano));
            let (Some(begin), Some(end)) = (begin, end) else {
                let at = text.str()[start..].find(&*written.span_id).map_or(start, |at| start + at);
                let title = format!("the span `{}` has no start or no end", written.name);
                return Err(text.wrong(at..at + written.span_id.len(), title, "of this span"));
            };
            let links = written.links.iter();
            spans.push(Span {
                trace: written.trace_id.to_string(),
                id: written.span_id.to_string(),
                parent: written.parent_span_id.to_string(),
                links: links
                    .map(|link| Link { trace: link.trace_id.to_string(), span: link.span_id.to_string() })
                    .collect(),
                service: service.clone(),
                instance: instance.clone(),
                process: process.clone(),
                language: language.clone(),
                scope: scope.scope.name.to_string(),
                name: written.name.to_string(),
                kind: written.kind.as_ref().map_or(Kind::Internal, KindWritten::kind),
                start: begin,
                end: end.max(begin),
                is_error: written
                    .status
                    .as_ref()
                    .and_then(|status| status.code.as_ref())
                    .is_some_and(KindWritten::is_error),
                attributes: relevant(&written.attributes),
            });
        }
    }
    Ok(())
}

fn attribute(attributes: &[Attribute<'_>], key: &str) -> Option<String> {
    attributes.iter().find(|attribute| attribute.key == key).and_then(|attribute| written(&attribute.value))
}

fn written(value: &Value<'_>) -> Option<String> {
    let number = value.int_value.as_ref().and_then(Number::value).map(|number| number.to_string());
    value.string_value.as_ref().map(|text| text.to_string()).or(number).filter(|text| !text.is_empty())
}

/// The attributes that say what a span is.
fn relevant(attributes: &[Attribute<'_>]) -> Vec<(String, String)> {
    let known = attributes.iter().filter(|attribute| super::span::KEYS.contains(&&*attribute.key));
    known.filter_map(|attribute| Some((attribute.key.to_string(), written(&attribute.value)?))).collect()
}
