use crate::event::Marks;

/// By its own id if any text has one, else by its order's (`order-0017` is paid by `msg-0017`
/// alone), because tables are often kept by order. The first text wins; an id of another run names
/// none.
///
/// ```
/// use crashwindow::effects::message_in;
/// use crashwindow::event::Marks;
/// let marks = Marks::of_run("topic", "group", "k3f9");
/// let payment = |texts: &[&str]| message_in(&marks, texts.iter().copied());
/// assert_eq!(payment(&["paid", "charge-msg-0017-k3f9"]).as_deref(), Some("msg-0017"));
/// assert_eq!(payment(&["order-0017-k3f9"]).as_deref(), Some("msg-0017"));
/// assert_eq!(payment(&["order-0018-k3f9", "msg-0017-k3f9"]).as_deref(), Some("msg-0017"));
/// assert_eq!(payment(&["msg-0018-zzzz", "order-0017-k3f9"]).as_deref(), Some("msg-0017"));
/// assert_eq!(payment(&["17"]), None);
/// assert_eq!(payment(&["order-20240017"]), None);
/// ```
pub fn message_in<'a>(
    marks: &Marks,
    texts: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<String> {
    let by_id = texts.clone().into_iter().find_map(|t| marks.message_in(t));
    by_id.or_else(|| texts.into_iter().find_map(|t| marks.message_by_order_in(t)))
}

/// Or else what stands there: that is counted for no payment.
pub(crate) fn named(marks: &Marks, id: &str) -> String {
    message_in(marks, [id]).unwrap_or_else(|| marks.stranger(id))
}
