//! The reference of the language, in Markdown, from the JSON Schemas and so from the doc comments of the types that
//! read the files: no key can be missing.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::names::Names;
use super::{Mistake, schema};

const INTRODUCTION: &str = "\
# The language

This page is the output of `sim reference` and lists every key that a file may have. A model describes a system, an
experiment asks a question about it. Keys are those of the real configuration where there is one. An unknown key is a
mistake, and so is a path that does not exist: the message names the nearest correct one.

In brackets: the type of the value, and whether it is required or its default.
";

/// The whole page.
pub fn reference() -> String {
    let mut page = Page { text: INTRODUCTION.into(), written: Vec::new() };
    for (title, schema) in [("Model", schema::model()), ("Experiment", schema::experiment())] {
        page.section(title, &schema);
        let definitions = schema.get("$defs").and_then(Value::as_object);
        for (name, definition) in definitions.into_iter().flatten() {
            if !page.written.contains(name) {
                page.section(name, definition);
            }
        }
    }
    page.text
}

/// The part of the page about one kind of table, such as `pool`, `HashStep` or `services` (the plural of one); a mistake
/// with the nearest names where there is none.
pub fn section(name: &str) -> Result<String, Mistake> {
    let plain =
        |text: &str| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let wanted = plain(name);
    let mut names = Vec::new();
    for (title, schema) in [("Model", schema::model()), ("Experiment", schema::experiment())] {
        let definitions = schema.get("$defs").and_then(Value::as_object).cloned().unwrap_or_default();
        for (known, definition) in std::iter::once((title.to_owned(), schema.clone())).chain(definitions) {
            let singular = plain(&known);
            if [singular.clone(), format!("{singular}s"), format!("{singular}es"), format!("{singular}step")]
                .contains(&wanted)
                || format!("{wanted}step") == singular
            {
                let mut page = Page { text: String::new(), written: Vec::new() };
                page.section(&known, &definition);
                return Ok(page.text.trim_start().into());
            }
            names.push(known);
        }
    }
    let names = Names::new(names.iter().map(String::as_str));
    Err(Mistake::new(format!("the reference has no section `{name}`")).advise(names, "section", name))
}

struct Page {
    text: String,
    /// Definitions that both schemas have are written once.
    written: Vec<String>,
}

impl Page {
    fn section(&mut self, name: &str, schema: &Value) {
        self.written.push(name.into());
        let level = if matches!(name, "Model" | "Experiment") { "##" } else { "###" };
        self.line(format!("\n{level} {name}\n"));
        if let Some(about) = about(schema) {
            self.line(format!("{about}\n"));
        }
        if properties(schema).next().is_none() && choices(schema).next().is_none() {
            self.line(format!("Written as: {}.", kind(schema)));
        }
        self.keys("", schema);
        for choice in choices(schema) {
            self.choice(choice);
        }
    }

    /// The keys of a table, one a line.
    fn keys(&mut self, indent: &str, schema: &Value) {
        let required: Vec<&str> =
            schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for (key, value) in properties(schema) {
            let left_out = match value.get("default") {
                _ if required.contains(&key.as_str()) => "; required".into(),
                Some(default) if !is_empty(default) => format!("; `{}`", literal(default)),
                _ => String::new(),
            };
            let about = about(value).map_or(String::new(), |about| format!(": {about}"));
            self.line(format!("{indent}- `{key}` ({}{left_out}){about}", kind(value)));
            // A table that is described in place, as the maps of tables and the parts of an array are.
            if value.get("additionalProperties") == Some(&Value::Bool(false)) {
                self.keys(&format!("{indent}  "), value);
            }
        }
    }

    /// A word, or a table with one key.
    fn choice(&mut self, schema: &Value) {
        let about = about(schema).map_or(String::new(), |about| format!(": {about}"));
        for word in words(schema) {
            self.line(format!("- `\"{word}\"`{about}"));
        }
        for (key, value) in properties(schema) {
            self.line(format!("- `{{ {key} = ... }}` ({}){about}", kind(value)));
            self.keys("  ", value);
        }
    }

    fn line(&mut self, text: impl AsRef<str>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{}", text.as_ref());
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn choices(schema: &Value) -> impl Iterator<Item = &Value> {
    let one_of = schema.get("oneOf").and_then(Value::as_array);
    let is_words = one_of.is_none() && !words(schema).is_empty();
    one_of.into_iter().flatten().chain(is_words.then_some(schema))
}

/// The words that a schema allows.
fn words(schema: &Value) -> Vec<&str> {
    let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    listed.chain(schema.get("const")).filter_map(Value::as_str).collect()
}

/// The description in one line.
fn about(schema: &Value) -> Option<String> {
    schema.get("description").and_then(Value::as_str).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// What a value is, in words.
fn kind(schema: &Value) -> String {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let name = target.rsplit('/').next().unwrap_or(target);
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(choices) = schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(types) = schema.get("type").and_then(Value::as_array) {
        return types.iter().map(|name| kind(&json!({ "type": name }))).collect::<Vec<_>>().join(" or ");
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => match schema.get("additionalProperties") {
            Some(of @ Value::Object(_)) => format!("table of {} by name", kind(of)),
            Some(Value::Bool(true)) => "table of values by name".into(),
            _ => "table".into(),
        },
        Some("array") => schema.get("items").map_or("array".into(), |of| format!("array of {}", kind(of))),
        Some("integer") => "whole number".into(),
        Some("number") => "number".into(),
        Some("boolean") => "true or false".into(),
        Some("string") => "string".into(),
        _ => "value".into(),
    }
}

fn is_empty(default: &Value) -> bool {
    match default {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
    }
}

fn literal(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| format!("\"{text}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key of a schema, wherever it stands.
    fn keys(schema: &Value, all: &mut Vec<String>) {
        match schema {
            Value::Object(entries) => {
                for (key, value) in entries {
                    if key == "properties" {
                        all.extend(value.as_object().into_iter().flat_map(Map::keys).cloned());
                    }
                    keys(value, all);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| keys(value, all)),
            _ => {}
        }
    }

    #[test]
    fn no_key_of_the_schemas_is_missing() {
        let page = reference();
        let mut all = Vec::new();
        keys(&schema::model(), &mut all);
        keys(&schema::experiment(), &mut all);
        assert!(all.len() > 100);
        for key in all {
            assert!(
                page.contains(&format!("- `{key}` (")) || page.contains(&format!("- `{{ {key} = ... }}` (")),
                "{key}"
            );
        }
    }

    #[test]
    fn a_section_is_found_by_what_it_is_about() {
        for name in ["pool", "pools", "Pool"] {
            assert!(section(name).is_ok_and(|text| text.starts_with("### Pool\n") && text.contains("- `max_size` (")));
        }
        assert!(section("hash").is_ok_and(|text| text.starts_with("### HashStep\n")));
        assert!(section("model").is_ok_and(|text| text.starts_with("## Model\n")));
        assert_eq!(section("poool").unwrap_err().helps, ["did you mean `Pool`?"]);
    }

    #[test]
    fn every_word_is_there_and_every_link_leads_somewhere() {
        let page = reference();
        for word in ["event-loop", "least-busy", "per-request", "poisson", "throughput_per_min"] {
            assert!(page.contains(&format!("- `\"{word}\"`")), "{word}");
        }
        for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
            let heading =
                page.lines().find(|line| line.starts_with('#') && line.to_lowercase().ends_with(&format!(" {link}")));
            assert!(heading.is_some(), "{link}");
        }
    }
}
