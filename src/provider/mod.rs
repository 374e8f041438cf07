//! The Stripe-compatible payment provider and its ledger.
