//! A process that ends with us, however we end.

use std::{
    fs::File,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Starts the program in a session of its own and waits for the end of its input: then it ends the whole session (a
/// mail server has many processes), politely first, and removes the directory. It stands in another session than the
/// test, so that a signal to the test's process group leaves it to do its work.
const SCRIPT: &str = r#"
setsid "$@" & pid=$!
cat >/dev/null
# The shell's own kill knows no process groups everywhere.
signal() { env kill -s "$1" -- "-$pid" 2>/dev/null || env kill -s "$1" -- "$pid" 2>/dev/null; }
signal TERM
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    env kill -s 0 -- "-$pid" 2>/dev/null || break
    sleep 0.1
done
signal KILL
wait "$pid"
rm -rf "$KEEPER_DIR"
"#;

/// Dropping it ends the process, and waits until it is gone.
pub(crate) struct Kept(Child);

impl Kept {
    /// Runs `command` with `dir` as the place of its output (`output`), which is removed at the end.
    pub(crate) fn start(command: &Command, dir: &Path) -> Self {
        let output = File::create(dir.join("output")).unwrap();
        let mut keeper = Command::new("setsid");
        keeper.args(["sh", "-c", SCRIPT, "keeper"]);
        keeper.arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                keeper.env(name, value);
            }
        }
        keeper
            .env("KEEPER_DIR", dir)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(output.try_clone().unwrap())
            .stderr(output);
        Self(keeper.spawn().unwrap())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // The end of its input.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
