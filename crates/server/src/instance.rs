//! One data directory, one running instance.

use std::{fs::File, io::Write, path::Path};

use crate::failure::{Code, Failure};

/// Held while the process runs; the operating system releases it with the process, however that ends.
#[derive(Debug)]
pub(crate) struct InstanceLock(#[expect(dead_code, reason = "held for its lock")] File);

impl InstanceLock {
    pub(crate) fn take(data_dir: &Path) -> Result<Self, Failure> {
        let path = data_dir.join("instance.lock");
        let refuse = |why: String, todo: &str| {
            Failure::new(
                Code::DataDir,
                format!("the data directory {} is in use", data_dir.display()),
                why,
                todo,
            )
        };
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| {
                refuse(
                    format!("{}: {e}", path.display()),
                    "Check that this user may write there.",
                )
            })?;
        file.try_lock().map_err(|_| {
            refuse(
                "another Watchbell runs on it".to_owned(),
                "Stop the other one first, or give this one a WATCHBELL_DATA_DIR of its own.",
            )
        })?;
        // The number is for people who look; the lock is what counts.
        let _ = file
            .set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}
