//! Types as JSON Schemas.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

pub(super) fn types(path: &'static str) -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    settings
        .with(|settings| settings.definitions_path = path.into())
        .into_generator()
}

pub(super) fn whole<T: JsonSchema>(title: &str) -> Value {
    let mut schema = types("/$defs").into_root_schema_for::<T>().to_value();
    schema["title"] = json!(title);
    tidy(&mut schema);
    schema
}

/// As strict as the type is, without what says nothing to a reader: how many bits a number has, and
/// what older reports are read as where they do not say.
pub(super) fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(tidy),
        Value::Object(object) => {
            object.values_mut().for_each(tidy);
            object.remove("format");
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = plain(text);
            }
            if let Some(words) = object.get("oneOf").and_then(words) {
                object.remove("oneOf");
                object.insert("type".into(), json!("string"));
                object.insert("enum".into(), words);
            }
            close(object);
        }
        _ => {}
    }
}

/// No property is unknown. One that has a default is one that older reports do not have; another
/// that may be missing is left out instead of being null.
fn close(object: &mut Map<String, Value>) {
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |name: &Value| required.as_array().is_some_and(|all| all.contains(name));
    let Some(Value::Object(properties)) = object.get_mut("properties") else {
        return;
    };
    let mut optional = Vec::new();
    for (name, property) in properties {
        let name = json!(name);
        let has_default = property
            .as_object_mut()
            .is_some_and(|property| property.remove("default").is_some());
        if has_default {
            optional.push(name);
        } else if !is_required(&name) {
            not_null(property);
        }
    }
    if let Some(Value::Array(required)) = object.get_mut("required") {
        required.retain(|name| !optional.contains(name));
    }
    // What is flattened into an object adds its own properties.
    let Some(Value::Array(flattened)) = object.get_mut("oneOf") else {
        object.insert("additionalProperties".into(), json!(false));
        return;
    };
    for alternative in flattened.iter_mut().filter_map(Value::as_object_mut) {
        alternative.remove("additionalProperties");
    }
    object.insert("unevaluatedProperties".into(), json!(false));
}

fn not_null(property: &mut Value) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            property["type"] = only.clone();
        }
    }
    if let Some(Value::Array(some)) = property.get_mut("anyOf") {
        some.retain(|one| one["type"] != "null");
        if let [only] = &some[..] {
            *property = only.clone();
        }
    }
}

fn words(alternatives: &Value) -> Option<Value> {
    let mut words = Vec::new();
    for alternative in alternatives.as_array()? {
        match (alternative.get("const"), alternative.get("enum")) {
            (Some(word), None) => words.push(word.clone()),
            (None, Some(Value::Array(some))) => words.extend(some.iter().cloned()),
            _ => return None,
        }
    }
    Some(Value::Array(words))
}

/// Without the marks of a link, and its lines joined.
fn plain(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let text = lines.join(" ").replace("[`", "`").replace("`]", "`");
    text.replace("  ", "\n\n")
}

#[test]
fn what_is_flattened_may_add_its_own_properties_and_nobody_else() {
    let alternative =
        |name: &str| json!({ "type": "object", "properties": { name: true }, "required": [name] });
    let mut schema = json!({
        "type": "object",
        "properties": { "own": true },
        "oneOf": [alternative("this"), alternative("that")],
    });
    tidy(&mut schema);
    let validator = jsonschema::validator_for(&schema).expect("it is a JSON Schema");
    assert!(validator.is_valid(&json!({ "own": 1, "that": 1 })));
    assert!(!validator.is_valid(&json!({ "own": 1, "that": 1, "other": 1 })));
}

#[test]
fn a_property_with_a_default_may_be_missing_and_no_other_may_be_added() {
    let mut schema = json!({
        "type": "object",
        "required": ["new", "null", "old"],
        "properties": {
            "new": { "type": "integer", "format": "uint64", "default": 0 },
            "left_out": { "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "null" }] },
            "left_out_too": { "type": ["string", "null"] },
            "null": { "type": ["string", "null"] },
            "old": { "oneOf": [{ "const": "a", "description": "A." }, { "enum": ["b"] }] }
        }
    });
    tidy(&mut schema);
    let expected = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["null", "old"],
        "properties": {
            "new": { "type": "integer" },
            "left_out": { "$ref": "#/$defs/A" },
            "left_out_too": { "type": "string" },
            "null": { "type": ["string", "null"] },
            "old": { "type": "string", "enum": ["a", "b"] }
        }
    });
    assert_eq!(schema, expected);
}
