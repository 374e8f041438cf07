//! Stripe's test cards: <https://docs.stripe.com/testing?testing-method=payment-methods>.

use super::error::ApiError;

/// The error's code, the issuer's reason if there is one, and the words that a customer is shown.
type Decline = (&'static str, Option<&'static str>, &'static str);

const DECLINED: &str = "chargeDeclined";

/// By what follows `chargeDeclined` in the name of the card.
const REASONS: [(&str, Decline); 6] = [
    (
        "InsufficientFunds",
        (
            "card_declined",
            Some("insufficient_funds"),
            "Your card has insufficient funds.",
        ),
    ),
    (
        "LostCard",
        (
            "card_declined",
            Some("lost_card"),
            "Your card was declined.",
        ),
    ),
    (
        "StolenCard",
        (
            "card_declined",
            Some("stolen_card"),
            "Your card was declined.",
        ),
    ),
    (
        "ExpiredCard",
        ("expired_card", None, "Your card has expired."),
    ),
    (
        "IncorrectCvc",
        (
            "incorrect_cvc",
            None,
            "Your card's security code is incorrect.",
        ),
    ),
    (
        "ProcessingError",
        (
            "processing_error",
            None,
            "An error occurred while processing your card. Try again in a little bit.",
        ),
    ),
];

const GENERIC: Decline = (
    "card_declined",
    Some("generic_decline"),
    "Your card was declined.",
);

/// The cards that are always declined are; any other name is a card that works.
pub(super) fn authorize(card: &str) -> Result<(), ApiError> {
    let Some(reason) = bare(card).strip_prefix(DECLINED) else {
        return Ok(());
    };
    let named = REASONS.iter().find(|(name, _)| *name == reason);
    let (code, decline_code, message) = named.map_or(GENERIC, |(_, decline)| *decline);
    Err(ApiError::card(code, decline_code, message))
}

/// Refuses cards whose holder would have to act: nobody is there, and a charge all the same would
/// be a lie.
pub(super) fn check(card: &str, param: &str) -> Result<(), ApiError> {
    let card = bare(card);
    if card.starts_with("authenticationRequired") || card.starts_with("threeDSecure") {
        let message = "Cards that ask their holder for authentication cannot be used here.";
        return Err(ApiError::invalid_parameter(param, message));
    }
    Ok(())
}

/// `chargeDeclined` of `pm_card_visa_chargeDeclined` and of `tok_chargeDeclined`.
fn bare(card: &str) -> &str {
    let mut name = card;
    for prefix in ["tok_", "pm_", "card_", "visa_"] {
        name = name.strip_prefix(prefix).unwrap_or(name);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_that_is_always_declined_says_why() {
        for (card, code, decline_code) in [
            ("tok_chargeDeclined", "card_declined", "generic_decline"),
            (
                "pm_card_visa_chargeDeclined",
                "card_declined",
                "generic_decline",
            ),
            (
                "tok_visa_chargeDeclinedInsufficientFunds",
                "card_declined",
                "insufficient_funds",
            ),
            (
                "pm_card_visa_chargeDeclinedLostCard",
                "card_declined",
                "lost_card",
            ),
            ("pm_card_chargeDeclinedExpiredCard", "expired_card", ""),
            (
                "tok_chargeDeclinedSomethingNew",
                "card_declined",
                "generic_decline",
            ),
        ] {
            let error = authorize(card).expect_err(card).body()["error"].clone();
            assert_eq!(error["type"], "card_error", "{card}");
            assert_eq!(error["code"], code, "{card}");
            let reason = error["decline_code"].as_str().unwrap_or_default();
            assert_eq!(reason, decline_code, "{card}");
        }
    }

    #[test]
    fn any_other_card_works_unless_its_holder_would_have_to_act() {
        for card in ["tok_visa", "pm_card_visa", "pm_1NqKZE", "card_visa", ""] {
            assert_eq!(authorize(card), Ok(()), "{card}");
            assert_eq!(check(card, "source"), Ok(()), "{card}");
        }
        for card in [
            "pm_card_authenticationRequired",
            "tok_threeDSecure2Required",
        ] {
            let refused = check(card, "payment_method").expect_err(card).body();
            assert_eq!(refused["error"]["param"], "payment_method");
        }
    }
}
