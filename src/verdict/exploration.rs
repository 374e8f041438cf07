//! The verdict on an exploration: what its cells come to together.

use super::{Guarantee, Verdict};

#[derive(Debug, Clone, Copy)]
pub struct Explored<'a> {
    pub guarantee: Guarantee,
    pub cells: &'a [Verdict],
    pub unattributed: &'a [String],
    pub broken_off: Option<&'a str>,
    /// Why windows may be missing, where they may.
    pub cut_off: Option<&'a str>,
}

impl Explored<'_> {
    /// Violated if a cell is; held if every cell is, and nothing was passed over; else unknown.
    #[must_use]
    pub fn verdict(&self) -> (Verdict, Vec<String>) {
        let all = self.cells.len();
        let of = |verdict: Verdict| self.cells.iter().filter(|v| **v == verdict).count();
        let (violated, unknown) = (of(Verdict::Violated), of(Verdict::Unknown));
        let mut doubts: Vec<String> = self.broken_off.map(str::to_owned).into_iter().collect();
        if all == 0 {
            doubts.push("the recording shows no window".to_owned());
        }
        doubts.extend(self.cut_off.map(str::to_owned));
        if unknown > 0 {
            doubts.push(format!("{unknown} of {all} cells could not be judged"));
        }
        if !self.unattributed.is_empty() {
            doubts.push(format!(
                "nobody can say which payment this is about, so that it was no window: {}",
                self.unattributed.join("; ")
            ));
        }
        if violated > 0 {
            let broken = format!("{violated} of {all} cells break it");
            return (Verdict::Violated, [vec![broken], doubts].concat());
        }
        if !doubts.is_empty() {
            return (Verdict::Unknown, doubts);
        }
        let stood = format!("{} stood in all {all} cells", self.guarantee);
        (Verdict::Held, vec![stood])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HELD: Explored<'_> = Explored {
        guarantee: Guarantee::EffectivelyOnce,
        cells: &[Verdict::Held, Verdict::Held],
        unattributed: &[],
        broken_off: None,
        cut_off: None,
    };

    #[test]
    fn one_cell_breaks_it_and_whatever_was_passed_over_is_no_pass() {
        assert_eq!(HELD.verdict().0, Verdict::Held);
        let unattributed = ["DELETE FROM jobs".to_owned()];
        for doubtful in [
            Explored { cells: &[], ..HELD },
            Explored {
                cells: &[Verdict::Held, Verdict::Unknown],
                ..HELD
            },
            Explored {
                unattributed: &unattributed,
                ..HELD
            },
            Explored {
                broken_off: Some("the stack died"),
                ..HELD
            },
            Explored {
                cut_off: Some("too many events"),
                ..HELD
            },
        ] {
            let (verdict, reasons) = doubtful.verdict();
            assert_eq!(verdict, Verdict::Unknown, "{reasons:?}");
            assert_eq!(reasons.len(), 1);
        }
        let broken = Explored {
            cells: &[Verdict::Unknown, Verdict::Violated],
            ..HELD
        };
        let (verdict, reasons) = broken.verdict();
        assert_eq!(verdict, Verdict::Violated);
        let expected = ["1 of 2 cells break it", "1 of 2 cells could not be judged"];
        assert_eq!(reasons, expected);
    }
}
