//! Files that nobody else may read: private keys.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

/// Far more than any key file needs.
const MAX_BYTES: u64 = 64 * 1024;

/// A private file that was not read or written.
#[derive(Debug, Error)]
pub enum PrivateFileError {
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// Others may read or write it.
    #[error(
        "{path} can be read or changed by others (mode {mode:04o}): run `chmod 600 {path}`, and replace the key if \
         somebody may have read it"
    )]
    Permissions {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not text of a key's size.
    #[error("{path} is not a key file")]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

impl PrivateFileError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        |error| Self::Io { path: path.into(), error }
    }

    /// Whether there is no such file.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::NotFound)
    }

    /// Whether the file was there already.
    #[must_use]
    pub fn already_exists(&self) -> bool {
        matches!(self, Self::Io { error, .. } if error.kind() == io::ErrorKind::AlreadyExists)
    }
}

/// Reads a private file, unless others can too. The mode checked is that of the file opened.
///
/// # Errors
/// [`PrivateFileError`].
pub fn read(path: &Path) -> Result<Zeroizing<String>, PrivateFileError> {
    let file = File::open(path).map_err(PrivateFileError::io(path))?;
    let metadata = file.metadata().map_err(PrivateFileError::io(path))?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::Permissions { path: path.into(), mode });
    }
    let not_text = || PrivateFileError::NotText { path: path.into() };
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(not_text());
    }
    let mut text = Zeroizing::new(String::new());
    match file.take(MAX_BYTES).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(not_text()),
        Err(error) => Err(PrivateFileError::Io { path: path.into(), error }),
    }
}

/// Writes a new file of mode 0600, whole or not at all; never over one that is there.
///
/// # Errors
/// [`PrivateFileError::Io`], with [`io::ErrorKind::AlreadyExists`] if there is a file.
pub fn create(path: &Path, text: &str) -> Result<(), PrivateFileError> {
    let draft = draft_of(path);
    let written = write_draft(&draft, &line(text)).and_then(|()| fs::hard_link(&draft, path));
    // The draft has served its purpose whether or not it became the file.
    let removed = fs::remove_file(&draft);
    written.and(removed).and_then(|()| sync_folder(path)).map_err(PrivateFileError::io(path))
}

/// Puts a text in the place of a file, whole or not at all, with mode 0600. It belongs to whom the file belonged: root may do
/// this for a server that is somebody else.
///
/// # Errors
/// The system's.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_bytes(path, &line(text))
}

/// The same with bytes.
///
/// # Errors
/// The system's.
pub fn replace_bytes(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = draft_of(path);
    let replaced = write_draft(&draft, bytes)
        .and_then(|()| if path.exists() { give_to_owner_of(path, &draft) } else { Ok(()) })
        .and_then(|()| fs::rename(&draft, path));
    if replaced.is_err() {
        // It may not be there: then there is nothing to clean up.
        let _ = fs::remove_file(&draft);
    }
    replaced.and_then(|()| sync_folder(path))
}

/// Gives a file to the owner of another, if that is not whoever made it.
fn give_to_owner_of(owned: &Path, file: &Path) -> io::Result<()> {
    let (owned, own) = (fs::metadata(owned)?, fs::metadata(file)?);
    if (owned.uid(), owned.gid()) == (own.uid(), own.gid()) {
        return Ok(());
    }
    match chown(file, Some(owned.uid()), Some(owned.gid())) {
        // Only root can give files away. Whoever else writes here keeps what they have written, as before.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}

/// Waits until nobody else holds this lock, and holds it until the file is dropped. A new one belongs to the owner of its folder.
///
/// # Errors
/// The system's.
pub fn lock(path: &Path) -> io::Result<File> {
    let is_new = !path.exists();
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if is_new {
        give_to_owner_of(folder_of(path), path)?;
    }
    file.lock()?;
    Ok(file)
}

/// The file beside a file that is locked while it is changed: the file itself is replaced.
#[must_use]
pub fn lock_of(path: &Path) -> PathBuf {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    lock.into()
}

/// A name beside a file that nobody else uses.
fn draft_of(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.tmp", uuid::Uuid::new_v4()));
    draft.into()
}

fn line(text: &str) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([text.as_bytes(), b"\n"].concat())
}

fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the new name survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
