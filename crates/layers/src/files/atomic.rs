//! Writing a file so that there is the old one or the new one, and never half of one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use chainrule_graph::Result;

use crate::fault::Fault;

/// Replaces the file at `path`, or makes it: whoever opens it, also after a power failure, finds all of the old bytes or all
/// of the new ones. The bytes go to a temporary file in the same folder, to the disk, and then under the name. If anything
/// fails, the temporary file is removed.
///
/// # Errors
/// If the operating system refuses one of these steps; the old file is still there then.
#[track_caller]
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    match replace(path, bytes) {
        Ok(()) => Ok(()),
        Err(error) => {
            let help = match error.kind() {
                io::ErrorKind::NotFound => "make the folder first".into(),
                _ => Fault::io(&error).help,
            };
            Fault::new(format!("cannot be written: {error}"), help).in_file("save", path)
        }
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // A symbolic link stays one: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if target.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "there is a folder of this name"));
    }
    let (mut file, temporary) = beside(&target)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // Some systems do not rename an open file.
    drop(file);
    let renamed = written
        .and_then(|()| keep_permissions(&target, &temporary))
        .and_then(|()| fs::rename(&temporary, &target));
    if let Err(error) = renamed {
        // The error to be reported is the first one.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    // The new name has to reach the disk too. Not every system lets a program open a folder; the file is complete anyway.
    if let Ok(folder) = File::open(folder(&target)) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// The folder of a path; that of a bare name is the working directory.
fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// A new file of a name that no other file has, nor any other thread or process takes.
fn beside(path: &Path) -> io::Result<(File, PathBuf)> {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    const ATTEMPTS: usize = 100;
    let name =
        path.file_name().ok_or(io::Error::new(io::ErrorKind::InvalidInput, "the path has no file name"))?;
    let mut attempts = 0;
    loop {
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        // Not longer than the name by much: names have a limit, and the end of a long one does not matter here.
        let start: String = name.to_string_lossy().chars().take(40).collect();
        let temporary = folder(path).join(format!(".{start}.{}.{count}.tmp", std::process::id()));
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < ATTEMPTS => {
                attempts += 1
            }
            opened => return opened.map(|file| (file, temporary)),
        }
    }
}

/// A file that is replaced keeps who may read it.
fn keep_permissions(old: &Path, new: &Path) -> io::Result<()> {
    match fs::metadata(old) {
        Ok(about) => fs::set_permissions(new, about.permissions()),
        Err(_) => Ok(()),
    }
}
