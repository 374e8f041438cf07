//! The admin API: each knob changes what the provider does, and nobody uninvited turns one.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, Lab, answer, http, start, unanswered};
use crashwindow::provider::Admin;

/// A provider with its admin API, and what that has told its observer.
struct Office {
    lab: Lab,
    admin: Admin,
    told: Arc<Mutex<Vec<String>>>,
}

impl Office {
    fn open() -> Self {
        let lab = Lab::open();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let observer = move |what: &str| heard.lock().unwrap().push(what.to_owned());
        let admin = Admin::start(lab.account.clone(), Arc::new(observer)).expect("a free port");
        Self { lab, admin, told }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = http().request(method, format!("{}{path}", self.admin.url()));
        request.bearer_auth(self.admin.token())
    }

    async fn get(&self, path: &str) -> Value {
        let shown = answer(self.request(Method::GET, path)).await;
        assert_eq!(shown.status, 200, "{shown:?}");
        shown.body
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        answer(self.request(method, path).json(&body)).await
    }

    /// Turns a knob, which must be possible, and shows what it was set to.
    async fn set(&self, name: &str, value: Value) {
        let set = self
            .send(Method::PATCH, "/knobs", json!({name: value}))
            .await;
        assert_eq!((set.status, &set.body[name]), (200, &value), "{set:?}");
        assert_eq!(self.get("/knobs").await, set.body);
    }

    async fn befall(&self, mishap: &str, times: u32) {
        let body = json!({"mishap": mishap, "times": times});
        let ordered = self.send(Method::POST, "/mishaps", body).await;
        assert_eq!(ordered.status, 200, "{ordered:?}");
    }

    fn charged(&self) -> usize {
        self.lab.charged().len()
    }
}

#[tokio::test]
async fn untouched_the_knobs_are_stripes() {
    let expected = json!({
        "latency_ms": 0,
        "key_lifetime_hours": 24.0,
        "keys_ignored": false,
        "search_lag_seconds": 60.0,
        "fail_before_every": null,
        "fail_after_every": null,
        "lose_answer_every": null,
        "lock_timeout_every": null,
        "rate_limit_every": null,
    });
    assert_eq!(Office::open().get("/knobs").await, expected);
}

#[tokio::test]
async fn latency_delays_an_execution_but_no_replay() {
    let office = Office::open();
    office.set("latency_ms", json!(300)).await;
    let since = Instant::now();
    answer(office.lab.charge("k1")).await;
    assert!(since.elapsed() >= Duration::from_millis(300));

    // Were the replay delayed too, it would not come before the clock has told so.
    office.set("latency_ms", json!(10_000)).await;
    let since = Instant::now();
    assert!(answer(office.lab.charge("k1")).await.is_replay());
    assert!(since.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn ignored_keys_charge_again() {
    let office = Office::open();
    answer(office.lab.charge("k1")).await;
    office.set("keys_ignored", json!(true)).await;
    assert!(!answer(office.lab.charge("k1")).await.is_replay());
    assert_eq!(office.charged(), 2);

    office.set("keys_ignored", json!(false)).await;
    assert!(answer(office.lab.charge("k1")).await.is_replay());
}

#[tokio::test]
async fn a_key_dies_of_the_clock_or_of_a_shorter_life() {
    let office = Office::open();
    let advance = |hours: f64| office.send(Method::POST, "/clock/advance", json!({"hours": hours}));
    answer(office.lab.charge("k1")).await;
    let before = office.get("/clock").await["unix_ms"]
        .as_u64()
        .expect("a time");

    let after = advance(23.9).await.body["unix_ms"]
        .as_u64()
        .expect("a time");
    assert!(after - before >= 86_040_000, "{before} {after}");
    assert!(answer(office.lab.charge("k1")).await.is_replay());
    advance(0.1).await;
    assert!(!answer(office.lab.charge("k1")).await.is_replay());

    advance(1.0).await;
    assert!(answer(office.lab.charge("k1")).await.is_replay());
    office.set("key_lifetime_hours", json!(0.5)).await;
    assert!(!answer(office.lab.charge("k1")).await.is_replay());
    assert_eq!(office.charged(), 3);
}

#[tokio::test]
async fn a_search_finds_at_once_what_it_is_told_to_index_at_once() {
    let office = Office::open();
    let form = "amount=1&currency=usd&metadata[payment_id]=msg-0001";
    answer(office.lab.post("/v1/charges", form)).await;
    let query = "/v1/charges/search?query=metadata[%27payment_id%27]:%27msg-0001%27";
    let found = async || {
        let found = answer(office.lab.get(query)).await.body;
        found["data"].as_array().expect("a list").len()
    };
    assert_eq!(found().await, 0);
    office.set("search_lag_seconds", json!(0.0)).await;
    assert_eq!(found().await, 1);
}

#[tokio::test]
async fn every_second_request_fails_as_it_was_told_to_until_it_is_told_not_to() {
    // Status, whether the answer asks for a retry, and whether the customer has paid.
    for (knob, status, retry, charged) in [
        ("fail_before_every", 503, None, false),
        ("fail_after_every", 500, Some("false"), true),
        ("lock_timeout_every", 429, Some("true"), false),
        ("rate_limit_every", 429, None, false),
    ] {
        let office = Office::open();
        office.set(knob, json!(2)).await;
        assert_eq!(answer(office.lab.charge("k1")).await.status, 200, "{knob}");
        let failed = answer(office.lab.charge("k2")).await;
        assert_eq!(failed.status, status, "{knob}");
        assert_eq!(failed.header("Stripe-Should-Retry"), retry, "{knob}");
        assert_eq!(office.charged(), 1 + usize::from(charged), "{knob}");

        // Only what was executed is remembered.
        let retried = answer(office.lab.charge("k2")).await;
        assert_eq!(retried.is_replay(), charged, "{knob}");
        office.set(knob, Value::Null).await;
        assert_eq!(answer(office.lab.charge("k3")).await.status, 200, "{knob}");
    }
}

#[tokio::test]
async fn every_second_answer_is_lost_after_the_charge() {
    let office = Office::open();
    office.set("lose_answer_every", json!(2)).await;
    answer(office.lab.charge("k1")).await;
    unanswered(start(office.lab.charge("k2"))).await;
    assert_eq!(office.charged(), 2);
    assert!(answer(office.lab.charge("k2")).await.is_replay());
}

#[tokio::test]
async fn mishaps_befall_the_next_requests_in_order_and_no_more() {
    let office = Office::open();
    office.befall("fail_before", 2).await;
    office.befall("lock_timeout", 1).await;
    let awaited = json!({"awaited": ["fail_before", "fail_before", "lock_timeout"]});
    assert_eq!(office.get("/mishaps").await, awaited);

    // What only reads is spared.
    assert_eq!(answer(office.lab.get("/v1/charges")).await.status, 200);
    for status in [503, 503, 429, 200] {
        assert_eq!(answer(office.lab.charge("k1")).await.status, status);
    }
    assert_eq!(office.get("/mishaps").await, json!({"awaited": []}));
}

#[tokio::test]
async fn the_ledger_is_shown_as_it_is() {
    let office = Office::open();
    let charge = answer(office.lab.charge("k1")).await;
    let ledger = office.get("/ledger").await;
    assert_eq!(ledger, json!(office.lab.account.ledger()));
    assert_eq!(ledger[0]["charge"], charge.id());
}

#[tokio::test]
async fn every_change_is_told_and_no_look() {
    let office = Office::open();
    for path in ["/knobs", "/mishaps", "/clock", "/ledger"] {
        office.get(path).await;
    }
    office.set("latency_ms", json!(0)).await;
    office.set("latency_ms", json!(1)).await;
    office.befall("rate_limit", 3).await;
    let advance = json!({"hours": 25});
    office.send(Method::POST, "/clock/advance", advance).await;
    let told = office.told.lock().unwrap().clone();
    let expected = [
        "set {\"latency_ms\":1}",
        "ordered rate_limit 3 times",
        "advanced the clock by 25 hours",
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_name_and_changes_nothing() {
    let office = Office::open();
    let before = office.get("/knobs").await;
    for (method, path, body, word) in [
        (
            Method::PATCH,
            "/knobs",
            json!({"latency_ms": 1, "speed": 2}),
            "speed",
        ),
        (
            Method::PATCH,
            "/knobs",
            json!({"latency_ms": "slow"}),
            "latency_ms",
        ),
        (
            Method::PATCH,
            "/knobs",
            json!({"latency_ms": 1_000_000}),
            "latency_ms",
        ),
        (
            Method::PATCH,
            "/knobs",
            json!({"fail_after_every": 0}),
            "fail_after_every",
        ),
        (Method::PATCH, "/knobs", json!([]), "body"),
        (
            Method::POST,
            "/mishaps",
            json!({"mishap": "explode"}),
            "explode",
        ),
        (
            Method::POST,
            "/mishaps",
            json!({"mishap": "fail_after", "times": 0}),
            "times",
        ),
        (
            Method::POST,
            "/clock/advance",
            json!({"hours": -1}),
            "hours",
        ),
        (Method::POST, "/clock/advance", json!({}), "hours"),
    ] {
        let refused = office.send(method, path, body.clone()).await;
        assert_eq!(refused.status, 400, "{path} {body}");
        let error = refused.body["error"].as_str().expect("an error");
        assert!(error.contains(word), "{path} {body}: {error}");
        assert!(refused.body["next"].is_string(), "{path} {body}");
    }
    assert_eq!(office.get("/knobs").await, before);
    assert_eq!(office.get("/mishaps").await, json!({"awaited": []}));
    assert!(office.told.lock().unwrap().is_empty());
    let nowhere = answer(office.request(Method::DELETE, "/ledger")).await;
    assert_eq!(nowhere.status, 404);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let office = Office::open();
    let body = json!({"latency_ms": 1, "x": "x".repeat(5000)});
    let refused = office.send(Method::PATCH, "/knobs", body).await;
    assert_eq!(refused.status, 413, "{refused:?}");
    assert_eq!(office.get("/knobs").await["latency_ms"], 0);
}

#[tokio::test]
async fn neither_strangers_nor_web_pages_are_let_in() {
    let office = Office::open();
    let turn = |token: &str| {
        let request = http().patch(format!("{}/knobs", office.admin.url()));
        let request = request.json(&json!({"keys_ignored": true}));
        request.bearer_auth(token)
    };
    let token = office.admin.token();
    let own = office.admin.url();
    let other = "f".repeat(token.len());
    let foreign = [
        (turn(""), 401),
        (turn(&other), 401),
        (turn(&token[1..]), 401),
        (turn(office.lab.account.api_key()), 401),
        (turn(token).header("Host", "evil.example"), 403),
        (turn(token).header("Host", "127.0.0.1.evil.example"), 403),
        (turn(token).header("Origin", "https://evil.example"), 403),
        (turn(token).header("Origin", "null"), 403),
        (turn(token).header("Origin", "http://127.0.0.1:1"), 403),
    ];
    for (request, status) in foreign {
        let refused = answer(request).await;
        assert_eq!(refused.status, status, "{refused:?}");
        assert!(!office.lab.account.behaviour().keys_ignored);
    }
    // No more than that is refused: not a request that names itself as the browser would.
    let welcome = answer(turn(token).header("Origin", own)).await;
    assert_eq!(welcome.status, 200);
    assert!(office.lab.account.behaviour().keys_ignored);
}

#[tokio::test]
async fn the_secrets_of_two_offices_differ_and_one_opens_only_its_own() {
    let (one, other) = (Office::open(), Office::open());
    assert_ne!(one.admin.token(), other.admin.token());
    let request = http().get(format!("{}/ledger", one.admin.url()));
    let refused = answer(request.bearer_auth(other.admin.token())).await;
    assert_eq!(refused.status, 401);
}
