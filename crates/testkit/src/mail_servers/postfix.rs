//! Postfix with Cyrus SASL.

use std::{collections::HashMap, io::Write, os::unix::fs::chown, process::Stdio, time::Duration};

use super::{Mailbox, PASSWORD, POSTDROP, POSTFIX, Place, USER, VMAIL};
use crate::{keeper::Kept, postgres::free_port, tls::Certificate};

/// How one of its ports behaves. All of them take mail for `example.org` (except for `unknown@` and `later@`), and
/// relay after a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PostfixPort {
    /// Neither encryption nor login: port 25 of an own network.
    Plain,
    /// STARTTLS required, login after it: port 587.
    Submission(Certificate),
    /// TLS from the first byte, with login: port 465.
    Smtps(Certificate),
    /// As submission; an account may use its own sender address alone.
    OwnSender,
    /// Plain; refuses every sender, and says so.
    NoSender,
    /// Plain; refuses every client.
    NoClient,
    /// Plain; at most 600 bytes, and says so in the answer to EHLO.
    Small,
    /// Plain; at most 600 bytes, and says so after the message.
    SmallUnsaid,
    /// Plain; one connection of a client at a time.
    OneAtATime,
}

impl PostfixPort {
    const ALL: [Self; 15] = [
        Self::Plain,
        Self::Submission(Certificate::Good),
        Self::Submission(Certificate::Expired),
        Self::Submission(Certificate::SelfSigned),
        Self::Submission(Certificate::WrongName),
        Self::Smtps(Certificate::Good),
        Self::Smtps(Certificate::Expired),
        Self::Smtps(Certificate::SelfSigned),
        Self::Smtps(Certificate::WrongName),
        Self::OwnSender,
        Self::NoSender,
        Self::NoClient,
        Self::Small,
        Self::SmallUnsaid,
        Self::OneAtATime,
    ];

    /// What `smtpd` is told on top of `main.cf`.
    fn options(self, place: &Place) -> Vec<String> {
        let tls = |kind: Certificate| {
            vec![
                format!("smtpd_tls_cert_file={}", place.path(&format!("{kind:?}.crt"))),
                format!("smtpd_tls_key_file={}", place.path(&format!("{kind:?}.key"))),
                "smtpd_sasl_auth_enable=yes".to_owned(),
                "smtpd_tls_auth_only=yes".to_owned(),
            ]
        };
        let mut options = match self {
            Self::Submission(kind) | Self::Smtps(kind) => tls(kind),
            Self::OwnSender => tls(Certificate::Good),
            _ => Vec::new(),
        };
        let more: &[&str] = match self {
            Self::Plain => &[],
            Self::Submission(_) => &["smtpd_tls_security_level=encrypt"],
            Self::Smtps(_) => &["smtpd_tls_wrappermode=yes"],
            Self::OwnSender => &[
                "smtpd_tls_security_level=encrypt",
                "smtpd_sender_restrictions=reject_sender_login_mismatch",
            ],
            Self::NoSender => &["smtpd_sender_restrictions=static:reject"],
            Self::NoClient => &["smtpd_client_restrictions=static:reject"],
            Self::Small => &["message_size_limit=600"],
            Self::SmallUnsaid => &["message_size_limit=600", "smtpd_discard_ehlo_keywords=size"],
            Self::OneAtATime => &["smtpd_client_connection_count_limit=1"],
        };
        options.extend(more.iter().map(ToString::to_string));
        options
    }
}

/// A running Postfix. Ends with all its processes when dropped.
pub struct Postfix {
    place: Place,
    ports: HashMap<PostfixPort, u16>,
    _kept: Kept,
}

impl Postfix {
    pub async fn start() -> Self {
        let place = Place::with_users("postfix");
        place.write_certificates();
        make_queue(&place);
        let ports: HashMap<_, _> = PostfixPort::ALL.map(|p| (p, free_port())).into();
        configure(&place, &ports);
        save_password(&place);
        let mut master = place.program("usr/lib/postfix/sbin/master");
        master.args(["-c", &place.path("etc"), "-s"]);
        let kept = Kept::start(&master, &place.dir);
        place.until_listening(ports.values().copied(), "log").await;
        Self {
            place,
            ports,
            _kept: kept,
        }
    }

    pub fn port(&self, port: PostfixPort) -> u16 {
        self.ports[&port]
    }

    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.place.dir.join("mail/inbox"))
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        self.place.said("log")
    }

    /// How long a delivery into the mailbox may take after the final yes.
    pub const DELIVERY: Duration = Duration::from_secs(15);
}

fn make_queue(place: &Place) {
    for name in [
        "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
        "trace",
    ] {
        place.make_dir(&format!("queue/{name}"), 0o700, POSTFIX, 0);
    }
    place.make_dir("queue/maildrop", 0o730, POSTFIX, POSTDROP);
    place.make_dir("queue/public", 0o710, POSTFIX, POSTDROP);
    place.make_dir("queue/pid", 0o755, 0, 0);
    place.make_dir("data", 0o700, POSTFIX, POSTFIX);
    place.make_dir("mail", 0o755, VMAIL, VMAIL);
    place.make_dir("etc/sasl", 0o755, 0, 0);
}

fn configure(place: &Place, ports: &HashMap<PostfixPort, u16>) {
    let (dir, root) = (place.dir.display(), place.root.display());
    let import: Vec<&str> = place.environment().iter().map(|(name, _)| *name).collect();
    let import = import.join(" ");
    place.write(
        "etc/main.cf",
        &format!(
            "\
compatibility_level = 3.6
command_directory = {root}/usr/sbin
daemon_directory = {root}/usr/lib/postfix/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {dir}/etc
queue_directory = {dir}/queue
data_directory = {dir}/data
import_environment = MAIL_CONFIG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME {import}
maillog_file = {dir}/log
maillog_file_prefixes = {dir}
myhostname = mx.example.org
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtpd_peername_lookup = no
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = example.org
virtual_mailbox_maps = regexp:{dir}/etc/mailboxes
virtual_mailbox_base = {dir}/mail
virtual_uid_maps = static:{VMAIL}
virtual_gid_maps = static:{VMAIL}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{dir}/etc/recipients
smtpd_sender_login_maps = texthash:{dir}/etc/senders
smtpd_sasl_type = cyrus
smtpd_sasl_path = smtpd
smtpd_tls_received_header = yes
smtpd_tls_session_cache_database =
"
        ),
    );
    place.write("etc/mailboxes", "!/^unknown@/ inbox/\n");
    place.write(
        "etc/recipients",
        "later@example.org 450 4.2.0 Greylisted, see http://postgrey.schweikert.ch/help/example.org.html\n",
    );
    place.write(
        "etc/senders",
        &format!("{USER} {USER}\nboss@example.org boss@example.org\n"),
    );
    place.write(
        "etc/sasl/smtpd.conf",
        &format!("pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {dir}/sasldb\nmech_list: PLAIN LOGIN\n"),
    );
    let listeners = ports.iter().map(|(port, number)| {
        let options = port
            .options(place)
            .into_iter()
            .map(|option| format!(" -o {option}"));
        let options: String = options.collect();
        format!("127.0.0.1:{number} inet n - n - - smtpd{options}\n")
    });
    let master: String = listeners.chain([SERVICES.to_owned()]).collect();
    place.write("etc/master.cf", &master);
}

/// What Postfix is made of besides the listeners (master(5)).
const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// Cyrus' own database of users.
fn save_password(place: &Place) {
    let (user, realm) = USER.split_once('@').unwrap();
    let mut command = place.program("usr/sbin/saslpasswd2");
    command.args(["-p", "-c", "-f", &place.path("sasldb"), "-u", realm, user]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(PASSWORD.as_bytes()).unwrap();
    drop(input);
    assert!(
        child.wait().unwrap().success(),
        "saslpasswd2 could not save the password"
    );
    let database = place.dir.join("sasldb");
    chown(&database, Some(POSTFIX), Some(POSTFIX)).unwrap();
}
