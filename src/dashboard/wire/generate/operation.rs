//! What a handler takes and answers, read off its own types.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::dashboard::problem::{Body, Problem};

pub(super) trait Answer {
    const STATUS: u16;

    fn schema(types: &mut SchemaGenerator) -> Value;
}

impl<T: JsonSchema> Answer for Json<T> {
    const STATUS: u16 = 200;

    fn schema(types: &mut SchemaGenerator) -> Value {
        types.subschema_for::<T>().to_value()
    }
}

impl<T: JsonSchema> Answer for (StatusCode, Json<T>) {
    const STATUS: u16 = 202;

    fn schema(types: &mut SchemaGenerator) -> Value {
        types.subschema_for::<T>().to_value()
    }
}

impl<A: Answer> Answer for Result<A, Problem> {
    const STATUS: u16 = A::STATUS;

    fn schema(types: &mut SchemaGenerator) -> Value {
        A::schema(types)
    }
}

pub(super) trait Takes {
    fn body(_: &mut SchemaGenerator) -> Option<Value> {
        None
    }
}

impl<S> Takes for State<S> {}
impl<P> Takes for Path<P> {}
impl<Q> Takes for Query<Q> {}

impl<T: JsonSchema> Takes for Body<T> {
    fn body(types: &mut SchemaGenerator) -> Option<Value> {
        Some(types.subschema_for::<T>().to_value())
    }
}

pub(super) trait Handler<Arguments> {
    type Answer: Answer;

    fn body(types: &mut SchemaGenerator) -> Option<Value>;
}

macro_rules! handlers {
    ($($($argument:ident)+;)+) => {
        $(impl<F, R, $($argument),+> Handler<($($argument,)+)> for F
        where
            F: Fn($($argument),+) -> R,
            R: Future<Output: Answer>,
            $($argument: Takes),+
        {
            type Answer = R::Output;
            fn body(types: &mut SchemaGenerator) -> Option<Value> {
                None$(.or_else(|| $argument::body(types)))+
            }
        })+
    };
}

handlers! {
    A;
    A B;
    A B C;
}

pub(super) struct ApiOperation {
    pub method: &'static str,
    pub path: &'static str,
    pub id: &'static str,
    pub summary: &'static str,
    pub body: Option<Value>,
    pub status: u16,
    pub answer: Value,
    pub content: &'static str,
    pub description: &'static str,
    /// Beside those of the path: name, description, schema.
    pub query: Vec<(&'static str, &'static str, Value)>,
    pub others: Vec<u16>,
}

impl ApiOperation {
    pub fn of<H: Handler<A>, A>(
        (method, path, id): (&'static str, &'static str, &'static str),
        _: H,
        types: &mut SchemaGenerator,
    ) -> Self {
        Self {
            body: H::body(types),
            status: H::Answer::STATUS,
            answer: H::Answer::schema(types),
            ..Self::text((method, path, id), "application/json", "It is so.")
        }
    }

    pub fn text(
        (method, path, id): (&'static str, &'static str, &'static str),
        content: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            summary: "",
            body: None,
            status: 200,
            answer: json!({ "type": "string" }),
            content,
            description,
            query: Vec::new(),
            others: Vec::new(),
        }
    }

    /// A saved report is passed through as it was written.
    pub fn answers<T: JsonSchema>(mut self, types: &mut SchemaGenerator) -> Self {
        self.answer = types.subschema_for::<T>().to_value();
        self
    }

    pub fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub fn or(mut self, others: &[u16]) -> Self {
        self.others.extend(others);
        self
    }

    pub fn query(mut self, name: &'static str, description: &'static str, schema: Value) -> Self {
        self.query.push((name, description, schema));
        self
    }
}
