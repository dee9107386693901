//! The JSON Schemas of model and experiment files, so that editors complete and check them.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::{Experiment, Metric, Model};

/// The schema of a model file.
pub fn model() -> Value {
    titled::<Model>(
        "sim model",
        "A system as its architect describes it, for `sim run` and as the subject of experiments.",
    )
}

/// The schema of an experiment file.
pub fn experiment() -> Value {
    titled::<Experiment>("sim experiment", "A question about a model: variants x axes x replications, for `sim sweep`.")
}

/// What a metric is, in the words of the schema.
pub fn meaning_of_metric(metric: Metric) -> String {
    static MEANINGS: OnceLock<Value> = OnceLock::new();
    let meanings = MEANINGS.get_or_init(|| raw::<Metric>().to_value());
    let known = meanings["oneOf"].as_array().into_iter().flatten().find(|known| known["const"] == metric.name());
    known.and_then(|known| known["description"].as_str()).unwrap_or_default().replace('\n', " ")
}

fn titled<T: JsonSchema>(title: &str, description: &str) -> Value {
    let mut schema = raw::<T>();
    NoNull.transform(&mut schema);
    schema.insert("title".into(), title.into());
    schema.insert("description".into(), description.into());
    schema.to_value()
}

/// The schema as derived.
pub(super) fn raw<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>()
}

/// TOML has no null: a key that may be left out is one that is not required, and nothing else.
#[derive(Clone)]
struct NoNull;

impl Transform for NoNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
            choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
            if let [Value::Object(only)] = choices.as_slice() {
                let only = only.clone();
                schema.remove("anyOf");
                for (key, value) in only {
                    schema.insert(key, value);
                }
            }
        }
        transform_subschemas(self, schema);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemas_say_what_they_are_and_know_no_null() {
        for schema in [model(), experiment()] {
            assert!(schema["$schema"].as_str().is_some_and(|url| url.contains("json-schema.org")));
            assert!(schema["title"].as_str().is_some_and(|title| title.starts_with("sim ")));
            assert!(!schema.to_string().contains("\"null\""));
            assert_eq!(schema["additionalProperties"], Value::Bool(false));
        }
        assert_eq!(model()["$defs"]["Pool"]["properties"]["command_timeout"]["$ref"], "#/$defs/Duration");
    }
}
