//! The program itself, as a user runs it: a process with a directory, a port and an environment.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use crate::{TempDir, postgres::free_port, temp_dir};

mod api;
mod output;

pub use api::Api;
pub use output::CommandOutput;
use output::Lines;

pub const ADMIN: &str = "admin@example.org";
pub const ADMIN_PASSWORD: &str = "correct horse battery staple 17";

const START: Duration = Duration::from_secs(30);
/// The program allows itself 20 s for what is in flight.
const STOP: Duration = Duration::from_secs(30);

/// How to start the program.
pub struct WatchbellOptions {
    binary: PathBuf,
    data_dir: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

impl WatchbellOptions {
    /// `binary` is `env!("CARGO_BIN_EXE_watchbell")` of the calling test.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            data_dir: None,
            environment: Vec::new(),
        }
    }

    /// Instead of SQLite in the data directory.
    pub fn database(self, url: &str) -> Self {
        self.env("WATCHBELL_DATABASE_URL", url)
    }

    /// Instead of a fresh temporary directory; it is not removed.
    pub fn data_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(dir.into());
        self
    }

    /// Nothing else of the test's environment reaches the program. The last value of a name holds.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running instance. Killed when dropped.
pub struct Watchbell {
    binary: PathBuf,
    data_dir: PathBuf,
    port: u16,
    environment: Vec<(String, String)>,
    child: Option<Child>,
    lines: Lines,
    client: reqwest::Client,
    _own_dir: Option<TempDir>,
}

impl Watchbell {
    /// Starts it and waits until `/readyz` says yes.
    pub async fn start(options: WatchbellOptions) -> Self {
        let mut watchbell = Self::prepare(options);
        watchbell.launch();
        watchbell.ready().await;
        watchbell
    }

    /// Everything but the start; for [`Self::run`] on a fresh directory, or [`Self::launch`] without waiting.
    pub fn prepare(options: WatchbellOptions) -> Self {
        let own_dir = options.data_dir.is_none().then(temp_dir);
        let data_dir = match (&own_dir, options.data_dir) {
            (_, Some(given)) => given,
            (Some(own), None) => own.path().join("data"),
            (None, None) => unreachable!("one of the two is made above"),
        };
        let port = free_port();
        let mut environment = vec![
            ("WATCHBELL_LISTEN".to_owned(), format!("127.0.0.1:{port}")),
            ("WATCHBELL_DATA_DIR".to_owned(), data_dir.display().to_string()),
            (
                "WATCHBELL_PUBLIC_URL".to_owned(),
                format!("http://127.0.0.1:{port}"),
            ),
        ];
        environment.extend(options.environment);
        Self {
            binary: options.binary,
            data_dir,
            port,
            environment,
            child: None,
            lines: Lines::default(),
            client: api::client(),
            _own_dir: own_dir,
        }
    }

    /// Starts the process and does not wait.
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let mut child = self
            .command(&["serve"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("{} cannot be started: {e}", self.binary.display()));
        self.lines.follow(&mut child);
        self.child = Some(child);
    }

    /// Waits until `/readyz` says yes.
    pub async fn ready(&mut self) {
        let deadline = Instant::now() + START;
        loop {
            if let Some(status) = self.exited() {
                panic!("it ended instead of starting: {status}\n{}", self.output());
            }
            let answer = self.client.get(self.url("/readyz")).send().await;
            if answer.is_ok_and(|a| a.status().is_success()) {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "not ready within {START:?}\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Changes the environment of the next start.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.remove_env(name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub fn remove_env(&mut self, name: &str) {
        self.environment.retain(|(n, _)| n != name);
    }

    /// SIGKILL: no goodbye of any kind.
    pub fn kill9(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, and how it ended.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait_exit(STOP).await
    }

    /// Starts it again on the same directory and port (after stopping it, if it runs) and waits until it is ready.
    pub async fn restart(&mut self) {
        if self.exited().is_none() && self.child.is_some() {
            let status = self.stop().await;
            assert!(
                status.success(),
                "it did not stop cleanly: {status}\n{}",
                self.output()
            );
        }
        self.child = None;
        self.launch();
        self.ready().await;
    }

    /// Sends a signal by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("it runs").id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().unwrap();
        assert!(sent.success(), "kill -s {name} {id}: {sent}");
    }

    /// Waits until the process has ended by itself or by a signal.
    pub async fn wait_exit(&mut self, within: Duration) -> ExitStatus {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.exited() {
                self.child = None;
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "still running after {within:?}\n{}",
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// `Some` once it ended.
    pub fn exited(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|c| c.try_wait().unwrap())
    }

    /// The process id while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Runs a command of the same binary in the same environment: `["token", "create", …]`.
    pub async fn run(&self, arguments: &[&str], input: &str) -> CommandOutput {
        let mut command = self.command(arguments);
        let input = input.to_owned();
        let done = tokio::task::spawn_blocking(move || {
            let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
            // A command that fails before it reads closes its input early.
            let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
            child.wait_with_output().unwrap()
        });
        CommandOutput::from(done.await.unwrap())
    }

    /// Creates the administrator ([`ADMIN`], [`ADMIN_PASSWORD`]) and a token that may write, by the commands.
    pub async fn admin(&self) -> Api {
        let arguments = ["admin", "create", "--email", ADMIN, "--password-stdin"];
        self.run(&arguments, ADMIN_PASSWORD).await.expect_success();
        self.token("write").await
    }

    /// A client with a new token of this scope. The administrator must exist.
    pub async fn token(&self, scope: &str) -> Api {
        let arguments = [
            "token", "create", "--email", ADMIN, "--name", "test", "--scope", scope,
        ];
        let made = self.run(&arguments, "").await.expect_success();
        self.api(made.stdout.trim())
    }

    pub fn api(&self, token: &str) -> Api {
        Api::new(self.client.clone(), self.url("/api/v1"), token)
    }

    /// A client that follows no redirects, keeps no cookies and uses no proxy.
    pub fn client(&self) -> &reqwest::Client {
        &self.client
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Everything that all runs printed, both streams together.
    pub fn output(&self) -> String {
        self.lines.all().join("\n")
    }

    /// Waits for a line that holds this text.
    pub async fn wait_for_line(&self, text: &str, within: Duration) -> String {
        let what = format!("a line with {text:?}");
        crate::wait_for(within, &what, || {
            let found = self.lines.all().into_iter().find(|l| l.contains(text));
            async move { found }
        })
        .await
    }

    /// The address that a first run prints, as it was printed last.
    pub async fn setup_url(&self) -> String {
        self.wait_for_line("/setup?token=", START).await;
        let lines = self.lines.all();
        let line = lines.iter().rfind(|l| l.contains("/setup?token=")).unwrap();
        let word = line
            .split_whitespace()
            .find(|w| w.contains("/setup?token="))
            .unwrap();
        word.to_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear();
        // Needed to find programs and the time zone database, and nothing of Watchbell's.
        for name in ["PATH", "TZDIR", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(self.environment.iter().map(|(n, v)| (n, v)));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Drop for Watchbell {
    fn drop(&mut self) {
        self.kill9();
        if std::thread::panicking() {
            let mut err = std::io::stderr().lock();
            let _ = writeln!(err, "--- output of watchbell ---\n{}\n---", self.output());
        }
    }
}
