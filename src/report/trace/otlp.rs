//! Traces as OTLP/JSON (opentelemetry-proto 1.x, `ExportTraceServiceRequest` in the mapping of proto3 to JSON, with
//! identifiers in hexadecimal), which OpenTelemetry's collector, Jaeger and Tempo read.
//!
//! Times are those of the run: its start is the epoch, 1 January 1970.

use serde_json::{Map, Value, json};

use super::semantic::{Attribute, Kind, SCHEMA, meant};
use super::{children, words};
use crate::experiment::run::trace::Traces;
use crate::kernel::random::{GOLDEN, mix};
use crate::parts::Trace;

/// The service of what clients do, which belongs to none of the model.
const CLIENT: &str = "load";

/// The document.
pub fn otlp(traces: &Traces, seed: u64) -> Value {
    let mut services: Vec<(&str, Vec<Value>)> = Vec::new();
    for traced in &traces.traces {
        let children = children(&traced.trace);
        for (index, span) in traced.trace.spans.iter().enumerate() {
            let service = span.service.as_deref().unwrap_or(CLIENT);
            let value = self::span(&traced.trace, &children, index, seed);
            match services.iter_mut().find(|(known, _)| *known == service) {
                Some((_, spans)) => spans.push(value),
                None => services.push((service, vec![value])),
            }
        }
    }
    let resource = |(service, spans): (&str, Vec<Value>)| {
        json!({
            "resource": { "attributes": [attribute("service.name", Attribute::Text(service.into()))] },
            "scopeSpans": [{
                "scope": { "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") },
                "spans": spans,
                "schemaUrl": SCHEMA,
            }],
            "schemaUrl": SCHEMA,
        })
    };
    json!({ "resourceSpans": services.into_iter().map(resource).collect::<Vec<_>>() })
}

fn span(trace: &Trace, children: &[Vec<usize>], index: usize, seed: u64) -> Value {
    let span = &trace.spans[index];
    let meant = meant(trace, children, index, words(trace, index));
    let mut value = Map::new();
    value.insert("traceId".into(), json!(format!("{:016x}{:016x}", mix(seed), trace.key)));
    value.insert("spanId".into(), json!(span_id(trace, index)));
    if let Some(parent) = span.parent {
        value.insert("parentSpanId".into(), json!(span_id(trace, parent)));
    }
    value.insert("name".into(), json!(meant.name));
    value.insert("kind".into(), json!(meant.kind as u8));
    value.insert("startTimeUnixNano".into(), json!(span.start.0.to_string()));
    value.insert("endTimeUnixNano".into(), json!(span.end.0.to_string()));
    let attributes: Vec<Value> = meant.attributes.into_iter().map(|(key, value)| attribute(key, value)).collect();
    value.insert("attributes".into(), json!(attributes));
    if meant.is_error {
        // The description of an HTTP span's status would only repeat its code.
        let message = if meant.kind == Kind::Server { None } else { span.failure.as_deref() };
        value.insert("status".into(), json!({ "code": 2, "message": message.unwrap_or_default() }));
    }
    Value::Object(value)
}

/// An identifier of eight bytes that is not zero.
fn span_id(trace: &Trace, index: usize) -> String {
    format!("{:016x}", mix(trace.key ^ GOLDEN.wrapping_mul(index as u64 + 1)).max(1))
}

fn attribute(key: &str, value: Attribute) -> Value {
    let value = match value {
        Attribute::Text(text) => json!({ "stringValue": text }),
        Attribute::Number(number) => json!({ "intValue": number.to_string() }),
        Attribute::Flag(flag) => json!({ "boolValue": flag }),
    };
    json!({ "key": key, "value": value })
}
