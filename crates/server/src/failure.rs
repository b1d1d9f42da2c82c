//! How a command ends badly: what happened, why, what to do, and the exit code that scripts rely on.

use std::{fmt, io::Write, process::ExitCode};

/// One line each of what, why and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    what: String,
    why: String,
    todo: String,
}

/// The exit codes of the contract (a subset of sysexits.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    BadData = 65,
    Unavailable = 69,
    DataDir = 73,
    TryAgain = 75,
    BadConfig = 78,
}

impl Failure {
    pub(crate) fn new(
        code: Code,
        what: impl Into<String>,
        why: impl fmt::Display,
        todo: impl Into<String>,
    ) -> Self {
        Self {
            code,
            what: what.into(),
            why: why.to_string(),
            todo: todo.into(),
        }
    }

    /// Prints the three lines on stderr.
    pub(crate) fn report(&self) -> ExitCode {
        // Nothing can be done about a stderr that is closed.
        let _ = writeln!(std::io::stderr(), "{self}");
        ExitCode::from(self.code as u8)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "error: {}\n  why: {}\n  do:  {}",
            self.what, self.why, self.todo
        )
    }
}
