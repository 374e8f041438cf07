//! Which payment an effect belongs to.

use crate::tap::{find_order_id, find_payment_id};

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
        .or_else(|| texts.into_iter().find_map(find_order_id))
}
