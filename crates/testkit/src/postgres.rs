//! A real PostgreSQL from Debian's package, with a database of its own for every test.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

/// Names a running server: its databases are made there, and no cluster is started. `scripts/test` sets it.
const GIVEN: &str = "WATCHBELL_TEST_POSTGRES";

/// An empty database. It is dropped with this value; the server lives as long as the test process.
pub struct Postgres {
    name: String,
    url: String,
}

impl Postgres {
    pub async fn start() -> Self {
        tokio::task::spawn_blocking(Self::create).await.unwrap()
    }

    fn create() -> Self {
        let server = Server::get();
        let name = format!("test_{}", uuid::Uuid::now_v7().simple());
        server.run(&format!("CREATE DATABASE {name}"));
        let url = format!("{}/{name}", server.url.rsplit_once('/').unwrap().0);
        Self { name, url }
    }

    /// `postgres://user@127.0.0.1:port/database`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL in this database as its owner and gives what `psql` prints: rows by line, columns by `|`.
    pub async fn sql(&self, sql: &str) -> String {
        let (url, sql) = (self.url.clone(), sql.to_owned());
        tokio::task::spawn_blocking(move || psql(&url, &sql))
            .await
            .unwrap()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // Tidying up: a server that is gone has nothing to tidy.
        let _ = try_psql(&Server::get().url, &sql);
    }
}

struct Server {
    /// Of the maintenance database.
    url: String,
    /// Ends the cluster and removes its files when our end of its input closes: however this process dies.
    _keeper: Option<Child>,
}

impl Server {
    fn get() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| match std::env::var(GIVEN) {
            Ok(url) if !url.is_empty() => Self { url, _keeper: None },
            _ => start_cluster(),
        })
    }

    fn run(&self, sql: &str) {
        psql(&self.url, sql);
    }
}

fn start_cluster() -> Server {
    let dir = tempfile::Builder::new()
        .prefix("watchbell-postgres-")
        .tempdir()
        .unwrap()
        .keep();
    let data = dir.join("data");
    let owner = Owner::of(&dir);
    let initdb = owner
        .command(&program("initdb"))
        .arg("-D")
        .arg(&data)
        .args([
            "-U",
            "watchbell",
            "--auth=trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        ])
        .current_dir("/")
        .output()
        .unwrap();
    expect_success("initdb", &initdb);

    let port = free_port();
    let log = dir.join("server.log");
    let mut keeper = Command::new("sh");
    keeper
        .args([
            "-c",
            r#""$@" & pid=$!; cat >/dev/null; kill -QUIT $pid; wait $pid; rm -rf "$DIR""#,
            "keeper",
        ])
        .args(owner.prefix())
        .arg(program("postgres"))
        .arg("-D")
        .arg(&data)
        .args(["-p", &port.to_string(), "-h", "127.0.0.1", "-k", ""])
        // What is tested is the death of our process, not of this server.
        .args([
            "-c",
            "fsync=off",
            "-c",
            "max_connections=200",
            "-c",
            "shared_buffers=32MB",
        ])
        .env("DIR", &dir)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(File::create(&log).unwrap())
        .stderr(File::options().append(true).open(&log).unwrap());
    let keeper = keeper.spawn().unwrap();

    let url = format!("postgres://watchbell@127.0.0.1:{port}/postgres");
    let deadline = Instant::now() + Duration::from_secs(30);
    while let Err(why) = try_psql(&url, "SELECT 1") {
        let said = std::fs::read_to_string(&log).unwrap_or_default();
        assert!(
            Instant::now() < deadline,
            "PostgreSQL did not start: {why}\n{said}"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    Server {
        url,
        _keeper: Some(keeper),
    }
}

/// The server refuses to run as root; then everything of it belongs to the user that Debian's package made.
enum Owner {
    Us,
    PackageUser,
}

impl Owner {
    fn of(dir: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        if dir.metadata().unwrap().uid() != 0 {
            return Self::Us;
        }
        let given = Command::new("chown").arg("postgres").arg(dir).output().unwrap();
        expect_success("chown postgres", &given);
        Self::PackageUser
    }

    fn prefix(&self) -> &'static [&'static str] {
        match self {
            Self::Us => &[],
            Self::PackageUser => &["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"],
        }
    }

    fn command(&self, program: &Path) -> Command {
        match self.prefix().split_first() {
            None => Command::new(program),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
        }
    }
}

fn program(name: &str) -> PathBuf {
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    versions.sort();
    versions.pop().unwrap_or_else(|| {
        panic!(
            "/usr/lib/postgresql/*/bin/{name} is missing: install PostgreSQL (apt install postgresql), \
             or name a running server in {GIVEN} (postgres://user@host:port/postgres)"
        )
    })
}

fn psql(url: &str, sql: &str) -> String {
    try_psql(url, sql).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

fn try_psql(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new(program("psql"))
        .args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ])
        .args(["--dbname", url, "--command", sql])
        .stdin(Stdio::null())
        .current_dir("/")
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

fn expect_success(what: &str, output: &Output) {
    assert!(
        output.status.success(),
        "{what}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A port that nothing listens on, below the range from which the kernel takes ports for outgoing connections, so
/// that it is still free when the program binds it, and again when it is restarted.
pub(crate) fn free_port() -> u16 {
    loop {
        // Its last bits are random.
        let random = uuid::Uuid::now_v7().as_u128() & 0xffff_ffff;
        let port = 10_240 + (random % 22_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
