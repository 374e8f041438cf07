use super::*;
use crate::report::explore::fixture;

fn plain(report: &ExploreReport) -> String {
    let text = render(report, "crashwindow explore --fault kill");
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn the_whole_report_reads_as_this() {
    let expected = "\
Charges twice when killed after POST /v1/charges, before INSERT processed.

one payment, and a window after each of its events:
  1  after kafka Fetch
  2  after SELECT 1 FROM processed WHERE msg_id = $1
  3  after POST /v1/charges
  4  after INSERT INTO processed (msg_id) VALUES ($1)
  5  after INSERT INTO processed (msg_id) VALUES ($1)
  6  after kafka OffsetCommit

                                                      kill    zombie
  1  after Fetch, before SELECT processed             once    ·
  2  after SELECT processed, before POST /v1/charges  =1      twice!
  3  after POST /v1/charges, before INSERT processed  twice!  half!
  4  after INSERT processed, before INSERT processed  open?   fence
  5  after 2nd INSERT processed, before OffsetCommit  park    ?
  6  after OffsetCommit                               LOST!   ?

! breaks the promise, WORD?: no evidence, half: not recorded, park: put aside, not done,
open: not acked, fence: waited for a lock, ?: not reached, =N: as in row N, ·: none

LOST: msg-0001, kill after kafka OffsetCommit
msg-0001 was struck by kill and is lost.
committed ahead of work: a#1 committed offset 5 of partition 0, past msg-0001 at 0, when nothing
was seen to be done for it; nothing was done for it afterwards
replay: crashwindow replay runs/0007/cells/0009

twice: msg-0001, zombie after SELECT 1 FROM processed WHERE msg_id = $1, before POST /v1/charges
msg-0001 was struck by zombie and is duplicated.
replay: crashwindow replay runs/0007/cells/0002

twice: msg-0001 and 2 others, kill after POST /v1/charges, before INSERT INTO processed (msg_id)
VALUES ($1)
msg-0001 was struck by kill and is duplicated.
replay: crashwindow replay runs/0007/cells/0003

half: msg-0001, zombie after POST /v1/charges, before INSERT INTO processed (msg_id) VALUES ($1)
msg-0001 was struck by zombie and is half_done.
replay: crashwindow replay runs/0007/cells/0004

1 of 10 cells could not be run:
frozen: no run could be made of it: the consumer did not join in 30 s

2 of 10 cells could not be judged:
msg-0001 was struck by kill and is unfinished.
msg-0001 was struck by zombie and is not_reached.

1 of 10 cells: committed ahead of work: a#1 committed offset 5 of partition 0, past msg-0001 at
0, when nothing was seen to be done for it; nothing was done for it afterwards. That loses
nothing by itself; a crash in between does.

warning: the idle recording was 2 s long

violated: effectively-once was promised and 2 of 10 cells charge a customer twice and 1 loses a
payment.
time: 41.2 s = record 3.0 + strike 38.2
next: crashwindow explore --fault kill
";
    assert_eq!(plain(&fixture::report()), expected);
}

#[test]
fn every_fault_in_every_window_fits_the_width() {
    let text = plain(&fixture::every_fault());
    let matrix = text.split("\n\n").nth(2).expect("the matrix comes third");
    for line in matrix.lines() {
        assert!(line.chars().count() <= WIDTH, "too wide: {line:?}");
    }
    let cells = fixture::every_fault().cells.len();
    assert_eq!(matrix.matches("twice!").count(), cells, "{matrix}");
}

#[test]
fn colours_come_and_go_with_the_verdict_and_never_alone() {
    let report = fixture::report();
    let text = render(&report, "");
    for cell in &report.cells {
        let style = style(cell.verdict);
        let shown = format!("{style}{}{style:#}", mark(Square::Cell(cell)));
        assert!(text.contains(&shown), "no {shown:?}");
    }
    assert!(!plain(&report).contains('\x1b'));
}

#[test]
fn a_payload_cannot_send_codes_to_the_terminal() {
    let mut report = fixture::report();
    report.cells[1].text = "\x1b[2Jgone".into();
    report.headline = "\x07headline".into();
    report.recording[0] = "SELECT\x1b[31m".into();
    let text = plain(&report);
    assert!(!text.contains(['\x1b', '\x07']), "{text:?}");
    assert!(!render(&report, "").contains("\x1b[2J"));
}

#[test]
fn an_exploration_without_cells_still_reports() {
    let mut report = fixture::report_of(Vec::new());
    report.recording.clear();
    report.verdict = Verdict::Unknown;
    let text = plain(&report);
    assert!(text.contains("unknown: "), "{text}");
    assert!(!text.contains("\n\n\n"), "{text}");
}

#[test]
fn a_name_of_two_words_takes_two_lines() {
    assert_eq!(split(Fault::LostResponse), ("lost-", "response"));
    assert_eq!(split(Fault::Kill), ("", "kill"));
}

#[test]
fn a_window_takes_two_lines_where_one_is_too_short_and_is_shortened_last() {
    let report = fixture::report();
    let matrix = Matrix::new(&report);
    let row = &matrix.rows[1];
    assert_eq!(
        labels(row, 30),
        ["after SELECT processed,", "before POST /v1/charges"]
    );
    assert_eq!(
        labels(row, 20),
        ["after SELECT proces…", "before POST /v1/cha…"]
    );
}

#[test]
fn each_way_of_breaking_the_promise_is_told_once_and_at_most_five() {
    let text = plain(&fixture::every_fault());
    let told = text.matches("\nreplay: ").count();
    let faults = Matrix::new(&fixture::every_fault()).faults.len();
    assert_eq!(told, faults.min(MAX_FINDINGS));
    let more = format!("and {} more such cells: runs/0007", 3 * faults - told);
    assert!(text.contains(&more), "{text}");
}

#[test]
fn what_is_nobodys_is_told_with_what_to_do_before_the_verdict() {
    let text = plain(&fixture::unattributed());
    let told = text.find("nobody can say which payment this is about:\n     INSERT INTO journal");
    let advice = text.find("Let each carry the id").expect("what to do");
    let verdict = text.find("unknown: ").expect("the verdict");
    assert!(told.is_some_and(|told| told < advice), "{text}");
    assert!(advice < verdict, "{text}");
    assert!(!plain(&fixture::report()).contains("nobody can say"));
}

#[test]
fn many_cells_that_could_not_be_run_are_counted() {
    let mut report = fixture::every_fault();
    for cell in &mut report.cells {
        (cell.verdict, cell.outcome) = (Verdict::Unknown, CellOutcome::NotReached);
        (cell.replay, cell.text) = (String::new(), "killed: no run could be made of it".into());
    }
    let text = plain(&report);
    let all = report.cells.len();
    assert!(
        text.contains(&format!("{all} of {all} cells could not be run:")),
        "{text}"
    );
    assert!(
        text.contains(&format!("and {} more\n", all - MAX_FINDINGS)),
        "{text}"
    );
    assert!(!text.contains("\nreplay: "), "{text}");
}
