//! Getting what became of a zone into the database, in order, however long that takes.

use std::time::Duration;

use domain::{clock::Timestamp, reach::ZoneName};
use store::{Store, StoreError};
use tokio::{sync::mpsc, time::sleep};
use tokio_util::sync::CancellationToken;

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) enum Note {
    Began {
        zone: ZoneName,
        since: Timestamp,
    },
    Ended {
        zone: ZoneName,
        until: Timestamp,
    },
    /// Its references turned out to say nothing.
    Distrusted {
        zone: ZoneName,
    },
}

/// Ends with the engine. When everything stops, what is left is tried once more: a gap that is still open in the
/// database is taken up by the next start.
pub(crate) async fn keep(store: Store, mut notes: mpsc::UnboundedReceiver<Note>, stop: CancellationToken) {
    while let Some(note) = notes.recv().await {
        let mut wait = FIRST_WAIT;
        loop {
            match write(&store, &note).await {
                Ok(()) => break,
                Err(error @ (StoreError::Busy | StoreError::Unavailable(_))) if !stop.is_cancelled() => {
                    tracing::warn!(error = %error, note = ?note, "what became of a zone is not recorded yet");
                    tokio::select! {
                        () = sleep(wait) => {}
                        () = stop.cancelled() => {}
                    }
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
                Err(error) => {
                    tracing::error!(error = %error, note = ?note, "what became of a zone could not be recorded");
                    break;
                }
            }
        }
    }
}

async fn write(store: &Store, note: &Note) -> Result<(), StoreError> {
    match note {
        Note::Began { zone, since } => {
            store.gaps().begin(zone, *since).await?;
        }
        Note::Ended { zone, until } => {
            store.gaps().end(zone, *until).await?;
        }
        Note::Distrusted { zone } => store.gaps().forget_answers(zone).await?,
    }
    Ok(())
}
