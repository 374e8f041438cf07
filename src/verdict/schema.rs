//! How a report names an outcome.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::Outcome;

/// By its [name](Outcome::name): how often a payment took effect is told beside it.
impl JsonSchema for Outcome {
    fn schema_name() -> Cow<'static, str> {
        "Outcome".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let all = [
            Self::Once,
            Self::Duplicated(2),
            Self::Lost,
            Self::Unfinished,
            Self::HalfDone,
            Self::Parked,
        ];
        json_schema!({ "type": "string", "enum": all.map(Self::name) })
    }
}
