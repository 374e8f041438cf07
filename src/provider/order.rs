use super::charge::ChargeRequest;
use super::error::ApiError;
use super::form::Form;
use super::intent_params::{self, Confirmation, IntentRequest};
use super::operation::Change;
use crate::event::Source;

/// Updates are told by their form.
#[derive(Debug)]
pub(super) enum Order {
    CreateCharge(ChargeRequest),
    UpdateCharge {
        id: String,
    },
    CreateIntent {
        request: IntentRequest,
        /// To be confirmed at once.
        confirmation: Option<Confirmation>,
    },
    UpdateIntent {
        id: String,
    },
    ConfirmIntent {
        id: String,
        confirmation: Confirmation,
    },
    CancelIntent {
        id: String,
        reason: Option<String>,
    },
}

#[derive(Debug)]
pub(super) struct Orderer<'a> {
    pub(super) source: &'a Source,
    pub(super) payment: Option<&'a str>,
    pub(super) key: Option<&'a str>,
}

impl Order {
    /// Only what does not depend on the state of anything.
    pub(super) fn parse(change: Change, id: &str, form: &Form) -> Result<Self, ApiError> {
        let id = id.to_owned();
        Ok(match change {
            Change::CreateCharge => Self::CreateCharge(ChargeRequest::parse(form)?),
            Change::UpdateCharge => Self::UpdateCharge { id },
            Change::CreateIntent => Self::CreateIntent {
                request: IntentRequest::parse(form)?,
                confirmation: Confirmation::at_once(form)?.then(Confirmation::default),
            },
            Change::UpdateIntent => {
                intent_params::check_update(form)?;
                Self::UpdateIntent { id }
            }
            Change::ConfirmIntent => Self::ConfirmIntent {
                id,
                confirmation: Confirmation::parse(form)?,
            },
            Change::CancelIntent => Self::CancelIntent {
                id,
                reason: intent_params::cancellation(form)?,
            },
        })
    }
}
