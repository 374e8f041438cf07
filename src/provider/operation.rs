#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Read(Read),
    Change(Change),
}

/// An idempotency key has no effect on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    RetrieveCharge,
    ListCharges,
    SearchCharges,
    RetrieveIntent,
    ListIntents,
    SearchIntents,
}

/// What goes through the idempotency layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    CreateCharge,
    UpdateCharge,
    CreateIntent,
    UpdateIntent,
    ConfirmIntent,
    CancelIntent,
}

impl Operation {
    /// Equal in every run.
    pub(super) fn signature(self) -> &'static str {
        match self {
            Self::Read(Read::RetrieveCharge) => "GET /v1/charges/{id}",
            Self::Read(Read::ListCharges) => "GET /v1/charges",
            Self::Read(Read::SearchCharges) => "GET /v1/charges/search",
            Self::Read(Read::RetrieveIntent) => "GET /v1/payment_intents/{id}",
            Self::Read(Read::ListIntents) => "GET /v1/payment_intents",
            Self::Read(Read::SearchIntents) => "GET /v1/payment_intents/search",
            Self::Change(Change::CreateCharge) => "POST /v1/charges",
            Self::Change(Change::UpdateCharge) => "POST /v1/charges/{id}",
            Self::Change(Change::CreateIntent) => "POST /v1/payment_intents",
            Self::Change(Change::UpdateIntent) => "POST /v1/payment_intents/{id}",
            Self::Change(Change::ConfirmIntent) => "POST /v1/payment_intents/{id}/confirm",
            Self::Change(Change::CancelIntent) => "POST /v1/payment_intents/{id}/cancel",
        }
    }
}

/// `ch_1` of `/v1/charges/ch_1`.
pub(super) fn object_id(path: &str) -> &str {
    path.split('/').nth(3).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::object_id;

    #[test]
    fn an_object_is_named_by_the_third_part_of_its_path() {
        assert_eq!(object_id("/v1/charges/ch_1"), "ch_1");
        assert_eq!(object_id("/v1/payment_intents/pi_1/confirm"), "pi_1");
        assert_eq!(object_id("/v1/charges"), "");
    }
}
