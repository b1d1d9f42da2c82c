//! `watchbell serve`: wiring in one place, and a shutdown in two phases.
//!
//! Phase one (SIGTERM, SIGINT, or a task that died): nothing new begins; no check, no claim, no connection. Phase two:
//! what is in flight gets up to 20 s, then samples are flushed and the database is closed.

use std::{io::Write, path::Path, process::ExitCode, sync::Arc, time::Duration};

use alert::Alert;
use axum::Router;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use domain::clock::Clock;
use egress::{Dialer, Policy};
use secrecy::{ExposeSecret, SecretString};
use store::Store;
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::{
    catch_panic::CatchPanicLayer,
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    timeout::TimeoutLayer,
};

use crate::{
    clock::SystemClock,
    commands,
    config::{self, Config},
    connections,
    failure::{Code, Failure},
    instance::InstanceLock,
    metrics,
    probes::{self, Vitals},
};

/// Checks that run at the same time, at most; a check is mostly waiting.
const WORKERS: usize = 512;
/// Checks of one host at the same time, at most.
const PER_HOST: usize = 8;
const REQUEST_DEADLINE: Duration = Duration::from_secs(90);
const DRAIN: Duration = Duration::from_secs(20);
/// Together with [`DRAIN`] below the 30 s after which a container is killed.
const CLOSING: Duration = Duration::from_secs(5);

pub(crate) async fn run(config: Config) -> Result<ExitCode, Failure> {
    config::prepare_data_dir(&config.data_dir)?;
    let _lock = InstanceLock::take(&config.data_dir)?;
    let mut signals = Signals::take()?;
    warn_of_ignored_variables();
    // The port comes before the database: a second start by mistake must not migrate anything.
    let listener = listen(&config).await?;
    let store = commands::open_store(&config).await?;
    if !store.key_matches() {
        tracing::error!(
            "the key does not open the secrets in this database: monitoring runs, but mail and channels with secrets wait until their secrets are entered again or the right key is given (WATCHBELL_SECRET_KEY, or secret.key in the data directory)"
        );
    }

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let tracker = TaskTracker::new();
    let stop = CancellationToken::new();
    let dialer = make_dialer(&config)?;
    let alert = alert_over(&config, store.clone(), dialer.clone(), clock.clone())?;
    announce(&config, &store).await?;
    // What this instance was sending when its last run died is sent again now and not when its lease ends.
    let recovered = store
        .outbox()
        .recover_claims()
        .await
        .map_err(commands::store_failed)?;
    if recovered > 0 {
        tracing::info!(
            deliveries = recovered,
            "deliveries that the last run left unfinished are sent again"
        );
    }
    let dispatcher = alert.start_dispatcher(&tracker, stop.clone());
    let probes = probe::Probes::new(dialer, clock.clone());
    let limits = scheduler::Config {
        workers: WORKERS,
        per_host: PER_HOST,
    };
    let scheduler = scheduler::Scheduler::start(
        limits,
        store.clone(),
        probes,
        clock.clone(),
        &tracker,
        stop.clone(),
    )
    .await
    .map_err(commands::store_failed)?;

    let vitals = Vitals {
        store: store.clone(),
        scheduler: scheduler.clone(),
        dispatcher,
        clock: clock.clone(),
    };
    let feel = vitals.clone();
    let feel: alert::dead_man::Feel = Arc::new(move || feel.pulse());
    alert.dead_man().start(feel, &tracker, stop.clone());
    let app = routes(&config, &store, &scheduler, &alert, clock, vitals);
    tracker.spawn(connections::serve(listener, app, tracker.clone(), stop.clone()));

    // A part that dies cancels `stop` itself.
    let died = tokio::select! {
        () = signals.asked_to_stop() => false,
        () = stop.cancelled() => true,
    };
    tracing::info!("stopping: nothing new begins, what is in flight may finish");
    stop.cancel();
    tracker.close();
    if tokio::time::timeout(DRAIN, tracker.wait()).await.is_err() {
        tracing::warn!(
            "some work was still in flight after {} s; it is repeated at the next start",
            DRAIN.as_secs()
        );
    }
    if tokio::time::timeout(CLOSING, store.close()).await.is_err() {
        tracing::warn!("the database did not close in time; the last samples may be missing");
    }
    if died {
        return Err(Failure::new(
            Code::TryAgain,
            "Watchbell stopped because a part of it died",
            "the log names the part above",
            "Start it again, and report the log.",
        ));
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The dispatcher and the mailer as the server runs them; `watchbell mail test` uses the same.
pub(crate) fn make_alert(config: &Config, store: Store, clock: Arc<dyn Clock>) -> Result<Alert, Failure> {
    alert_over(config, store, make_dialer(config)?, clock)
}

fn alert_over(
    config: &Config,
    store: Store,
    dialer: Dialer,
    clock: Arc<dyn Clock>,
) -> Result<Alert, Failure> {
    Alert::new(store, dialer, clock, config.public_url.clone()).map_err(|e| {
        Failure::new(
            Code::Unavailable,
            "messages cannot be sent",
            e,
            "Check the system's certificate store.",
        )
    })
}

fn make_dialer(config: &Config) -> Result<Dialer, Failure> {
    let policy = Policy::new(config.egress_allow.clone(), config.egress_deny.clone())
        .with_own_listeners(vec![config.listen]);
    Dialer::new(policy).map_err(|e| {
        Failure::new(
            Code::Unavailable,
            "outgoing connections cannot be prepared",
            e,
            "Check the system's certificate store and /etc/resolv.conf.",
        )
    })
}

fn routes(
    config: &Config,
    store: &Store,
    scheduler: &scheduler::Handle,
    alert: &Alert,
    clock: Arc<dyn Clock>,
    vitals: Vitals,
) -> Router {
    let api = api::router(api::State {
        store: store.clone(),
        scheduler: scheduler.clone(),
        alert: alert.clone(),
        public_url: config.public_url.clone(),
    });
    let pages = ui::router(ui::State {
        store: store.clone(),
        scheduler: scheduler.clone(),
        alert: alert.clone(),
        clock,
        public_url: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        data_dir: config.data_dir.clone(),
    });
    Router::new()
        .nest("/api/v1", api)
        .merge(probes::router(vitals.clone()))
        .merge(metrics::router(vitals))
        .merge(pages)
        .layer(TimeoutLayer::with_status_code(
            axum::http::StatusCode::GATEWAY_TIMEOUT,
            REQUEST_DEADLINE,
        ))
        .layer(CatchPanicLayer::new())
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
}

async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    TcpListener::bind(config.listen).await.map_err(|e| {
        Failure::new(
            Code::BadConfig,
            format!("cannot listen on {}", config.listen),
            e,
            "Stop the program that uses this port, or choose another one with WATCHBELL_LISTEN.",
        )
    })
}

fn warn_of_ignored_variables() {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for warning in config::ignored_variables(names) {
        tracing::warn!("{warning}");
    }
}

/// Says where to go: to the set-up page on the first run, to the overview afterwards.
async fn announce(config: &Config, store: &Store) -> Result<(), Failure> {
    let token_file = config.data_dir.join("setup-token");
    if !store
        .accounts()
        .setup_needed()
        .await
        .map_err(commands::store_failed)?
    {
        // Left over when the administrator was created by the command.
        let _ = std::fs::remove_file(&token_file);
        tracing::info!(address = %config.public_url, "Watchbell runs");
        return Ok(());
    }
    let token = setup_token(&token_file)?;
    store
        .accounts()
        .set_setup_token(&token)
        .await
        .map_err(commands::store_failed)?;
    let address = format!("{}setup?token={}", config.public_url, token.expose_secret());
    tracing::info!(
        "first run: the set-up address is printed on standard output and its token is in {}",
        token_file.display()
    );
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "\nWatchbell is ready. Open this address to create the administrator:\n\n  {address}\n"
    );
    let _ = out.flush();
    Ok(())
}

/// The token of the first run, kept until it is used, so that an address printed once stays good over a restart.
fn setup_token(path: &Path) -> Result<SecretString, Failure> {
    if let Ok(text) = std::fs::read_to_string(path)
        && text.trim().len() >= 43
    {
        return Ok(SecretString::from(text.trim().to_owned()));
    }
    let refuse = |why: &dyn std::fmt::Display| {
        Failure::new(
            Code::DataDir,
            format!("the set-up token cannot be written to {}", path.display()),
            why,
            "Give this user write access to the data directory.",
        )
    };
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).map_err(|e| refuse(&e))?;
    let token = SecretString::from(URL_SAFE_NO_PAD.encode(random));
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|e| refuse(&e))?;
    writeln!(file, "{}", token.expose_secret()).map_err(|e| refuse(&e))?;
    Ok(token)
}

/// SIGTERM and SIGINT. Taken before anything answers, so that a stop right after the first answer is a clean one too.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn take() -> Result<Self, Failure> {
        let take = |kind| {
            tokio::signal::unix::signal(kind).map_err(|e| {
                Failure::new(
                    Code::Unavailable,
                    "signals cannot be received",
                    e,
                    "Report this as a defect of Watchbell.",
                )
            })
        };
        Ok(Self {
            terminate: take(SignalKind::terminate())?,
            interrupt: take(SignalKind::interrupt())?,
        })
    }

    async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
