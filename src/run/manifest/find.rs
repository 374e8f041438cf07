//! Where the labs are.

use std::path::{Path, PathBuf};

use super::{Manifest, ManifestError};

pub fn all(labs: &Path) -> Result<Vec<Manifest>, ManifestError> {
    let folders = folders(labs)?;
    let mut found = folders
        .iter()
        .map(|folder| Manifest::load(folder))
        .collect::<Result<Vec<_>, _>>()?;
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// By id (`01`, `1`) or name.
pub fn find(labs: &Path, lab: &str) -> Result<Manifest, ManifestError> {
    let mut known = Vec::new();
    for folder in folders(labs)? {
        let name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let (id, rest) = name.split_once('-').unwrap_or((&name, ""));
        if lab == name || lab == id || lab == rest || format!("{lab:0>2}") == id {
            return Manifest::load(&folder);
        }
        known.push(id.to_owned());
    }
    known.sort();
    let known = known.join(" ");
    Err(ManifestError::UnknownLab {
        lab: lab.to_owned(),
        labs: labs.to_owned(),
        known,
    })
}

/// Each with a manifest: beside them stands what their consumers share.
fn folders(labs: &Path) -> Result<Vec<PathBuf>, ManifestError> {
    let unreadable = |source| ManifestError::Unreadable {
        path: labs.to_owned(),
        source,
    };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(labs).map_err(unreadable)? {
        let folder = entry.map_err(unreadable)?.path();
        if folder.join("lab.toml").is_file() {
            folders.push(folder);
        }
    }
    Ok(folders)
}

/// Here, above here, or above the program.
pub fn labs_folder() -> Result<PathBuf, ManifestError> {
    let here = std::env::current_dir().ok();
    let program = std::env::current_exe().ok();
    let above = here
        .iter()
        .chain(program.iter())
        .flat_map(|path| path.ancestors());
    let mut labs = above.map(|folder| folder.join("labs"));
    labs.find(|folder| folder.join("01-select-then-act/lab.toml").is_file())
        .ok_or(ManifestError::NoLabs)
}
