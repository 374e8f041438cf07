//! Types as TypeScript, from their schemas, with what the registries say of the values, so that no
//! page says it again.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::{COMMAND, EventType};
use crate::chaos::Fault;
use crate::dashboard::payment_grid::PaymentState;
use crate::named::Named;
use crate::report::explore::CellOutcome;
use crate::verdict::Outcome;

pub(super) fn file(types: &Map<String, Value>, events: &[EventType]) -> String {
    let mut text = format!("// Generated from the types in Rust: `{COMMAND}`.\n");
    for (name, schema) in types {
        text.push('\n');
        text.push_str(&doc(schema, ""));
        let told = match (schema.get("properties"), schema.get("oneOf")) {
            (Some(_), None) => format!("export interface {name} {}\n", object(schema, "")),
            (Some(_), Some(flattened)) => {
                let own = object(schema, "");
                let others = type_of(&json!({ "oneOf": flattened }), "");
                format!("export type {name} = {own} & ({others});\n")
            }
            (None, _) => format!("export type {name} = {};\n", type_of(schema, "")),
        };
        text.push_str(&told);
    }
    text.push_str("\n/** The events of a job by name, with what each carries. */\n");
    text.push_str("export interface JobEvents {\n");
    for (event, name) in events {
        let _ = writeln!(text, "  {event}: {name};");
    }
    text.push_str("}\n");
    for (doc, name, of, value) in constants(events) {
        let _ = write!(
            text,
            "\n/** {doc} */\nexport const {name}: {of} = {value};\n"
        );
    }
    text
}

fn constants(events: &[EventType]) -> [(&'static str, &'static str, &'static str, String); 5] {
    let fault = |f: Fault| json!({ "word": f.word(), "help": f.help(), "finds": f.finds() });
    let state = |state: PaymentState| match state {
        PaymentState::Of(outcome) => json!(outcome.label_template()),
        PaymentState::Waiting | PaymentState::Delivered => json!(state.name()),
    };
    let names: Vec<&str> = events.iter().map(|(event, _)| *event).collect();
    [
        (
            "Under these names the events of a job are sent.",
            "EVENT_NAMES",
            "readonly (keyof JobEvents)[]",
            json!(names).to_string(),
        ),
        (
            "Every fault, in the order of a matrix's columns.",
            "FAULTS",
            "Record<Fault, { word: string; help: string; finds: string }>",
            by_name(fault),
        ),
        (
            "What may become of a payment.",
            "OUTCOMES",
            "Record<Outcome, string>",
            by_name(|outcome: Outcome| json!(outcome.short())),
        ),
        (
            "What may become of the payments of a cell.",
            "CELL_OUTCOMES",
            "Record<CellOutcome, string>",
            by_name(|outcome: CellOutcome| json!(outcome.short())),
        ),
        (
            "What is known of a payment, in the order in which it comes to it. `{done}` stands for \
             what is done to a payment that takes effect, `{times}` for how often.",
            "PAYMENT_STATES",
            "Record<PaymentState, string>",
            by_name(state),
        ),
    ]
}

/// In the order of the registry, which an object of JSON need not keep.
fn by_name<T: Named>(tell: impl Fn(T) -> Value) -> String {
    let line = |value: T| format!("  {}: {},\n", json!(value.name()), tell(value));
    format!("{{\n{}}}", T::every().map(line).collect::<String>())
}

fn doc(schema: &Value, indent: &str) -> String {
    let text = schema.get("description").and_then(Value::as_str);
    let text = text.map(|text| text.replace("\n\n", " ").replace("*/", "* /"));
    text.map_or_else(String::new, |text| format!("{indent}/** {text} */\n"))
}

/// Required properties first, in the order of the type's fields.
fn object(schema: &Value, indent: &str) -> String {
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    let required: Vec<&str> = match schema["required"].as_array() {
        Some(names) => names.iter().filter_map(Value::as_str).collect(),
        None => Vec::new(),
    };
    let others = properties.keys().map(String::as_str);
    let others = others.filter(|name| !required.contains(name));
    let inner = format!("{indent}  ");
    let mut text = "{\n".to_owned();
    for name in required.iter().copied().chain(others) {
        let property = &properties[name];
        let mark = if required.contains(&name) { "" } else { "?" };
        text.push_str(&doc(property, &inner));
        let _ = writeln!(text, "{inner}{name}{mark}: {};", type_of(property, &inner));
    }
    text + indent + "}"
}

fn type_of(schema: &Value, indent: &str) -> String {
    let each = |all: &Value| -> Vec<String> {
        let all = all.as_array().into_iter().flatten();
        all.map(|one| type_of(one, indent)).collect()
    };
    if let Some(path) = schema["$ref"].as_str() {
        let (_, name) = path.rsplit_once('/').expect("it points to a definition");
        return name.to_owned();
    }
    if let Some(value) = schema.get("const") {
        return literal(value);
    }
    if let Some(Value::Array(words)) = schema.get("enum") {
        return join(words.iter().map(literal));
    }
    for alternatives in ["oneOf", "anyOf"] {
        if let Some(all) = schema.get(alternatives) {
            return join(each(&exclusive(all)));
        }
    }
    if schema.get("not").is_some() {
        return "never".to_owned();
    }
    match &schema["type"] {
        Value::Array(names) => {
            let one = |name: &Value| {
                let mut one = schema.clone();
                one["type"] = name.clone();
                type_of(&one, indent)
            };
            join(names.iter().map(one))
        }
        Value::String(name) => match name.as_str() {
            "integer" | "number" => "number".to_owned(),
            "array" if schema.get("prefixItems").is_some() => {
                format!("[{}]", each(&schema["prefixItems"]).join(", "))
            }
            "array" => match type_of(&schema["items"], indent) {
                union if union.contains(" | ") => format!("({union})[]"),
                one => format!("{one}[]"),
            },
            "object" if schema.get("properties").is_some() => object(schema, indent),
            "object" => {
                let value = type_of(&schema["additionalProperties"], indent);
                format!("Record<string, {value}>")
            }
            other => other.to_owned(),
        },
        _ => "unknown".to_owned(),
    }
}

/// Of objects of which one has all that another has, and more: what the lesser one never has. Else
/// no reader could tell them apart. Where a tag does, nothing need be said.
fn exclusive(alternatives: &Value) -> Value {
    let mut told = alternatives.clone();
    let empty = Map::new();
    let names = |one: &Value| -> Vec<String> {
        let properties = one["properties"].as_object().unwrap_or(&empty);
        properties.keys().cloned().collect()
    };
    for one in told.as_array_mut().into_iter().flatten() {
        let own = names(one);
        for other in alternatives.as_array().into_iter().flatten() {
            let is_tag = |name: &String| {
                let tag = |object: &Value| object["properties"][name].get("const").cloned();
                tag(one).is_some() && tag(one) != tag(other)
            };
            let tagged = own.iter().any(is_tag);
            let other = names(other);
            if own.is_empty() || tagged || !own.iter().all(|name| other.contains(name)) {
                continue;
            }
            for name in other.iter().filter(|name| !own.contains(name)) {
                one["properties"][name.as_str()] = json!({ "not": {} });
            }
        }
    }
    told
}

fn join(types: impl IntoIterator<Item = String>) -> String {
    let mut told: Vec<String> = Vec::new();
    for one in types {
        if !told.contains(&one) {
            told.push(one);
        }
    }
    told.join(" | ")
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("'{text}'"),
        other => other.to_string(),
    }
}

#[test]
fn what_is_flattened_into_an_object_is_in_its_type() {
    let one = json!({ "type": "object", "properties": { "b": { "const": 1 } }, "required": ["b"] });
    let types = json!({ "A": { "type": "object", "properties": {}, "oneOf": [one] } });
    let text = file(types.as_object().unwrap(), &[]);
    let expected = "export type A = {\n} & ({\n  b: 1;\n});\n";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn the_words_of_a_registry_stand_in_its_order() {
    let text = by_name(|outcome: Outcome| json!(outcome.short()));
    let lines: Vec<&str> = text.lines().collect();
    let expected = Outcome::ALL.map(|o| format!("  \"{o}\": {},", json!(o.short())));
    assert_eq!(lines[1..lines.len() - 1], expected);
    assert_ne!(text, by_name(|outcome: Outcome| json!(outcome.name())));
}

#[test]
fn each_form_of_a_schema_is_a_type() {
    let told = |schema: Value| type_of(&schema, "");
    let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for (schema, expected) in [
        (r##"{ "$ref": "#/$defs/Fault" }"##, "Fault"),
        (r#"{ "type": "string", "enum": ["a", "b"] }"#, "'a' | 'b'"),
        (r#"{ "type": "integer", "const": 1 }"#, "1"),
        (r#"{ "type": ["number", "null"] }"#, "number | null"),
        (
            r##"{ "anyOf": [{ "$ref": "#/$defs/Fault" }, { "type": "null" }] }"##,
            "Fault | null",
        ),
        (
            r#"{ "type": "array", "items": { "type": ["string", "null"] } }"#,
            "(string | null)[]",
        ),
        (
            r#"{ "type": "array", "prefixItems": [{ "type": "integer" }, { "type": "string" }] }"#,
            "[number, string]",
        ),
        (
            r#"{ "type": "object", "additionalProperties": { "type": "boolean" } }"#,
            "Record<string, boolean>",
        ),
        (
            r#"{ "type": "object", "required": ["b"], "properties": {
                "a": { "type": "string" }, "b": { "type": "boolean", "description": "B." } } }"#,
            "{\n  /** B. */\n  b: boolean;\n  a?: string;\n}",
        ),
        ("true", "unknown"),
        (
            r#"{ "anyOf": [
                { "type": "object", "required": ["a"], "properties": { "a": true } },
                { "type": "object", "required": ["a", "b"], "properties": { "a": true, "b": true } }
            ] }"#,
            "{\n  a: unknown;\n  b?: never;\n} | {\n  a: unknown;\n  b: unknown;\n}",
        ),
        (
            r#"{ "oneOf": [
                { "type": "object", "required": ["a"], "properties": { "a": { "const": 1 } } },
                { "type": "object", "required": ["a", "b"],
                    "properties": { "a": { "const": 2 }, "b": true } }
            ] }"#,
            "{\n  a: 1;\n} | {\n  a: 2;\n  b: unknown;\n}",
        ),
    ] {
        assert_eq!(told(json(schema)), expected);
    }
}
