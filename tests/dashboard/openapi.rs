//! The API is what docs/openapi.json says: every path is answered, and every body and event has the
//! form that is described.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::server::{Server, last, run};

struct Api(Value);

impl Api {
    fn read() -> Self {
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

#[tokio::test]
async fn every_path_is_answered_in_the_form_that_is_described() {
    let api = Api::read();
    let server = Server::start().await;
    let job = server.start_job(&run("broken")).await;
    let events = server.events(&job, 0).await;
    for event in &events {
        let schema = json!({ "$ref": format!("#/components/schemas/Event_{}", event.name) });
        api.holds(&schema, &event.data, &event.name);
    }
    let run = last(&events, "done")["report"]["run"]
        .as_str()
        .unwrap()
        .to_owned();
    let explored = server
        .work(&json!({ "kind": "explore", "lab": "01", "consumer": "fixed" }))
        .await;
    for event in &explored {
        let schema = json!({ "$ref": format!("#/components/schemas/Event_{}", event.name) });
        api.holds(&schema, &event.data, &event.name);
    }
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
fn a_body_of_another_form_is_found_out() {
    let api = Api::read();
    let schema = json!({ "$ref": "#/components/schemas/Accepted" });
    let validator = api.validator(&schema);
    assert!(validator.is_valid(&json!({ "job": "1" })));
    assert!(!validator.is_valid(&json!({ "job": 1 })));
    assert!(!validator.is_valid(&json!({ "job": "1", "more": 1 })));
    let done = json!({ "$ref": "#/components/schemas/Event_done" });
    assert!(
        !api.validator(&done)
            .is_valid(&json!({ "runs": [], "report": {} }))
    );
}
