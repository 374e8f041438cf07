//! As OpenAPI 3.1, whose schemas are JSON Schemas: the types are described once for all.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::operation::ApiOperation;
use super::references::{COMPONENTS, needed, point_to_reports};
use super::schema;
use crate::dashboard::problem::Problem;
use crate::dashboard::wire::jobs::Report;
use crate::dashboard::wire::live::events;
use crate::dashboard::{health, jobs, labs, metrics, quiz, runs};
use crate::report::RunReport;

fn operations(types: &mut SchemaGenerator) -> Vec<ApiOperation> {
    let t = types;
    vec![
        ApiOperation::of(("get", "/api/health", "health"), health::show, t),
        ApiOperation::of(("get", "/api/labs", "labs"), labs::all, t),
        ApiOperation::of(("get", "/api/labs/{lab}", "lab"), labs::one, t),
        ApiOperation::of(("get", "/api/labs/{lab}/quiz", "quiz"), quiz::show, t),
        ApiOperation::of(("post", "/api/labs/{lab}/quiz", "answer"), quiz::answer, t)
            .says("Kept in the attendee's file, which `crashwindow quiz` uses too."),
        ApiOperation::of(("post", "/api/jobs", "start"), jobs::start, t)
            .says("One job at a time.")
            .or(&[409]),
        ApiOperation::of(("get", "/api/jobs/{job}", "job"), jobs::show, t),
        ApiOperation::of(("post", "/api/jobs/{job}/stop", "stop"), jobs::stop, t).or(&[409]),
        ApiOperation::of(
            ("post", "/api/jobs/{job}/strike", "strike"),
            jobs::strike,
            t,
        )
        .says("Storms only; what came of it is a `fault` event and a mark of the report.")
        .or(&[409]),
        ApiOperation::of(
            ("post", "/api/jobs/{job}/diagnosis", "diagnosis"),
            jobs::diagnosis,
            t,
        )
        .says("Drills only, once the incident is over.")
        .or(&[409]),
        ApiOperation::text(
            ("get", "/api/jobs/{job}/events", "events"),
            "text/event-stream",
            "Server-sent events, each with an id; `event: NAME` has data of the schema \
             `Event_NAME`. Where the buffer no longer reaches back, the last plan, instance states \
             and a full `payments` snapshot come first.",
        )
        .query(
            "after",
            "As Last-Event-ID.",
            json!({ "type": "integer", "minimum": 0 }),
        )
        .or(&[204, 400]),
        ApiOperation::of(("get", "/api/runs", "runs"), runs::list, t)
            .says("The newest 50.")
            .query(
                "before",
                "Only older runs than this one.",
                json!({ "type": "string" }),
            ),
        ApiOperation::of(("get", "/api/runs/{run}", "run"), runs::report, t).answers::<Report>(t),
        ApiOperation::of(
            ("get", "/api/runs/{run}/payments/{payment}", "payment"),
            runs::payment,
            t,
        ),
        ApiOperation::of(
            ("get", "/api/runs/{run}/cells/{cell}", "cell"),
            runs::cell,
            t,
        )
        .answers::<RunReport>(t),
        ApiOperation::text(
            ("get", "/api/runs/{run}/download.json", "downloadJson"),
            "application/json",
            "It is so.",
        )
        .answers::<Report>(t),
        ApiOperation::text(
            ("get", "/api/runs/{run}/download.html", "downloadHtml"),
            "text/html",
            "A page.",
        ),
        ApiOperation::text(
            ("get", "/metrics", "metrics"),
            "text/plain",
            "Prometheus text.",
        ),
        ApiOperation::of(("get", "/sd", "sd"), metrics::targets, t)
            .says("HTTP service discovery of Prometheus: every live instance that serves metrics."),
        ApiOperation::text(
            ("get", "/openapi.json", "openapi"),
            "application/json",
            "It is so.",
        )
        .answers::<Map<String, Value>>(t),
    ]
}

pub(super) fn document() -> Value {
    let mut types = schema::types(COMPONENTS);
    let events = events(&mut types);
    let mut paths = json!({});
    let problem = types.subschema_for::<Problem>().to_value();
    for operation in operations(&mut types) {
        paths[operation.path][operation.method] = tell(&operation, &problem);
    }
    let mut schemas = types.take_definitions(true);
    for (event, name) in &events {
        let told = json!({ "$ref": format!("#{COMPONENTS}/{name}") });
        schemas.insert(format!("Event_{event}"), told);
    }
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Crashwindow's dashboard",
            "version": "1",
            "description": "What `crashwindow serve` answers. Requests that change something \
                carry the token of the printed URL."
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": { "type": "apiKey", "in": "header", "name": "X-Crashwindow-Token" }
            },
            "schemas": {}
        }
    });
    let mut schemas = Value::Object(schemas);
    schema::tidy(&mut schemas);
    point_to_reports(&mut schemas);
    point_to_reports(&mut document["paths"]);
    document["components"]["schemas"] = needed(&document["paths"], &schemas, &events);
    document
}

fn tell(operation: &ApiOperation, problem: &Value) -> Value {
    let is_post = operation.method == "post";
    let mut parameters = Vec::new();
    for part in operation.path.split('{').skip(1) {
        let (name, _) = part.split_once('}').expect("a parameter ends");
        parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": meaning(name),
            "schema": { "type": "string" }
        }));
    }
    let mut refusals = vec![403];
    if !parameters.is_empty() {
        refusals.push(404);
    }
    if is_post {
        refusals.extend([400, 401, 413]);
    }
    for (name, description, schema) in &operation.query {
        parameters.push(json!({
            "name": name, "in": "query", "required": false, "description": description,
            "schema": schema
        }));
    }
    let mut responses = json!({});
    responses[operation.status.to_string()] = json!({
        "description": operation.description,
        "content": { operation.content: { "schema": operation.answer } }
    });
    for status in refusals.iter().chain(&operation.others) {
        responses[status.to_string()] = match status {
            204 => json!({ "description": why(*status) }),
            _ => json!({
                "description": why(*status),
                "content": { "application/json": { "schema": problem } }
            }),
        };
    }
    let mut told = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "parameters": parameters,
        "responses": responses
    });
    if is_post {
        told["security"] = json!([{ "token": [] }]);
    }
    if let Some(body) = &operation.body {
        told["requestBody"] = json!({
            "required": true, "content": { "application/json": { "schema": body } }
        });
    }
    told
}

fn meaning(parameter: &str) -> &'static str {
    match parameter {
        "lab" => "Two digits, or the name.",
        "job" => "The job's id.",
        "run" => "`0007`",
        "payment" => "`msg-0007`",
        "cell" => "Its number.",
        other => panic!("{other} is described nowhere"),
    }
}

fn why(status: u16) -> &'static str {
    match status {
        204 => "The job is over and everything was read: do not reconnect.",
        400 => "The body is not what it should be, or names what is not there.",
        401 => "No token, or another.",
        403 => "A Host or an Origin that is not this server.",
        404 => "There is none of that name.",
        409 => "Not now; `job` is one that is in the way.",
        413 => "More than 64 KiB.",
        other => panic!("{other} is described nowhere"),
    }
}
