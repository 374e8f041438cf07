//! Payment ids: how the lab writes them, and how a tap finds one in whatever a request carries.

const PREFIX: &str = "msg-";
/// Fewer digits than this are not a payment of the lab: `msg-1` is too likely to be somebody's own.
const MIN_DIGITS: usize = 4;

/// The id of the payment with this number, from 1: `msg-0017`. Ids of up to 9,999 payments sort as
/// their numbers do.
pub fn payment_id(number: u32) -> String {
    format!("{PREFIX}{number:0width$}", width = MIN_DIGITS)
}

/// The number of the payment with this id.
pub fn payment_number(id: &str) -> Option<u32> {
    id.strip_prefix(PREFIX)?.parse().ok()
}

/// The first payment id in `text`: `msg-` and all the digits that follow it, at least four.
///
/// What stands around it does not matter, because taps look for it in idempotency keys
/// (`charge-msg-0017`), in quoted literals and beside the length bytes of binary protocols.
pub fn find_payment_id(text: &str) -> Option<&str> {
    text.match_indices(PREFIX).find_map(|(start, _)| {
        let after = &text[start + PREFIX.len()..];
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        (digits >= MIN_DIGITS).then(|| &text[start..start + PREFIX.len() + digits])
    })
}

#[cfg(test)]
mod tests {
    use super::{find_payment_id, payment_id};

    #[test]
    fn what_the_lab_writes_is_what_a_tap_finds() {
        for number in [1, 17, 9_999, 10_000, 1_234_567] {
            let id = payment_id(number);
            assert_eq!(
                find_payment_id(&format!("charge-{id}-retry")),
                Some(id.as_str())
            );
        }
        assert_eq!(payment_id(17), "msg-0017");
    }

    #[test]
    fn an_id_is_found_wherever_it_stands() {
        assert_eq!(find_payment_id("msg-0017"), Some("msg-0017"));
        assert_eq!(find_payment_id("charge-msg-0017-retry"), Some("msg-0017"));
        assert_eq!(find_payment_id("VALUES ('msg-0017', 12)"), Some("msg-0017"));
        assert_eq!(find_payment_id("\0\0\0Amsg-0017\0"), Some("msg-0017"));
    }

    #[test]
    fn all_digits_belong_to_the_id() {
        assert_eq!(find_payment_id("msg-1234567"), Some("msg-1234567"));
    }

    #[test]
    fn fewer_than_four_digits_are_no_id() {
        assert_eq!(find_payment_id("msg-017"), None);
        assert_eq!(find_payment_id("msg-"), None);
        assert_eq!(find_payment_id("msg 0017"), None);
        assert_eq!(find_payment_id(""), None);
    }

    #[test]
    fn a_false_start_does_not_hide_the_id_behind_it() {
        assert_eq!(find_payment_id("msg-12 msg-0017"), Some("msg-0017"));
        assert_eq!(find_payment_id("msg-msg-0017"), Some("msg-0017"));
    }

    #[test]
    fn the_first_of_two_ids_wins() {
        assert_eq!(find_payment_id("msg-0017 msg-0018"), Some("msg-0017"));
    }

    #[test]
    fn text_beyond_ascii_around_an_id_is_no_trouble() {
        assert_eq!(find_payment_id("für msg-0017ü"), Some("msg-0017"));
        assert_eq!(find_payment_id("msg-001٧"), None);
    }
}
