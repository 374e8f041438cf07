//! The names of errors as Kafka's documentation spells them.

use kafka_protocol::error::ResponseError;

/// `UNKNOWN_MEMBER_ID` for 25; none for 0.
pub(super) fn error_name(code: i16) -> Option<String> {
    let error = match ResponseError::try_from_code(code)? {
        ResponseError::Unknown(code) => return Some(format!("ERROR_{code}")),
        known => format!("{known:?}"),
    };
    let mut name = String::new();
    for letter in error.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::error_name;

    #[test]
    fn errors_are_named_as_in_kafkas_documentation() {
        assert_eq!(error_name(0), None);
        assert_eq!(error_name(25).as_deref(), Some("UNKNOWN_MEMBER_ID"));
        assert_eq!(error_name(113).as_deref(), Some("STALE_MEMBER_EPOCH"));
        assert_eq!(error_name(9999).as_deref(), Some("ERROR_9999"));
    }
}
