//! What earlier versions told of a request over HTTP in words alone.

use crate::event::EventOutcome;

const CHARGING: [&str; 3] = [
    "POST /v1/charges",
    "POST /v1/payment_intents",
    "POST /v1/payment_intents/{id}/confirm",
];
pub(crate) const CHARGE_SEARCH: &str = "GET /v1/charges/search";

/// `200 ch_1`, and of an intent that was confirmed `200 pi_1 ch_1`; `200 post_1` at the sink.
pub(super) fn over_http(signature: &str, outcome: &str) -> Option<EventOutcome> {
    let mut words: Vec<&str> = outcome.split(' ').collect();
    let is_replayed = words.pop_if(|last| *last == "(replayed)").is_some();
    let status: u16 = words.first()?.parse().ok()?;
    let code = words.get(1).copied().unwrap_or_default();
    let named = |start: &str| words[1..].iter().find(|word| word.starts_with(start));
    let charge = named("ch_").filter(|_| CHARGING.contains(&signature));
    let effect = charge.or(named("post_")).map(|id| (*id).to_owned());
    Some(match status {
        _ if is_replayed => EventOutcome::Replayed { effect },
        400.. => EventOutcome::failed(status, code),
        _ if signature == CHARGE_SEARCH => EventOutcome::Found {
            effect: named("ch_").map(|id| (*id).to_owned()),
        },
        _ => EventOutcome::Executed { effect },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::Role;
    use crate::tap::BoundaryEvent;

    fn read(tap: &str, signature: &str, outcome: &str, detail: serde_json::Value) -> BoundaryEvent {
        let stage = if outcome.is_empty() {
            "received"
        } else {
            "answered"
        };
        let event = json!({
            "tap": tap, "stage": stage, "source": {"instance": "a", "incarnation": 1},
            "signature": signature, "outcome": outcome, "writes": true, "detail": detail,
        });
        serde_json::from_value(event).expect("an event as it was stored")
    }

    #[test]
    fn what_was_told_in_words_alone_is_typed() {
        let read = |signature, outcome| read("provider", signature, outcome, json!(null)).result;
        let effect = |id: &str| Some(id.to_owned());
        let charge = "POST /v1/charges";
        let confirm = "POST /v1/payment_intents/{id}/confirm";
        for (signature, outcome, result) in [
            (charge, "", None),
            (
                charge,
                "200 ch_1",
                Some(EventOutcome::Executed {
                    effect: effect("ch_1"),
                }),
            ),
            (
                confirm,
                "200 pi_1 ch_1 (replayed)",
                Some(EventOutcome::Replayed {
                    effect: effect("ch_1"),
                }),
            ),
            ("GET /v1/charges/{id}", "200 ch_1", Some(EventOutcome::DONE)),
            (
                CHARGE_SEARCH,
                "200 none",
                Some(EventOutcome::Found { effect: None }),
            ),
            (
                CHARGE_SEARCH,
                "200 ch_1",
                Some(EventOutcome::Found {
                    effect: effect("ch_1"),
                }),
            ),
            (
                "POST /orders/{}",
                "200 post_7",
                Some(EventOutcome::Executed {
                    effect: effect("post_7"),
                }),
            ),
            (
                charge,
                "409 idempotency_key_in_use",
                Some(EventOutcome::failed(409, "idempotency_key_in_use")),
            ),
            (
                charge,
                "500 api_error",
                Some(EventOutcome::Uncertain {
                    code: "api_error".into(),
                }),
            ),
        ] {
            assert_eq!(read(signature, outcome), result, "{signature}: {outcome}");
        }
    }

    #[test]
    fn what_the_tap_knew_beyond_words_tells_the_role_and_the_outcome() {
        let fetched = json!({"kafka": {"fetch": []}});
        let delivery = read("kafka", "kafka Fetch", "partition 0 offset 7", fetched);
        assert_eq!(delivery.role, Role::Deliver);
        let refused = json!({"postgres": {
            "tag": null, "rows": null, "sqlstate": "23505", "transaction": null,
            "backend_pid": null,
        }});
        let refused = read("postgres", "INSERT", "23505 unique_violation", refused);
        assert_eq!(refused.role, Role::Request);
        let code = "23505".to_owned();
        assert_eq!(refused.result, Some(EventOutcome::Refused { code }));
    }

    #[test]
    fn an_event_of_this_version_reads_back_as_it_was() {
        let mut event = read("provider", "POST /v1/charges", "200 ch_1", json!(null));
        event.role = Role::Acknowledge;
        event.result = Some(EventOutcome::RolledBack);
        let text = serde_json::to_string(&event).expect("it can be written");
        assert_eq!(serde_json::from_str::<BoundaryEvent>(&text).unwrap(), event);
    }
}
