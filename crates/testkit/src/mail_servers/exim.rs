//! Exim.

use std::{collections::HashMap, time::Duration};

use super::{EXIM, Mailbox, PASSWORD, Place, USER};
use crate::{keeper::Kept, postgres::free_port, tls::Certificate};

/// How one of its ports behaves. All of them take mail for `example.org` (except for `unknown@` and `later@`), and
/// relay after a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EximPort {
    /// Neither encryption nor login.
    Plain,
    /// STARTTLS is offered, login after it.
    StartTls(Certificate),
    /// TLS from the first byte, with login.
    Tls(Certificate),
    /// Plain; at most 600 bytes.
    Small,
    /// Plain; wants to know a way back to the sender's domain, and knows `example.org` only.
    VerifiesSender,
    /// Plain; has no place for a connection.
    Full,
}

impl EximPort {
    const ALL: [Self; 12] = [
        Self::Plain,
        Self::StartTls(Certificate::Good),
        Self::StartTls(Certificate::Expired),
        Self::StartTls(Certificate::SelfSigned),
        Self::StartTls(Certificate::WrongName),
        Self::Tls(Certificate::Good),
        Self::Tls(Certificate::Expired),
        Self::Tls(Certificate::SelfSigned),
        Self::Tls(Certificate::WrongName),
        Self::Small,
        Self::VerifiesSender,
        Self::Full,
    ];

    fn certificate(self) -> Option<Certificate> {
        match self {
            Self::StartTls(kind) | Self::Tls(kind) => Some(kind),
            Self::Plain | Self::Small | Self::VerifiesSender | Self::Full => None,
        }
    }
}

/// A running Exim. Ends with all its processes when dropped.
pub struct Exim {
    place: Place,
    ports: HashMap<EximPort, u16>,
    _kept: Kept,
}

impl Exim {
    pub async fn start() -> Self {
        let place = Place::with_users("exim");
        place.write_certificates();
        for name in ["spool", "log", "mail"] {
            place.make_dir(name, 0o755, EXIM, EXIM);
        }
        let ports: HashMap<_, _> = EximPort::ALL.map(|p| (p, free_port())).into();
        place.write("exim.conf", &configuration(&place, &ports));
        let mut daemon = place.program("usr/sbin/exim4");
        daemon.args(["-C", &place.path("exim.conf"), "-bdf"]);
        let kept = Kept::start(&daemon, &place.dir);
        place.until_listening(ports.values().copied(), "log/main").await;
        Self {
            place,
            ports,
            _kept: kept,
        }
    }

    pub fn port(&self, port: EximPort) -> u16 {
        self.ports[&port]
    }

    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.place.dir.join("mail/inbox"))
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.place.said("log/main")
    }

    /// How long a delivery into the mailbox may take after the final yes.
    pub const DELIVERY: Duration = Duration::from_secs(15);
}

fn configuration(place: &Place, ports: &HashMap<EximPort, u16>) -> String {
    let (dir, root) = (&place.dir.display().to_string(), place.root.display());
    let environment: Vec<&str> = place.environment().iter().map(|(name, _)| *name).collect();
    let environment = environment.join(" : ");
    let list = |wanted: &dyn Fn(EximPort) -> bool| {
        let chosen = ports.iter().filter(|(port, _)| wanted(**port));
        chosen
            .map(|(_, number)| number.to_string())
            .collect::<Vec<_>>()
            .join(" : ")
    };
    // A value for each port, the rest otherwise.
    let by_port = |value: &dyn Fn(EximPort) -> Option<String>, otherwise: &str| {
        ports
            .iter()
            .fold(otherwise.to_owned(), |rest, (port, number)| match value(*port) {
                Some(value) => format!("${{if eq{{$received_port}}{{{number}}}{{{value}}}{{{rest}}}}}"),
                None => rest,
            })
    };
    let file = |ending: &'static str| {
        let of = move |port: EximPort| port.certificate().map(|kind| format!("{dir}/{kind:?}.{ending}"));
        by_port(&of, &format!("{dir}/Good.{ending}"))
    };
    let (certificate, key) = (file("crt"), file("key"));
    let starttls = by_port(
        &|port| matches!(port, EximPort::StartTls(_)).then(|| "*".to_owned()),
        "",
    );
    let size = by_port(&|port| (port == EximPort::Small).then(|| "600".to_owned()), "1M");
    let full = by_port(&|port| (port == EximPort::Full).then(|| "1".to_owned()), "0");
    let verify = by_port(
        &|port| (port == EximPort::VerifiesSender).then(|| "yes".to_owned()),
        "no",
    );
    let (all, implicit) = (list(&|_| true), list(&|port| matches!(port, EximPort::Tls(_))));
    format!(
        "\
exim_path = {root}/usr/sbin/exim4
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = {dir}/spool
log_file_path = {dir}/log/%s
pid_file_path = {dir}/pid
primary_hostname = mx.example.org
keep_environment = {environment}
add_environment = PATH=/usr/bin
never_users =
host_lookup =
rfc1413_hosts =
local_interfaces = 127.0.0.1
daemon_smtp_ports = {all}
tls_on_connect_ports = {implicit}
tls_advertise_hosts = {starttls}
tls_certificate = {certificate}
tls_privatekey = {key}
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
message_size_limit = {size}
smtp_accept_max = 200
smtp_accept_max_per_host = {full}
smtp_enforce_sync = true
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
domainlist ours = example.org

begin acl
check_rcpt:
  deny condition = {verify}
       !verify = sender
  defer recipients = later@example.org
        message = Greylisted, please try again later
  accept authenticated = *
  require message = relay not permitted
          domains = +ours
  require verify = recipient
  accept

begin routers
mailboxes:
  driver = accept
  domains = +ours
  local_parts = !unknown
  transport = maildir

begin transports
maildir:
  driver = appendfile
  directory = {dir}/mail/inbox
  maildir_format
  create_directory
  user = Debian-exim
  group = Debian-exim

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{USER}}}}}{{eq{{$auth2}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth1
"
    )
}
