//! The report of an exploration as one page that needs nothing but itself: it can be attached to a
//! ticket, opened without a network and read without scripts. askama escapes every value in
//! `page.html`, because statements, paths and payment ids come from whoever wrote them.

use askama::Template;

use super::diagram::{Diagram, DiagramShape};
use super::log;
use super::matrix::{self, Matrix, Square};
use super::{Cell, CellOutcome, CellWindow, ExploreReport, NOBODYS};
use crate::named::Named;
use crate::report::Line;
use crate::verdict::Verdict;

#[must_use]
pub fn render(report: &ExploreReport) -> String {
    HtmlPage::new(report)
        .render()
        .expect("writing a page to memory does not fail")
}

#[derive(Template)]
#[template(path = "report/explore/page.html")]
struct HtmlPage<'a> {
    report: &'a ExploreReport,
    matrix: Matrix<'a>,
    biographies: Vec<BiographyView<'a>>,
    legend: Vec<CellOutcome>,
    /// What it means that a change is nobody's.
    nobodys: &'static str,
    not_made: Vec<&'a Cell>,
}

struct BiographyView<'a> {
    cell: &'a Cell,
    diagram: Diagram,
    /// Each with the milliseconds since the first.
    lines: Vec<(String, &'a Line)>,
    began: String,
    /// Unfolded when the page opens.
    open: bool,
}

impl<'a> HtmlPage<'a> {
    fn new(report: &'a ExploreReport) -> Self {
        // The worst finding is what the headline is about, so it is shown without being asked for.
        let violated = report
            .cells
            .iter()
            .filter(|c| c.verdict == Verdict::Violated);
        let worst = violated.map(|c| c.outcome).max();
        let worst = report
            .cells
            .iter()
            .find(|c| c.verdict == Verdict::Violated && Some(c.outcome) == worst);
        let tell = |cell: &'a Cell| {
            let began = cell.biography.first().map_or(0.0, |l| l.at_ms);
            let lines = cell.biography.iter();
            BiographyView {
                cell,
                diagram: Diagram::new(&cell.biography),
                lines: lines
                    .map(|l| (format!("{:.1}", l.at_ms - began), l))
                    .collect(),
                began: format!("{began:.1}"),
                open: worst.is_some_and(|worst| std::ptr::eq(worst, cell)),
            }
        };
        let occurs = |outcome: &CellOutcome| report.cells.iter().any(|c| c.outcome == *outcome);
        Self {
            report,
            matrix: Matrix::new(report),
            biographies: report.cells.iter().map(tell).collect(),
            legend: CellOutcome::every().filter(occurs).collect(),
            nobodys: NOBODYS,
            not_made: report.cells.iter().filter(|c| !c.was_run()).collect(),
        }
    }

    fn number(&self, window: &CellWindow) -> String {
        matrix::number(window).map_or_else(String::new, |n| n.to_string())
    }

    /// `native: Kafka 4.1.0, PostgreSQL 17.6`.
    fn stack(&self) -> String {
        let stack = &self.report.stack;
        let kafka = stack.kafka.iter().map(|v| format!("Kafka {v}"));
        let postgres = stack.postgres.iter().map(|v| format!("PostgreSQL {v}"));
        let servers: Vec<String> = kafka.chain(postgres).collect();
        match servers.is_empty() {
            true => stack.kind.clone(),
            false => format!("{}: {}", stack.kind, servers.join(", ")),
        }
    }
}

fn edges(window: &CellWindow) -> Vec<String> {
    match matrix::edges(window, str::to_owned) {
        none if none.is_empty() => vec![matrix::label(window)],
        edges => edges,
    }
}

#[cfg(test)]
mod tests {
    use scraper::{ElementRef, Html, Selector};

    use super::super::fixture;
    use super::*;
    use crate::verdict::LogFinding;

    fn page() -> (ExploreReport, String, Html) {
        let report = fixture::report();
        let text = render(&report);
        let page = Html::parse_document(&text);
        (report, text, page)
    }

    fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
        page.select(&Selector::parse(selector).unwrap()).collect()
    }

    fn text(element: &ElementRef) -> String {
        let text: String = element.text().collect();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn it_parses_and_begins_with_the_headline() {
        let (report, _, page) = page();
        assert_eq!(page.errors, Vec::<String>::new());
        assert_eq!(text(&all(&page, "h1")[0]), report.headline);
        assert_eq!(text(&all(&page, ".verdict")[0]), report.sentence());
        assert_eq!(all(&page, ".recording li").len(), report.recording.len());
    }

    #[test]
    fn it_asks_nobody_for_anything() {
        let (_, text, page) = page();
        for reference in ["http://", "https://", "src=", "@import", "<link", "<base"] {
            assert!(
                !text.contains(reference),
                "there is {reference} in the page"
            );
        }
        // Addresses within the page alone.
        for element in all(&page, "[href]") {
            let href = element.attr("href").unwrap();
            assert!(href.starts_with('#'), "{href}");
            assert_eq!(all(&page, href).len(), 1, "{href} leads nowhere");
        }
        let urls = text.matches("url(").count();
        assert_eq!(urls, text.matches("url(#hatch)").count());
    }

    #[test]
    fn a_payload_stays_text() {
        let mut report = fixture::report();
        let hostile = || fixture::HOSTILE.to_owned();
        report.headline = hostile();
        report.reasons = vec![hostile()];
        report.recording.push(hostile());
        report.warnings.push(hostile());
        report.run = hostile();
        report.run_dir = hostile().into();
        report.stack.kafka = Some(hostile());
        for cell in &mut report.cells {
            cell.window.after = Some(hostile());
            (cell.payment, cell.text, cell.replay) = (hostile(), hostile(), hostile());
            for finding in &mut cell.log {
                if let LogFinding::CommittedAhead { payment, by, .. } = finding {
                    (*payment, *by) = (hostile(), hostile());
                }
            }
            for line in &mut cell.biography {
                (line.who, line.what) = (hostile(), format!("sent {}", hostile()));
            }
        }
        let page = Html::parse_document(&render(&report));
        assert_eq!(page.errors, Vec::<String>::new());
        assert_eq!(all(&page, "script").len(), 1, "only the page's own");
        assert!(all(&page, "img, [onerror]").is_empty());
        assert_eq!(text(&all(&page, "h1")[0]), fixture::HOSTILE);
        let (told, expected) = (
            all(&page, ".lines li"),
            format!("sent {}", fixture::HOSTILE),
        );
        assert!(told.iter().all(|line| text(line).ends_with(&expected)));
    }

    #[test]
    fn the_matrix_is_a_table_whose_heads_say_what_they_head() {
        let (report, _, page) = page();
        let heads: Vec<String> = all(&page, "thead th[scope=col]").iter().map(text).collect();
        assert_eq!(heads, ["window", "kill", "zombie"]);
        assert_eq!(all(&page, "tbody tr").len(), 6);
        assert_eq!(all(&page, "tbody th[scope=row]").len(), 6);
        let numbers: Vec<String> = all(&page, "tbody .number").iter().map(text).collect();
        assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
        assert_eq!(all(&page, "th:not([scope])").len(), 0);
        assert_eq!(all(&page, "caption").len(), 1);
        assert_eq!(all(&page, "td").len(), 12);
        for cell in &report.cells {
            let link = all(
                &page,
                &format!("td:not(.same) a[href='#cell-{}']", cell.cell),
            );
            let expected = format!("{} {}", cell.outcome.word(), cell.verdict.name());
            assert_eq!(link.iter().map(text).collect::<Vec<_>>(), [expected]);
        }
    }

    #[test]
    fn a_window_that_needs_no_run_leads_to_the_cell_that_stands_for_it() {
        let (_, _, page) = page();
        let same = all(&page, "td.same a");
        assert_eq!(
            same.iter().map(text).collect::<Vec<_>>(),
            ["=1 as in window 1"]
        );
        assert_eq!(same[0].attr("href"), Some("#cell-1"));
        let legend: String = all(&page, ".legend li").iter().map(text).collect();
        assert!(legend.contains("=N"), "{legend}");
    }

    #[test]
    fn a_cell_without_a_run_says_why_and_offers_no_command() {
        let (report, _, page) = page();
        let cell = report.cells.iter().find(|c| !c.was_run()).unwrap();
        let told = text(&all(&page, &format!("#cell-{}", cell.cell))[0]);
        assert!(told.contains(&cell.text), "{told}");
        assert!(!told.contains("Run it again"), "{told}");
        assert!(all(&page, &format!("#cell-{} svg.diagram", cell.cell)).is_empty());
    }

    #[test]
    fn what_is_nobodys_stands_before_the_verdict_with_what_to_do() {
        let page = Html::parse_document(&render(&fixture::unattributed()));
        assert_eq!(page.errors, Vec::<String>::new());
        let header: Vec<String> = all(&page, "header > *").iter().map(text).collect();
        assert!(header[1].contains("INSERT INTO journal"), "{header:?}");
        assert!(header[1].contains("Let each carry the id"), "{header:?}");
        assert!(header[2].starts_with("unknown"), "{header:?}");
    }

    #[test]
    fn what_was_seen_of_the_log_stands_with_its_cell_and_above_all_cells() {
        let (report, _, page) = page();
        let cell = report.cells.iter().find(|c| !c.log.is_empty()).unwrap();
        let of_cell = all(&page, "details p.log");
        assert_eq!(
            of_cell.iter().map(text).collect::<Vec<_>>(),
            log::lines(cell)
        );
        let of_cell = all(&page, &format!("#cell-{} p.log", cell.cell));
        assert_eq!(of_cell.len(), 1);
        let of_all: Vec<String> = all(&page, "header p.log").iter().map(text).collect();
        assert_eq!(of_all, log::summary(&report));
    }

    #[test]
    fn every_cell_has_its_biography_drawn_and_in_words() {
        let (report, _, page) = page();
        for cell in &report.cells {
            let told = format!("details#cell-{}", cell.cell);
            let lines = all(&page, &format!("{told} ol.lines li"));
            assert_eq!(lines.len(), cell.biography.len(), "cell {}", cell.cell);
            for (line, expected) in lines.iter().zip(&cell.biography) {
                let expected = format!("ms {} {}", expected.who, expected.what);
                assert!(
                    text(line).ends_with(&expected),
                    "{} is not {expected}",
                    text(line)
                );
            }
            let drawn = all(&page, &format!("{told} svg.diagram g > title"));
            assert_eq!(drawn.len(), cell.biography.len());
            assert!(text(&all(&page, &told)[0]).contains(&cell.replay));
        }
        let arrows = all(&page, "#cell-2 .arrow").len();
        let marks = all(&page, "#cell-2 .mark").len();
        assert_eq!((arrows, marks), (12, 4));
        assert_eq!(all(&page, "#cell-2 .window").len(), 1);
        assert_eq!(all(&page, "#cell-2 polyline.bar").len(), 1);
    }

    #[test]
    fn the_worst_finding_is_open_and_the_rest_is_asked_for() {
        let (_, _, page) = page();
        let open = all(&page, "details[open]");
        let ids: Vec<_> = open.iter().map(|d| d.attr("id").unwrap()).collect();
        assert_eq!(ids, ["cell-9"], "the lost payment");
    }
}
