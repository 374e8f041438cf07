//! `--faults`: which faults an exploration tries.

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use crashwindow::chaos::Fault;

/// The word for every fault there is.
const ALL: &str = "all";

/// What one word of `--faults` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultWord {
    /// Every fault.
    All,
    /// This one.
    One(Fault),
}

/// Reads a word of `--faults`, and says of each fault in the help whether it runs unasked.
pub fn parser() -> impl TypedValueParser<Value = FaultWord> {
    let every = PossibleValue::new(ALL).help("Every fault of this list");
    let words = Fault::ALL.map(described).into_iter().chain([every]);
    PossibleValuesParser::new(words).map(|word| match Fault::from_str(&word, false) {
        Ok(fault) => FaultWord::One(fault),
        Err(_) => FaultWord::All,
    })
}

fn described(fault: Fault) -> PossibleValue {
    let when = if fault.by_default() {
        ""
    } else {
        "; only when it is named"
    };
    PossibleValue::new(fault.name()).help(format!("{}{when}", fault.help()))
}

/// The faults that were asked for, none of them twice; none where nobody asked for any.
pub fn asked_for(words: &[FaultWord]) -> Option<Vec<Fault>> {
    let is_named =
        |fault: &Fault| words.contains(&FaultWord::All) || words.contains(&FaultWord::One(*fault));
    (!words.is_empty()).then(|| Fault::ALL.into_iter().filter(is_named).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<Option<Vec<Fault>>, String> {
        let faults = clap::Arg::new("faults")
            .long("faults")
            .action(clap::ArgAction::Append)
            .value_delimiter(',')
            .value_parser(parser());
        let command = clap::Command::new("explore").arg(faults);
        let matches = command.try_get_matches_from([&["explore"], line].concat());
        let matches = matches.map_err(|e| e.to_string())?;
        let words = matches.get_many::<FaultWord>("faults").unwrap_or_default();
        Ok(asked_for(&words.copied().collect::<Vec<_>>()))
    }

    #[test]
    fn faults_are_named_one_by_one_or_all_together() {
        assert_eq!(parsed(&[]), Ok(None));
        let named = Some(vec![Fault::Kill, Fault::Join]);
        assert_eq!(parsed(&["--faults", "join,kill,join"]), Ok(named));
        assert_eq!(parsed(&["--faults", "all"]), Ok(Some(Fault::ALL.to_vec())));
        let unknown = parsed(&["--faults", "gremlin"]).unwrap_err();
        assert!(unknown.contains("stall-kill"), "{unknown}");
    }

    #[test]
    fn the_help_tells_what_runs_only_when_it_is_named() {
        let told = |fault: Fault| described(fault).get_help().map(ToString::to_string);
        assert_eq!(told(Fault::Kill).as_deref(), Some(Fault::Kill.help()));
        let join = told(Fault::Join).unwrap_or_default();
        assert!(join.ends_with("; only when it is named"), "{join}");
    }
}
