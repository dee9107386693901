//! Time that passes.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use super::blocking;
use crate::language::Distribution;
use crate::language::lower::Lowering;
use crate::language::lower::complaint::At;
use crate::language::lower::endpoint::Body;
use crate::model::Op;

/// How long: a distribution, or a table that also says whether the event loop is blocked meanwhile.
#[derive(Clone, Debug)]
pub struct SleepStep {
    /// How long.
    pub time: Distribution,
    /// Whether it blocks the event loop.
    pub blocking: bool,
    /// Whether it is written as a table of these two.
    is_table: bool,
}

/// A sleep that may block the event loop.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BlockingSleep {
    /// How long.
    pub time: Distribution,
    /// Whether the event loop is blocked meanwhile, without using its CPU (`time.sleep`, a file or a socket that is waited
    /// for). Elsewhere each request waits in its own thread anyway.
    #[serde(default)]
    pub blocking: bool,
}

impl<'de> Deserialize<'de> for SleepStep {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;
        impl<'de> Visitor<'de> for Written {
            type Value = SleepStep;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a duration (\"20ms\"), a distribution, or { time = \"20ms\", blocking = true }")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<SleepStep, E> {
                let time = text.parse().map_err(E::custom)?;
                Ok(SleepStep { time, blocking: false, is_table: false })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SleepStep, A::Error> {
                let table = toml::Value::deserialize(MapAccessDeserializer::new(map))?;
                let is_table = table.get("time").is_some() || table.get("blocking").is_some();
                if is_table {
                    let BlockingSleep { time, blocking } = table.try_into().map_err(de::Error::custom)?;
                    return Ok(SleepStep { time, blocking, is_table });
                }
                let time = table.try_into().map_err(de::Error::custom)?;
                Ok(SleepStep { time, blocking: false, is_table })
            }
        }
        deserializer.deserialize_any(Written)
    }
}

impl JsonSchema for SleepStep {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SleepStep".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Distribution>();
        let table = generator.subschema_for::<BlockingSleep>();
        json_schema!({
            "description": "How long: a distribution, or a table that also says whether the event loop is blocked meanwhile.",
            "anyOf": [time, table]
        })
    }
}

pub(super) fn compile<'a>(lowering: &mut Lowering<'a>, body: &mut Body<'a>, at: At<'_>, step: &SleepStep) {
    let site = body.site("sleep").site();
    let time = if step.is_table { lowering.draw(at.key("time"), &step.time) } else { lowering.draw(at, &step.time) };
    blocking::around(lowering, body, step.blocking, |lowering, body| {
        lowering.emit(Op::Sleep { time, site });
        lowering.rounds(body.rounds().timer, 1);
    });
}
