//! Who claims deliveries: an id of the data directory, made once. After a crash it tells what this instance was sending
//! from what another one on the same database is sending now.

use std::{fs::File, io, path::Path};

use uuid::Uuid;

use crate::{error::StoreError, outbox::plan::new_token};

/// A directory that cannot keep the id costs no more than waiting for leases after a crash.
pub(crate) fn id(data_dir: &Path) -> Result<Uuid, StoreError> {
    let fresh = new_token()?;
    let path = data_dir.join("instance-id");
    Ok(load_or_keep(&path, fresh).unwrap_or_else(|error| {
        tracing::warn!(
            path = %path.display(), error = %error,
            "the id of this instance cannot be kept: after a crash, what was being sent waits for its lease to end"
        );
        fresh
    }))
}

fn load_or_keep(path: &Path, fresh: Uuid) -> io::Result<Uuid> {
    match read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {}
        read => return read,
    }
    let draft = path.with_extension(fresh.to_string());
    let written = std::fs::write(&draft, format!("{fresh}\n")).and_then(|()| File::open(&draft)?.sync_all());
    // Unlike a rename, a hard link never replaces the id of a process that was faster.
    let linked = written.and_then(|()| std::fs::hard_link(&draft, path));
    let removed = std::fs::remove_file(&draft);
    match linked {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => read(path),
        linked => linked.and(removed).map(|()| fresh),
    }
}

fn read(path: &Path) -> io::Result<Uuid> {
    let text = std::fs::read_to_string(path)?;
    Uuid::parse_str(text.trim()).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = id(dir.path()).unwrap();
        assert_eq!(id(dir.path()).unwrap(), first);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn without_a_place_to_keep_it_every_start_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        assert_ne!(id(&gone).unwrap(), id(&gone).unwrap());
    }
}
