//! What the program printed.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ExitStatus, Output},
    sync::Arc,
};

use parking_lot::Mutex;

/// Lines of both streams in the order of their arrival.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(super) fn follow(&self, child: &mut Child) {
        self.read(child.stdout.take().expect("its output is piped"));
        self.read(child.stderr.take().expect("its output is piped"));
    }

    fn read(&self, stream: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.0);
        // Ends with the stream, that is with the process.
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            let mut line = Vec::new();
            while stream.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
                lines
                    .lock()
                    .push(String::from_utf8_lossy(&line).trim_end().to_owned());
                line.clear();
            }
        });
    }

    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}

/// How a command ended and what it said.
#[derive(Clone, Debug)]
pub struct CommandOutput {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl CommandOutput {
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    pub fn expect_success(self) -> Self {
        assert!(
            self.status.success(),
            "{}\n{}{}",
            self.status,
            self.stdout,
            self.stderr
        );
        self
    }
}

impl From<Output> for CommandOutput {
    fn from(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
