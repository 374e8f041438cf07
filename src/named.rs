//! The names of a closed list's values on the command line, in files and in reports. A list stands
//! once, in its type; a name that is not in it is an error that tells the list, never a default.

pub trait Named: Copy + 'static {
    /// In an error: `fault`.
    const KIND: &'static str;

    /// In the order in which they are told.
    fn every() -> impl Iterator<Item = Self>;

    fn name(self) -> &'static str;

    /// An unknown name's error tells those there are.
    /// When there is none of that name; the error tells those there are.
    fn named(name: &str) -> Result<Self, UnknownName> {
        let found = Self::every().find(|value| value.name() == name);
        found.ok_or_else(|| UnknownName {
            kind: Self::KIND,
            name: name.to_owned(),
            known: Self::every().map(Self::name).collect(),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no {kind} {name:?}; there are: {}", known.join(", "))]
pub struct UnknownName {
    kind: &'static str,
    name: String,
    known: Vec<&'static str>,
}

/// An enum with what is known of each value beside it. The facts have a `name`.
macro_rules! registry {
    (
        $(#[$meta:meta])*
        pub enum $type:ident ($kind:literal): $facts:ty {
            $($(#[$doc:meta])* $variant:ident = $entry:expr,)+
        }
    ) => {
        $(#[$meta])*
        pub enum $type {
            $($(#[$doc])* $variant,)+
        }

        impl $type {
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            fn facts(self) -> &'static $facts {
                match self {
                    $(Self::$variant => const { &$entry },)+
                }
            }
        }

        impl $crate::named::Named for $type {
            const KIND: &'static str = $kind;

            fn every() -> impl Iterator<Item = Self> {
                Self::ALL.into_iter()
            }

            fn name(self) -> &'static str {
                self.facts().name
            }
        }

        $crate::named::by_name!($type);
    };
}

/// Displayed, written, read and described by its names.
macro_rules! by_name {
    ($type:ty) => {
        impl $type {
            #[must_use]
            pub fn name(self) -> &'static str {
                $crate::named::Named::name(self)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let names = <Self as $crate::named::Named>::every().map(Self::name);
                schemars::json_schema!({ "type": "string", "enum": names.collect::<Vec<_>>() })
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let name = <String as serde::Deserialize>::deserialize(from)?;
                <Self as $crate::named::Named>::named(&name).map_err(serde::de::Error::custom)
            }
        }
    };
}

/// An argument of the command line; each value has a `help`.
macro_rules! argument {
    ($type:ty) => {
        impl clap::ValueEnum for $type {
            fn value_variants<'a>() -> &'a [Self] {
                &Self::ALL
            }

            fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
                Some(clap::builder::PossibleValue::new(self.name()).help(self.help()))
            }
        }
    };
}

pub(crate) use {argument, by_name, registry};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fmt::Debug;

    use super::*;
    use crate::chaos::Fault;
    use crate::chaos::storm::{Cause, StormAction};
    use crate::drill::Action;
    use crate::run::FaultChoice;
    use crate::storm::ManualAction;
    use crate::verdict::CellOutcome;
    use crate::verdict::Outcome;

    fn is_a_list_of_names<T: Named + PartialEq + Debug>() {
        let names: BTreeSet<&str> = T::every().map(T::name).collect();
        assert_eq!(
            names.len(),
            T::every().count(),
            "two {}s are alike",
            T::KIND
        );
        for value in T::every() {
            assert_eq!(T::named(value.name()), Ok(value));
        }
        let error = T::named("gremlin").unwrap_err().to_string();
        assert!(
            error.contains("\"gremlin\"") && error.contains(T::KIND),
            "{error}"
        );
        for name in names {
            assert!(error.contains(name), "{name} is not told: {error}");
        }
    }

    #[test]
    fn a_name_leads_back_to_its_value_and_an_unknown_one_to_the_list() {
        is_a_list_of_names::<Fault>();
        is_a_list_of_names::<FaultChoice>();
        is_a_list_of_names::<Outcome>();
        is_a_list_of_names::<CellOutcome>();
        is_a_list_of_names::<Cause>();
        is_a_list_of_names::<StormAction>();
        is_a_list_of_names::<ManualAction>();
        is_a_list_of_names::<Action>();
    }

    #[test]
    fn an_argument_is_taken_by_its_name_and_told_with_its_help() {
        use clap::ValueEnum;
        for cause in Cause::ALL {
            let told = cause.to_possible_value().expect("none is hidden");
            assert_eq!(
                told.get_help().map(ToString::to_string),
                Some(cause.help().into())
            );
            assert_eq!(Cause::from_str(cause.name(), false), Ok(cause));
        }
        assert!(Cause::from_str("gremlin", false).is_err());
    }

    #[test]
    fn an_unknown_name_in_a_file_is_an_error_that_tells_the_list() {
        let fault = serde_json::from_str::<Fault>("\"gremlin\"").unwrap_err();
        assert!(fault.to_string().contains("stall-kill"), "{fault}");
        let outcome = serde_json::from_str::<Outcome>("\"vanished\"").unwrap_err();
        assert!(outcome.to_string().contains("half_done"), "{outcome}");
    }
}
