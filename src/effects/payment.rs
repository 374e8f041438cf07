//! Which payment an effect belongs to.

use crate::tap::{find_payment_id, payment_id};

/// How an order's id begins; its number is its payment's.
const ORDER: &str = "order-";

/// The payment that one of these texts names: by its own id if any text has one, else by the id of
/// its order (`order-0017` is paid by `msg-0017` and by no other), because tables and records are
/// often kept by order. The first text that names one wins.
///
/// ```
/// use crashwindow::effects::payment_in;
/// assert_eq!(payment_in(["paid", "charge-msg-0017"]).as_deref(), Some("msg-0017"));
/// assert_eq!(payment_in(["order-0017"]).as_deref(), Some("msg-0017"));
/// assert_eq!(payment_in(["order-0018", "msg-0017"]).as_deref(), Some("msg-0017"));
/// assert_eq!(payment_in(["17"]), None);
/// ```
pub fn payment_in<'a>(texts: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    let by_id = texts.clone().into_iter().find_map(find_payment_id);
    by_id
        .map(str::to_owned)
        .or_else(|| texts.into_iter().find_map(by_order))
}

fn by_order(text: &str) -> Option<String> {
    text.match_indices(ORDER).find_map(|(start, _)| {
        let after = &text[start + ORDER.len()..];
        let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        // As many as a payment's: fewer are somebody else's order.
        let number = (digits >= 4).then(|| after[..digits].parse().ok())?;
        number.map(payment_id)
    })
}

#[cfg(test)]
mod tests {
    use super::payment_in;

    #[test]
    fn what_only_looks_like_an_order_names_nothing() {
        assert_eq!(
            payment_in(["order-17", "reorder", "order-99999999999"]),
            None
        );
    }
}
