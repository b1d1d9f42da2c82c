//! Places at which a crash test kills the process.

/// Kills the own process when the environment variable `WATCHBELL_CRASH_AT` names this place. Expands to nothing
/// without the feature `crash-points`.
#[cfg(feature = "crash-points")]
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        $crate::crash::here($name)
    };
}

/// Kills the own process when the environment variable `WATCHBELL_CRASH_AT` names this place. Expands to nothing
/// without the feature `crash-points`.
#[cfg(not(feature = "crash-points"))]
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {};
}

/// SIGKILL and not `abort`: no handler, no destructor, no flush runs, as when the machine loses power.
#[cfg(feature = "crash-points")]
pub fn here(name: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "only in builds for the crash tests, which have no other way in"
    )]
    let wanted = std::env::var("WATCHBELL_CRASH_AT");
    if wanted.as_deref() != Ok(name) {
        return;
    }
    let pid = std::process::id().to_string();
    let killed = std::process::Command::new("kill").args(["-9", &pid]).status();
    tracing::error!(
        crash.point = name,
        ?killed,
        "crash point reached, but the process lives"
    );
    loop {
        std::thread::park();
    }
}
