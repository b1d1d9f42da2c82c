//! Real mail servers, each with its own configuration, queue and users in a temporary directory, on free ports of
//! 127.0.0.1: [`Postfix`] and [`Exim`] as Debian has them, [`Aiosmtpd`] for what no honest server does, and
//! [`StartTlsStripper`], the attacker in between.
//!
//! `scripts/lib/mail-servers install` puts the programs where they are found here. Postfix and Exim give up root for
//! users of their own, so they want to be started as root; users and groups come from files (nss_wrapper) and exist
//! nowhere else. What they delivered is read back from a maildir ([`Mailbox`]).

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    tls::{self, Certificate},
    wait_for,
};

mod aiosmtpd;
mod exim;
mod mailbox;
mod postfix;
mod stripper;

pub use aiosmtpd::{Aiosmtpd, Manner};
pub use exim::{Exim, EximPort};
pub use mailbox::Mailbox;
pub use postfix::{Postfix, PostfixPort};
pub use stripper::StartTlsStripper;

/// The one account that every server knows.
pub const USER: &str = "watch@example.org";
/// Has a blank, and a letter beyond ASCII.
pub const PASSWORD: &str = "correct hörse battery";

/// Where the programs lie; `scripts/lib/mail-servers` has the same rule.
const GIVEN: &str = "WATCHBELL_TEST_MAIL_SERVERS";
/// Long enough for a busy machine.
const START: Duration = Duration::from_secs(20);

/// Users of the servers' own, beyond those of Debian and of people.
const POSTFIX: u32 = 30_101;
const POSTDROP: u32 = 30_102;
const VMAIL: u32 = 30_103;
const EXIM: u32 = 30_104;

fn installed() -> PathBuf {
    let dir = match std::env::var_os(GIVEN) {
        Some(given) => PathBuf::from(given),
        None if am_root() => PathBuf::from("/var/cache/watchbell/mail-servers"),
        None => {
            let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
            let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
            cache.join("watchbell/mail-servers")
        }
    };
    assert!(
        dir.join("recipe").exists(),
        "the mail servers for tests are not in {}: run `scripts/lib/mail-servers install` (or name their directory in {GIVEN})",
        dir.display()
    );
    dir
}

fn am_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|m| m.uid() == 0)
}

/// A server's own place, and the programs that it is made of.
struct Place {
    dir: PathBuf,
    root: PathBuf,
}

impl Place {
    fn new(name: &str) -> Self {
        let root = installed().join("root");
        let dir = temp_place(name);
        Self { dir, root }
    }

    /// For a server that starts as root and changes to users of its own.
    fn with_users(name: &str) -> Self {
        assert!(
            am_root(),
            "{name} changes to users of its own and must be started as root: run the tests as root \
             (`unshare --user --map-root-user --map-auto` will do)"
        );
        let place = Self::new(name);
        place.write_users(
            "passwd",
            &[("postfix", POSTFIX), ("vmail", VMAIL), ("Debian-exim", EXIM)],
        );
        place.write_users(
            "group",
            &[
                ("postfix", POSTFIX),
                ("postdrop", POSTDROP),
                ("vmail", VMAIL),
                ("Debian-exim", EXIM),
            ],
        );
        place
    }

    /// Ours come first: where the system has a user of the same name, it is not meant.
    fn write_users(&self, file: &str, users: &[(&str, u32)]) {
        let ours = users.iter().map(|(name, id)| match file {
            "passwd" => format!("{name}:x:{id}:{id}::/nonexistent:/usr/sbin/nologin\n"),
            _ => format!("{name}:x:{id}:\n"),
        });
        let theirs = fs::read_to_string(Path::new("/etc").join(file)).unwrap();
        self.write(file, &ours.chain([theirs]).collect::<String>());
    }

    fn path(&self, name: &str) -> String {
        self.dir.join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.join(name), text).unwrap();
    }

    fn make_dir(&self, name: &str, mode: u32, user: u32, group: u32) {
        let dir = self.dir.join(name);
        fs::create_dir_all(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(mode)).unwrap();
        chown(&dir, Some(user), Some(group)).unwrap();
    }

    /// `<kind>.crt` and `<kind>.key`, readable for everyone: they live for seconds. The good one is first of all.
    fn write_certificates(&self) {
        for kind in CERTIFICATES {
            let (certificate, key) = tls::pem(kind);
            self.write(&format!("{kind:?}.crt"), &certificate);
            self.write(&format!("{kind:?}.key"), &key);
        }
    }

    /// A program of the unpacked packages, with their libraries and the users above.
    fn program(&self, program: &str) -> Command {
        let mut command = Command::new(self.root.join(program));
        for (name, value) in self.environment() {
            command.env(name, value);
        }
        command
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        let lib = self.library_dir();
        vec![
            (
                "LD_LIBRARY_PATH",
                format!(
                    "{}:{}",
                    self.root.join("usr/lib/postfix").display(),
                    lib.display()
                ),
            ),
            ("LD_PRELOAD", lib.join("libnss_wrapper.so").display().to_string()),
            ("NSS_WRAPPER_PASSWD", self.path("passwd")),
            ("NSS_WRAPPER_GROUP", self.path("group")),
            ("SASL_PATH", lib.join("sasl2").display().to_string()),
        ]
    }

    /// `usr/lib/x86_64-linux-gnu` and its kin.
    fn library_dir(&self) -> PathBuf {
        let dirs = fs::read_dir(self.root.join("usr/lib")).unwrap();
        dirs.flatten()
            .map(|entry| entry.path())
            .find(|path| path.join("libnss_wrapper.so").exists())
            .expect("libnss-wrapper is among the packages")
    }

    /// Waits until every port is listened on.
    async fn until_listening(&self, ports: impl IntoIterator<Item = u16>, log: &str) {
        for port in ports {
            let deadline = std::time::Instant::now() + START;
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                assert!(
                    std::time::Instant::now() < deadline,
                    "{} does not listen on port {port}:\n{}",
                    self.dir.display(),
                    self.said(log)
                );
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }

    fn said(&self, log: &str) -> String {
        [log, "output"]
            .map(|file| fs::read_to_string(self.dir.join(file)).unwrap_or_default())
            .join("\n")
    }
}

/// Every kind that a listener can show.
const CERTIFICATES: [Certificate; 4] = [
    Certificate::Good,
    Certificate::Expired,
    Certificate::SelfSigned,
    Certificate::WrongName,
];

/// A directory that servers can get into. Whoever keeps the server's process removes it.
fn temp_place(name: &str) -> PathBuf {
    let dir = tempfile::Builder::new()
        .prefix(&format!("watchbell-{name}-"))
        .tempdir()
        .unwrap()
        .keep();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    dir
}

/// Waits for a file that a server writes when it is ready.
async fn wait_for_file(path: &Path, within: Duration, what: &str) -> String {
    wait_for(within, what, || async {
        fs::read_to_string(path).ok().filter(|t| t.ends_with('\n'))
    })
    .await
}
