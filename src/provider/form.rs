//! Parameters as Stripe's SDKs send them: form-encoded, nested by brackets.

use std::collections::BTreeMap;

use super::error::ApiError;

/// In whatever order it was written; equal ones are the same request.
pub(super) type Params = BTreeMap<String, Vec<String>>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Form {
    pairs: Vec<(String, String)>,
}

impl Form {
    pub(super) fn parse(encoded: &[u8]) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(encoded).into_owned().collect();
        match pairs.iter().find(|(name, _)| !is_well_formed(name)) {
            Some((name, _)) => Err(ApiError::invalid_parameter(
                name,
                format!("Invalid parameter name: {name}"),
            )),
            None => Ok(Self { pairs }),
        }
    }

    /// The last one if it was given twice.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.pairs.iter().rev();
        values.find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// `metadata[order]=o1` is `order` → `o1`.
    pub(super) fn entries(&self, name: &str) -> BTreeMap<String, String> {
        let entry = |n: &str| {
            let key = n.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
            (!key.is_empty() && !key.contains(['[', ']'])).then(|| key.to_owned())
        };
        let pairs = self.pairs.iter();
        pairs
            .filter_map(|(n, v)| Some((entry(n)?, v.clone())))
            .collect()
    }

    /// `types[0]=card` and `types[]=card` are both one item of `types`.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let is_item = |n: &str| {
            let index = n.strip_prefix(name).and_then(|n| n.strip_prefix('['));
            let index = index.and_then(|n| n.strip_suffix(']'));
            index.is_some_and(|index| index.chars().all(|c| c.is_ascii_digit()))
        };
        let pairs = self.pairs.iter();
        pairs
            .filter(|(n, _)| is_item(n))
            .map(|(_, v)| v.clone())
            .collect()
    }

    /// As Stripe's updates do: an empty value removes its entry, and an empty map removes them all.
    pub(super) fn merge_into(&self, map: &mut BTreeMap<String, String>, name: &str) {
        if self.get(name) == Some("") {
            map.clear();
        }
        for (key, value) in self.entries(name) {
            if value.is_empty() {
                map.remove(&key);
            } else {
                map.insert(key, value);
            }
        }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, value)| value.as_str())
    }

    pub(super) fn params(&self) -> Params {
        let mut params = Params::new();
        for (name, value) in &self.pairs {
            let values = params.entry(name.clone()).or_default();
            if !name.ends_with("[]") {
                values.clear();
            }
            values.push(value.clone());
        }
        params
    }
}

/// A word, and any number of `[…]` groups.
fn is_well_formed(name: &str) -> bool {
    let (word, mut groups) = name.split_at(name.find('[').unwrap_or(name.len()));
    if word.is_empty() || word.contains(']') {
        return false;
    }
    while let Some(rest) = groups.strip_prefix('[') {
        let Some((inner, after)) = rest.split_once(']') else {
            return false;
        };
        if inner.contains('[') {
            return false;
        }
        groups = after;
    }
    groups.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(encoded: &str) -> Form {
        Form::parse(encoded.as_bytes()).expect("a well-formed form")
    }

    #[test]
    fn brackets_nest_and_values_are_decoded() {
        let form = form("amount=1000&metadata[order]=o%201&metadata%5Bpayment_id%5D=msg-0001");

        assert_eq!(form.get("amount"), Some("1000"));
        assert_eq!(form.get("absent"), None);
        let metadata = form.entries("metadata");
        assert_eq!(metadata.get("order").map(String::as_str), Some("o 1"));
        assert_eq!(
            metadata.get("payment_id").map(String::as_str),
            Some("msg-0001")
        );
        assert_eq!(metadata.len(), 2);
    }

    #[test]
    fn a_deeper_level_is_not_an_entry_of_the_level_above() {
        assert!(
            form("metadata[a][b]=1&metadata[]=2")
                .entries("metadata")
                .is_empty()
        );
    }

    #[test]
    fn items_of_a_list_are_numbered_or_not() {
        let list = |encoded| form(encoded).list("types");
        assert_eq!(list("types[0]=card&types[1]=link&x[0]=y"), ["card", "link"]);
        assert_eq!(list("types[]=card&types[]=link"), ["card", "link"]);
        assert!(list("types=card&types[name]=card&types[0][a]=1").is_empty());
    }

    #[test]
    fn an_update_merges_removes_and_clears() {
        let mut map = form("m[a]=1&m[b]=2").entries("m");
        form("m[a]=&m[c]=3").merge_into(&mut map, "m");
        assert_eq!(map, form("m[b]=2&m[c]=3").entries("m"));
        form("m=&m[d]=4").merge_into(&mut map, "m");
        assert_eq!(map, form("m[d]=4").entries("m"));
    }

    #[test]
    fn the_order_of_parameters_does_not_matter() {
        let one = form("amount=1&metadata[a]=x&metadata[b]=y").params();
        let other = form("metadata[b]=y&amount=1&metadata[a]=x").params();

        assert_eq!(one, other);
    }

    #[test]
    fn the_order_within_a_list_does_matter() {
        assert_ne!(form("e[]=a&e[]=b").params(), form("e[]=b&e[]=a").params());
    }

    #[test]
    fn of_a_parameter_given_twice_the_last_counts() {
        let twice = form("amount=1&amount=2");

        assert_eq!(twice.get("amount"), Some("2"));
        assert_eq!(twice.params(), form("amount=2").params());
    }

    #[test]
    fn another_value_or_another_name_is_another_request() {
        assert_ne!(form("amount=1").params(), form("amount=2").params());
        assert_ne!(form("amount=1").params(), form("amount=1&a=1").params());
    }

    #[test]
    fn unmatched_brackets_are_refused() {
        for name in [
            "metadata[order",
            "metadata]",
            "[order]",
            "a[b]c",
            "a[b[c]]",
            "=x",
        ] {
            let refused = Form::parse(name.as_bytes());
            assert_eq!(refused.map_err(|e| e.status), Err(400), "{name}");
        }
    }
}
