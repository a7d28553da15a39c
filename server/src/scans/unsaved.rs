//! Scans that a server could not write when it was stopped, in files of its data folder.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::db::ScanBatch;

/// What the files are called: this, then a number that is theirs alone.
const NAME: &str = "unsaved-scans-";

/// Writes batches to a new file, which is whole or not there.
pub(super) fn save(data_dir: &Path, batches: &[ScanBatch]) -> io::Result<PathBuf> {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let file = data_dir.join(format!("{NAME}{id}.json"));
    let part = data_dir.join(format!(".{NAME}{id}"));
    let text = serde_json::to_vec(batches)?;
    let mut open = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
    open.write_all(&text)?;
    open.sync_all()?;
    fs::rename(&part, &file)?;
    Ok(file)
}

/// The files there are, with their batches. One that does not parse is left for people to look at.
pub(super) fn load(data_dir: &Path) -> Vec<(PathBuf, Vec<ScanBatch>)> {
    let Ok(entries) = fs::read_dir(data_dir) else { return Vec::new() };
    let is_one = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with(NAME) && name.ends_with(".json")
    };
    let files = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(is_one);
    let read = |file: PathBuf| {
        let batches = fs::read(&file).and_then(|bytes| Ok(serde_json::from_slice(&bytes)?));
        match batches {
            Ok(batches) => Some((file, batches)),
            Err(error) => {
                tracing::error!(file = %file.display(), %error, "scans that were kept cannot be read");
                None
            }
        }
    };
    files.filter_map(read).collect()
}

/// Removes a file whose batches were written. Should that fail, they are not added twice: each has its id.
pub(super) fn remove(file: &Path) {
    if let Err(error) = fs::remove_file(file) {
        tracing::warn!(file = %file.display(), %error, "the file was not removed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::ScansOfDay;

    #[test]
    fn what_is_saved_is_loaded_once() {
        let folder = tempfile::tempdir().unwrap();
        let scans = vec![ScansOfDay { qr_id: "qr_1".into(), day: "2026-01-31".into(), scans: 7 }];
        let batches = vec![ScanBatch { writer: "w".into(), number: 1, scans }];
        let file = save(folder.path(), &batches).unwrap();
        fs::write(folder.path().join("unsaved-scans-broken.json"), "[{").unwrap();
        fs::write(folder.path().join("jwks.json"), "[]").unwrap();
        assert_eq!(load(folder.path()), [(file.clone(), batches)]);
        remove(&file);
        assert!(load(folder.path()).is_empty());
    }
}
