//! The API is what docs/openapi.json says: every path is answered, and every body and event has the
//! form that is described.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::server::{Event, Server, last, run};

pub struct Api(Value);

impl Api {
    pub fn read() -> Self {
        let docs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
        let read = |name: &str| -> Value {
            serde_json::from_slice(&std::fs::read(docs.join(name)).unwrap()).unwrap()
        };
        let mut api = read("openapi.json");
        // The reports' schemas are files beside it; here they are found within it by their ids.
        let mut defs = json!({});
        for name in ["run", "explore", "storm"] {
            let mut schema = read(&format!("{name}.schema.json"));
            schema["$id"] = json!(format!("json-schema:///{name}.schema.json"));
            defs[name] = schema;
        }
        api["$defs"] = defs;
        Self(api)
    }

    fn validator(&self, schema: &Value) -> Validator {
        let whole = json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "json-schema:///openapi.json",
            "$defs": self.0["$defs"],
            "components": self.0["components"],
            "allOf": [schema],
        });
        jsonschema::validator_for(&whole).unwrap()
    }

    #[track_caller]
    fn holds(&self, schema: &Value, body: &Value, what: &str) {
        let validator = self.validator(schema);
        let wrong: Vec<String> = validator
            .iter_errors(body)
            .map(|e| format!("{}: {e}", e.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{what}: {}\n{body}", wrong.join("\n"));
    }
}

impl Api {
    /// Every event has the form that is described for its name.
    #[track_caller]
    pub fn describes(&self, events: &[Event]) {
        for event in events {
            let schema = json!({ "$ref": format!("#/components/schemas/Event_{}", event.name) });
            self.holds(&schema, &event.data, &event.name);
        }
    }
}

#[tokio::test]
async fn every_path_is_answered_in_the_form_that_is_described() {
    let api = Api::read();
    let server = Server::start().await;
    let job = server.start_job(&run("broken")).await;
    let events = server.events(&job, 0).await;
    api.describes(&events);
    let run = last(&events, "done")["report"]["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let explored = server
        .work(&json!({ "kind": "explore", "lab": "01", "consumer": "fixed" }))
        .await;
    api.describes(&explored);
    let report = &last(&explored, "done")["report"];
    let cell = report["cells"][0]["replay"].as_str().unwrap();
    let cell = cell.rsplit_once("cells/").unwrap().1;

    let paths = api.0["paths"].as_object().unwrap();
    for (template, methods) in paths {
        let at = if template.contains("{cell}") {
            report["run"].as_str().unwrap()
        } else {
            &run
        };
        let path = template
            .replace("{lab}", "01")
            .replace("{job}", &job)
            .replace("{run}", at)
            .replace("{cell}", cell)
            .replace("{payment}", "msg-0001");
        if let Some(get) = methods.get("get") {
            let response = server.get(&path).await;
            assert_eq!(response.status(), 200, "{path}");
            let described = get["responses"]["200"]["content"].as_object().unwrap();
            let kind = response.headers()["content-type"]
                .to_str()
                .unwrap()
                .to_owned();
            let (_, content) = described
                .iter()
                .find(|(described, _)| kind.starts_with(described.as_str()))
                .unwrap_or_else(|| panic!("{path} is {kind}"));
            if kind.starts_with("application/json") {
                let body: Value = response.json().await.unwrap();
                api.holds(&content["schema"], &body, &path);
            }
        }
        if let Some(post) = methods.get("post") {
            // What each does is tested elsewhere; here, that it is there and refuses as described.
            let response = server.post(&path, &json!({})).await;
            let status = response.status().as_u16().to_string();
            let body: Value = response.json().await.unwrap();
            let described = &post["responses"][&status]["content"]["application/json"]["schema"];
            assert!(!described.is_null(), "{path} answers {status}: {body}");
            api.holds(described, &body, &path);
        }
    }
}

#[test]
fn no_path_is_served_that_is_not_described() {
    let router = include_str!("../../src/dashboard/mod.rs");
    let routes = router.split(".route(\"").skip(1);
    let mut served = BTreeSet::new();
    for route in routes {
        let (path, handlers) = route.split_once('"').unwrap();
        let handlers = handlers.lines().next().unwrap();
        for method in ["get", "post"] {
            if handlers.contains(&format!("{method}(")) {
                served.insert(format!("{method} {path}"));
            }
        }
    }
    let api = Api::read();
    let mut described = BTreeSet::new();
    for (path, methods) in api.0["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        described.extend(methods.map(|method| format!("{method} {path}")));
    }
    assert_eq!(served, described);
}

#[test]
fn a_body_of_another_form_is_found_out() {
    let api = Api::read();
    let schema = json!({ "$ref": "#/components/schemas/Accepted" });
    let validator = api.validator(&schema);
    assert!(validator.is_valid(&json!({ "job": "1" })));
    assert!(!validator.is_valid(&json!({ "job": 1 })));
    assert!(!validator.is_valid(&json!({ "job": "1", "more": 1 })));
    let told = json!({ "$ref": "#/components/schemas/Event_payments" });
    let counts = json!({
        "produced": 1, "delivered": 0, "redelivered": 0, "once": 0, "duplicated": 0, "lost": 0,
        "half_done": 0, "parked": 1, "unfinished": 0, "waiting": 0
    });
    let payments =
        |state: &str| json!({ "at_ms": 1.0, "changed": [[1, state, 0]], "counts": counts });
    assert!(api.validator(&told).is_valid(&payments("parked")));
    assert!(!api.validator(&told).is_valid(&payments("vanished")));
    let done = json!({ "$ref": "#/components/schemas/Event_done" });
    assert!(
        !api.validator(&done)
            .is_valid(&json!({ "runs": [], "report": {} }))
    );
}
