//! Places at which a crash test kills the process.

/// Kills the own process when the environment variable `WATCHBELL_CRASH_AT` names this place. Expands to nothing
/// without the feature `crash-points`.
#[macro_export]
macro_rules! crash_point {
    ($name:literal) => {
        #[cfg(feature = "crash-points")]
        $crate::crash::here($name);
    };
}
