//! The handle that everybody holds.

use std::{
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
};

use domain::clock::{Clock, Timestamp};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};
use secrecy::SecretString;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

use crate::{
    accounts::{Accounts, Hashing},
    acknowledgements::{self, Acknowledgements},
    bounces::{Bounces, MarkKey},
    channels::Channels,
    connect,
    contacts::Contacts,
    database::{Database, Write},
    dead_man::DeadManSwitch,
    entity::installation,
    error::StoreError,
    gaps::Gaps,
    holds::{self, Holds},
    incidents::Incidents,
    instance,
    key::MasterKey,
    mail::{Changes, Mail},
    mail_tokens::MailTokens,
    maintenances::Maintenances,
    monitors::Monitors,
    optouts::{Optouts, Signer},
    outbox::{Looks, Outbox},
    policies::Policies,
    recipients::Recipients,
    retention,
    rotations::{self, Rotations},
    samples::{Samples, journal::Journal, keeper},
    seal::{Place, Sealer},
    settings::Settings,
    silences::Silences,
    troubles::Troubles,
};

const CANARY: &str = "canary";

/// What is needed to open the database.
#[derive(Clone)]
pub struct Options {
    /// `sqlite://<file>` or `postgres://…`.
    pub url: String,
    /// Where backups go, and the id under which this instance claims deliveries.
    pub data_dir: PathBuf,
    pub key: MasterKey,
    pub clock: Arc<dyn Clock>,
    /// Right side of a `Message-ID` while no mail is set up.
    pub message_domain: String,
}

/// Cheap to clone; all clones share the pools.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) db: Database,
    pub(crate) sealer: Sealer,
    pub(crate) mark_key: MarkKey,
    pub(crate) signer: Signer,
    pub(crate) ack_signer: acknowledgements::Signer,
    pub(crate) feed_signer: rotations::Signer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) message_domain: String,
    /// Claims deliveries under this id.
    pub(crate) instance: Uuid,
    pub(crate) due: tokio::sync::Notify,
    pub(crate) looks: Looks,
    pub(crate) mail_changes: Changes,
    pub(crate) holds: Arc<Holds>,
    pub(crate) journal: Journal,
    pub(crate) hashing: Hashing,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Store {
    /// Connects, refuses a database of a later version, backs up and migrates, checks the key, and starts the tasks that
    /// keep samples and forget what is too old.
    pub async fn open(options: Options) -> Result<Self, StoreError> {
        let now = options.clock.now();
        let db = connect::open(&options.url, &options.data_dir, now).await?;
        let instance = match instance::id(&options.data_dir) {
            Ok(id) => id,
            Err(e) => {
                db.close().await;
                return Err(e);
            }
        };
        let sealer = Sealer::new(&options.key);
        let mark_key = MarkKey::derive(&options.key);
        let signer = Signer::derive(&options.key);
        let ack_signer = acknowledgements::Signer::derive(&options.key);
        let holds = Arc::new(Holds::default());
        let feed_signer = rotations::Signer::derive(&options.key);
        let store = Self {
            inner: Arc::new(Inner {
                db,
                sealer,
                mark_key,
                signer,
                ack_signer,
                feed_signer,
                clock: options.clock,
                message_domain: options.message_domain,
                instance,
                due: tokio::sync::Notify::new(),
                looks: Looks::default(),
                mail_changes: Changes::default(),
                journal: Journal::new(Arc::clone(&holds)),
                holds,
                hashing: Hashing::default(),
                tracker: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
        };
        // Before the first sample comes: it must be known whether it is taken under maintenance.
        let begun = match store.check_canary().await {
            Ok(()) => store.refresh_holds().await,
            Err(e) => Err(e),
        };
        if let Err(e) = begun {
            store.inner.db.close().await;
            return Err(e);
        }
        let task = holds::run(store.clone(), store.inner.stop.clone());
        store.inner.tracker.spawn(task);
        let task = keeper::run(store.clone(), store.inner.stop.clone());
        store.inner.tracker.spawn(task);
        let task = retention::run(store.clone(), store.inner.stop.clone());
        store.inner.tracker.spawn(task);
        Ok(store)
    }

    /// Writes what is buffered, stops the background tasks and closes the pools. Idempotent.
    pub async fn close(&self) {
        self.inner.stop.cancel();
        self.inner.tracker.close();
        self.inner.tracker.wait().await;
        self.inner.db.close().await;
    }

    /// Reads nothing of meaning: `Ok` means that the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.inner.db.read().ping().await?)
    }

    /// `false`: secrets in the database were sealed with another key. Everything else works.
    pub fn key_matches(&self) -> bool {
        self.inner.sealer.key_matches()
    }

    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub fn monitors(&self) -> Monitors<'_> {
        Monitors { store: self }
    }

    pub fn incidents(&self) -> Incidents<'_> {
        Incidents { store: self }
    }

    pub fn silences(&self) -> Silences<'_> {
        Silences { store: self }
    }

    pub fn maintenances(&self) -> Maintenances<'_> {
        Maintenances { store: self }
    }

    pub fn gaps(&self) -> Gaps<'_> {
        Gaps { store: self }
    }

    pub fn acknowledgements(&self) -> Acknowledgements<'_> {
        Acknowledgements { store: self }
    }

    pub fn samples(&self) -> Samples<'_> {
        Samples { store: self }
    }

    pub fn mail(&self) -> Mail<'_> {
        Mail { store: self }
    }

    pub fn outbox(&self) -> Outbox<'_> {
        Outbox { store: self }
    }

    pub fn recipients(&self) -> Recipients<'_> {
        Recipients { store: self }
    }

    pub fn bounces(&self) -> Bounces<'_> {
        Bounces { store: self }
    }

    pub fn channels(&self) -> Channels<'_> {
        Channels { store: self }
    }

    pub fn policies(&self) -> Policies<'_> {
        Policies { store: self }
    }

    pub fn contacts(&self) -> Contacts<'_> {
        Contacts { store: self }
    }

    pub fn rotations(&self) -> Rotations<'_> {
        Rotations { store: self }
    }

    pub fn settings(&self) -> Settings<'_> {
        Settings { store: self }
    }

    pub fn dead_man(&self) -> DeadManSwitch<'_> {
        DeadManSwitch { store: self }
    }

    pub fn troubles(&self) -> Troubles<'_> {
        Troubles { store: self }
    }

    pub fn optouts(&self) -> Optouts<'_> {
        Optouts { store: self }
    }

    pub fn mail_tokens(&self) -> MailTokens<'_> {
        MailTokens { store: self }
    }

    pub fn accounts(&self) -> Accounts<'_> {
        Accounts { store: self }
    }

    async fn check_canary(&self) -> Result<(), StoreError> {
        let stored = installation::Entity::find_by_id(CANARY)
            .one(self.inner.db.read())
            .await?;
        let sealer = &self.inner.sealer;
        let matches = match stored {
            Some(row) => sealer.open(canary_place(), &row.value)?.is_some(),
            None => {
                let tx = self.inner.db.write().await?;
                plant_canary(&*tx, sealer).await?;
                tx.commit().await?;
                true
            }
        };
        sealer.matches.store(matches, Ordering::Relaxed);
        Ok(())
    }

    /// Commits a change of a secret. After secrets were entered again under a new key: once nothing is left that only the old key opens, the new key
    /// is the key of this database.
    pub(crate) async fn commit_secret(&self, tx: Write) -> Result<(), StoreError> {
        let sealer = &self.inner.sealer;
        if sealer.key_matches() || crate::sealed::any_foreign(&*tx, sealer).await? {
            return tx.commit().await;
        }
        plant_canary(&*tx, sealer).await?;
        tx.commit().await?;
        sealer.matches.store(true, Ordering::Relaxed);
        tracing::info!("every secret was entered again: the current key is now the key of this database");
        Ok(())
    }
}

fn canary_place() -> Place<'static> {
    Place {
        table: "installation",
        row: &CANARY,
    }
}

async fn plant_canary<C: ConnectionTrait>(tx: &C, sealer: &Sealer) -> Result<(), StoreError> {
    let row = installation::ActiveModel {
        key: Set(CANARY.to_owned()),
        value: Set(sealer.seal(canary_place(), &SecretString::from("watchbell"))?),
    };
    let replace = OnConflict::column(installation::Column::Key)
        .update_column(installation::Column::Value)
        .to_owned();
    installation::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
    Ok(())
}
