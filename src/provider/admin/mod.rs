//! The admin API: the knobs of one account, on a loopback listener of its own. Bodies are JSON.
//!
//! | request | |
//! | --- | --- |
//! | `GET /knobs` | how the knobs are set |
//! | `PATCH /knobs` | sets those that the body names; `null` is Stripe's own value |
//! | `GET /mishaps` | what will befall the next requests |
//! | `POST /mishaps` | `{"mishap": "lose_answer", "times": 1}`: lets it befall the next ones |
//! | `GET /clock` | the provider's clock |
//! | `POST /clock/advance` | `{"hours": 25}`: moves it forward |
//! | `GET /ledger` | every charge that was executed |

mod guard;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router, middleware};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::account::Account;
use super::behaviour::InjectedFailure;
use super::clock::millis;
use super::knobs::{Knobs, MAX_HOURS};
use super::ledger::LedgerEntry;
use crate::tap::Listener;

/// Bytes: all the knobs together take a tenth of this.
const MAX_BODY_BYTES: usize = 4096;

/// More than anybody counts.
const MAX_TIMES: u32 = 1000;

/// Is told, in words, of every change that was made.
pub type AdminObserver = Arc<dyn Fn(&str) + Send + Sync>;

/// Ends when this is dropped.
#[derive(Debug)]
pub struct Admin {
    listener: Listener,
    token: String,
}

struct AdminState {
    account: Account,
    observer: AdminObserver,
}

impl Admin {
    /// On a free port of 127.0.0.1, else an error; to be called within a Tokio runtime.
    pub fn start(account: Account, observer: AdminObserver) -> io::Result<Self> {
        let token = format!("{:032x}", rand::random::<u128>());
        let state = Arc::new(AdminState { account, observer });
        let router = Router::new()
            .route("/knobs", get(knobs).patch(turn))
            .route("/mishaps", get(awaited).post(inject))
            .route("/clock", get(clock))
            .route("/clock/advance", post(advance))
            .route("/ledger", get(ledger))
            .fallback(nothing_here)
            .method_not_allowed_fallback(nothing_here)
            .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
            .with_state(state)
            .layer(middleware::from_fn_with_state(
                Arc::<str>::from(token.as_str()),
                guard::check,
            ));
        let listener = Listener::start(router)?;
        Ok(Self { listener, token })
    }

    /// Without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.listener.url()
    }

    /// `Authorization: Bearer TOKEN`.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

struct AdminRefusal {
    status: StatusCode,
    error: String,
    next: &'static str,
}

impl IntoResponse for AdminRefusal {
    fn into_response(self) -> Response {
        let body = json!({"error": self.error, "next": self.next});
        (self.status, Json(body)).into_response()
    }
}

fn invalid(error: impl fmt::Display, next: &'static str) -> AdminRefusal {
    AdminRefusal {
        status: StatusCode::BAD_REQUEST,
        error: error.to_string(),
        next,
    }
}

type RequestBody = Result<Bytes, BytesRejection>;

fn read<T: DeserializeOwned>(body: RequestBody, next: &'static str) -> Result<T, AdminRefusal> {
    let body = body.map_err(|rejection| AdminRefusal {
        status: rejection.status(),
        error: format!("the body is larger than {MAX_BODY_BYTES} bytes, or broke off"),
        next,
    })?;
    serde_json::from_slice(&body)
        .map_err(|e| invalid(format!("the body is not understood: {e}"), next))
}

async fn knobs(State(state): State<Arc<AdminState>>) -> Json<Knobs> {
    Json(Knobs::of(&state.account.behaviour()))
}

/// A merge patch (RFC 7386): a client should have to name only what it changes.
async fn turn(
    State(state): State<Arc<AdminState>>,
    body: RequestBody,
) -> Result<Json<Knobs>, AdminRefusal> {
    const NEXT: &str = "GET /knobs shows every knob; PATCH those that are to change";
    let patch: serde_json::Map<String, Value> = read(body, NEXT)?;
    // Under one lock, so that of two patches at once neither undoes the other.
    let (before, after) = state
        .account
        .change_behaviour(|behaviour| {
            let before = Knobs::of(behaviour);
            let after = patched(&before, &patch)?;
            *behaviour = after.behaviour()?;
            Ok::<_, String>((before, after))
        })
        .map_err(|problem| invalid(problem, NEXT))?;
    if after != before {
        (state.observer)(&format!("set {}", Value::Object(patch)));
    }
    Ok(Json(after))
}

/// One by one, so that an error says which of them it is about.
fn patched(knobs: &Knobs, patch: &serde_json::Map<String, Value>) -> Result<Knobs, String> {
    let mut patched = knobs.clone();
    for (name, value) in patch {
        let mut all = json!(patched);
        match value {
            // Left out is Stripe's.
            Value::Null => all.as_object_mut().and_then(|all| all.remove(name)),
            value => Some(std::mem::replace(&mut all[name], value.clone())),
        };
        patched = serde_json::from_value(all).map_err(|e| format!("{name}: {e}"))?;
    }
    Ok(patched)
}

async fn awaited(State(state): State<Arc<AdminState>>) -> Json<Value> {
    Json(json!({ "awaited": state.account.awaited() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InjectionOrder {
    mishap: InjectedFailure,
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

async fn inject(
    State(state): State<Arc<AdminState>>,
    body: RequestBody,
) -> Result<Json<Value>, AdminRefusal> {
    const NEXT: &str = "send {\"mishap\": \"lose_answer\", \"times\": 1}; the others are fail_before, \
                        fail_after, lock_timeout and rate_limit";
    let InjectionOrder { mishap, times } = read(body, NEXT)?;
    if !(1..=MAX_TIMES).contains(&times) {
        return Err(invalid(
            format!("times is {times}, not 1 to {MAX_TIMES}"),
            NEXT,
        ));
    }
    state.account.inject(mishap, times);
    let name = json!(mishap);
    let name = name.as_str().unwrap_or_default();
    (state.observer)(&match times {
        1 => format!("ordered {name} once"),
        times => format!("ordered {name} {times} times"),
    });
    Ok(awaited(State(state)).await)
}

async fn clock(State(state): State<Arc<AdminState>>) -> Json<Value> {
    Json(json!({ "unix_ms": millis(state.account.clock().now()) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    hours: f64,
}

async fn advance(
    State(state): State<Arc<AdminState>>,
    body: RequestBody,
) -> Result<Json<Value>, AdminRefusal> {
    const NEXT: &str = "send {\"hours\": 25}; a clock moves forward only";
    let Advance { hours } = read(body, NEXT)?;
    if !(hours > 0.0 && hours <= MAX_HOURS) {
        return Err(invalid(
            format!("hours is {hours}: say more than 0, and no more than {MAX_HOURS}"),
            NEXT,
        ));
    }
    let by = Duration::from_secs_f64(hours * 3600.0);
    state.account.clock().advance(by);
    (state.observer)(&format!("advanced the clock by {hours} hours"));
    Ok(clock(State(state)).await)
}

async fn ledger(State(state): State<Arc<AdminState>>) -> Json<Vec<LedgerEntry>> {
    Json(state.account.ledger())
}

async fn nothing_here(method: Method, uri: Uri) -> AdminRefusal {
    AdminRefusal {
        status: StatusCode::NOT_FOUND,
        error: format!("there is no {method} {}", uri.path()),
        next: "GET /knobs, PATCH /knobs, GET /mishaps, POST /mishaps, GET /clock, \
               POST /clock/advance or GET /ledger",
    }
}
