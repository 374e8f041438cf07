//! Who may use whom: the folders of `src`, from the lowest to the highest.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::root;

/// Each folder with those that it uses. They stand before it, so that no two can use each other.
const LAYERS: &[(&str, &[&str])] = &[
    ("event", &[]),
    ("window", &["event"]),
    ("verdict", &[]),
    ("stack", &[]),
    ("metrics", &[]),
    ("group", &["stack"]),
    ("tap", &["event", "group", "stack"]),
    ("provider", &["event", "tap"]),
    ("timeline", &["event", "tap"]),
    (
        "chaos",
        &[
            "event", "group", "provider", "tap", "timeline", "verdict", "window",
        ],
    ),
    ("effects", &["event", "group", "stack", "tap", "verdict"]),
    (
        "session",
        &[
            "chaos", "effects", "event", "group", "provider", "stack", "tap", "timeline",
        ],
    ),
    (
        "run",
        &[
            "chaos", "effects", "event", "group", "provider", "session", "stack", "tap",
            "timeline", "verdict", "window",
        ],
    ),
    (
        "storm",
        &[
            "chaos", "event", "group", "provider", "run", "session", "stack", "tap", "timeline",
            "verdict",
        ],
    ),
    (
        "report",
        &[
            "chaos", "event", "run", "session", "stack", "storm", "tap", "timeline", "verdict",
            "window",
        ],
    ),
    (
        "explore",
        &[
            "chaos", "event", "report", "run", "session", "stack", "tap", "timeline", "verdict",
            "window",
        ],
    ),
    ("drill", &["chaos", "report"]),
    ("quiz", &["report", "run", "verdict"]),
    (
        "usecase",
        &[
            "chaos", "drill", "explore", "report", "run", "session", "stack", "storm",
        ],
    ),
    (
        "dashboard",
        &[
            "chaos", "drill", "effects", "event", "explore", "metrics", "quiz", "report", "run",
            "session", "stack", "storm", "tap", "timeline", "usecase", "verdict", "window",
        ],
    ),
    (
        "cli",
        &[
            "chaos",
            "dashboard",
            "drill",
            "effects",
            "event",
            "explore",
            "metrics",
            "provider",
            "quiz",
            "report",
            "run",
            "session",
            "stack",
            "storm",
            "tap",
            "usecase",
            "verdict",
            "window",
        ],
    ),
];

/// By folder, the other folders that the code of its files names, tests left out, with a file that
/// does.
type Uses = BTreeMap<String, BTreeMap<String, String>>;

/// What this code names of its own crate: what follows `crate::`, or the crate's name in the program.
fn named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for start in ["crate::", "crashwindow::"] {
        for (at, _) in code.match_indices(start) {
            let rest = &code[at + start.len()..];
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let name: String = rest.chars().take_while(|c| word(*c)).collect();
            named.insert(name);
        }
    }
    named
}

/// A file's code without its tests, which stand at its end.
fn without_tests(code: &str) -> &str {
    let end = code.find("#[cfg(test)]\nmod tests");
    &code[..end.unwrap_or(code.len())]
}

/// The modules that a file declares for tests alone: where their files are, without the ending.
fn for_tests_alone(path: &Path, code: &str) -> Vec<PathBuf> {
    let folder = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("mod" | "lib") => path.parent().unwrap().to_owned(),
        _ => path.with_extension(""),
    };
    let declared = code.split("#[cfg(test)]\n").skip(1);
    let name = |rest: &str| {
        let line = rest.lines().next()?;
        let (_, name) = line.strip_suffix(';')?.rsplit_once("mod ")?;
        Some(folder.join(name))
    };
    declared.filter_map(name).collect()
}

/// Every file under this path.
fn files(path: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            let code = fs::read_to_string(&path).unwrap();
            all.push((path, code));
        }
    }
    all
}

/// The files of a folder of `src` with their code, without what is for tests.
pub fn code_of(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = files(&root().join("src").join(folder));
    let alone: Vec<PathBuf> = files
        .iter()
        .flat_map(|(path, code)| for_tests_alone(path, code))
        .collect();
    files.retain(|(path, _)| {
        let module = path.with_extension("");
        !alone.iter().any(|alone| module.starts_with(alone))
    });
    let tested = |(path, code): (_, String)| (path, without_tests(&code).to_owned());
    files.into_iter().map(tested).collect()
}

/// Takes in what the files of a folder use.
fn read(folder: &str, uses: &mut Uses) {
    for (path, code) in code_of(folder) {
        for name in named(&code) {
            let known = LAYERS.iter().any(|(layer, _)| *layer == name);
            if known && name != folder {
                let used = uses.entry(folder.to_owned()).or_default();
                used.insert(name, path.display().to_string());
            }
        }
    }
}

/// What of these uses is not as the layers have it.
fn wrong(uses: &Uses) -> Vec<String> {
    let mut wrong = Vec::new();
    for (folder, used) in uses {
        let may = LAYERS.iter().find(|(layer, _)| layer == folder);
        for (name, file) in used {
            if !may.is_some_and(|(_, may)| may.contains(&name.as_str())) {
                wrong.push(format!("{file}: {folder} may not use {name}"));
            }
        }
    }
    for (folder, may) in LAYERS {
        let used = uses.get(*folder);
        let unused = may
            .iter()
            .filter(|name| !used.is_some_and(|used| used.contains_key(**name)));
        wrong.extend(unused.map(|name| format!("{folder} no longer uses {name}: take it out")));
    }
    wrong
}

fn of_the_tree() -> Uses {
    let mut uses = Uses::new();
    for (folder, _) in LAYERS {
        read(folder, &mut uses);
    }
    uses
}

#[test]
fn every_folder_has_its_place_and_stands_on_lower_ones_alone() {
    let folders = fs::read_dir(root().join("src")).unwrap().flatten();
    let folders = folders.filter(|entry| entry.path().is_dir());
    let there: BTreeSet<String> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let placed: BTreeSet<String> = LAYERS.iter().map(|(l, _)| (*l).to_owned()).collect();
    assert_eq!(there, placed);
    for (at, (folder, may)) in LAYERS.iter().enumerate() {
        let below: Vec<&str> = LAYERS[..at].iter().map(|(layer, _)| *layer).collect();
        let above = may.iter().find(|name| !below.contains(name));
        assert_eq!(above, None, "{folder} stands on what is not below it");
    }
}

#[test]
fn nobody_uses_what_is_not_below() {
    let wrong = wrong(&of_the_tree());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_import_that_points_upwards_is_found() {
    let planted = "use crate::report::explore::Cell;\nuse crate::event::Tap;\n";
    let mut uses = of_the_tree();
    for name in named(planted) {
        let file = "src/timeline/planted.rs".to_owned();
        uses.entry("timeline".into())
            .or_default()
            .insert(name, file);
    }
    let expected = "src/timeline/planted.rs: timeline may not use report";
    assert_eq!(wrong(&uses), [expected]);
}

#[test]
fn what_tests_import_is_nobodys_business() {
    let code = "use crate::a::B;\n#[cfg(test)]\nmod fixture;\n#[cfg(test)]\nmod tests {\n    use crate::c::D;\n}\n";
    assert_eq!(named(without_tests(code)), ["a".to_owned()].into());
    let alone = |path| for_tests_alone(Path::new(path), code);
    assert_eq!(alone("src/a/mod.rs"), [Path::new("src/a/fixture")]);
    assert_eq!(alone("src/a/b.rs"), [Path::new("src/a/b/fixture")]);
}
