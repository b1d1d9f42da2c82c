//! How long each part of a conversation may take. The time for each TCP connection stands in the settings
//! (`MailSettings::connect_timeout`, 10 s where nobody has changed it).

use std::time::Duration;

/// A deadline covers a whole answer, not the pause between two bytes: a server that sends one byte per second ends at
/// the same moment as one that sends none.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    pub dns: Duration,
    pub tls: Duration,
    pub greeting: Duration,
    /// After so long without a greeting the port is asked on the side whether it expects TLS. Where nobody waits for the
    /// answer it is asked at the end only: servers that make newcomers wait hold a question at that time against them.
    pub silence: Duration,
    /// Each command from its first byte to the end of its answer.
    pub command: Duration,
    /// From the message to the final answer. Servers scan mail here; a short value makes duplicates, because the mail
    /// is accepted after we have gone (RFC 5321, 4.5.3.2.6 asks for ten minutes).
    pub final_dot: Duration,
    /// QUIT: the result is already known.
    pub farewell: Duration,
    /// Everything together, from the access token and the dial to the final answer. With the farewell it stays below the
    /// five minutes after which the dispatcher cuts a send off: a final yes must never be lost that way.
    pub session: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            dns: Duration::from_secs(5),
            tls: Duration::from_secs(10),
            greeting: Duration::from_secs(30),
            silence: Duration::from_secs(30),
            command: Duration::from_secs(30),
            final_dot: Duration::from_mins(2),
            farewell: Duration::from_secs(2),
            session: Duration::from_secs(290),
        }
    }
}

impl Deadlines {
    /// The same for somebody who watches: with all of it done after `session` at the latest, and a port that says
    /// nothing suspected early.
    #[must_use]
    pub fn within(self, session: Duration) -> Self {
        Self {
            session: self.session.min(session),
            silence: self.silence.min(Duration::from_secs(5)),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_millis(d: Deadlines) -> [u128; 8] {
        let Deadlines {
            dns,
            tls,
            greeting,
            silence,
            command,
            final_dot,
            farewell,
            session,
        } = d;
        [dns, tls, greeting, silence, command, final_dot, farewell, session].map(|d| d.as_millis())
    }

    /// Whoever changes one of them should know why it is what it is.
    #[test]
    fn each_part_has_its_time() {
        let usual = Deadlines::default();
        assert_eq!(
            in_millis(usual),
            [5_000, 10_000, 30_000, 30_000, 30_000, 120_000, 2_000, 290_000]
        );
        assert_eq!(domain::mail::DEFAULT_CONNECT_TIMEOUT, Duration::from_secs(10));
        let watched = [5_000, 10_000, 30_000, 5_000, 30_000, 120_000, 2_000, 60_000];
        assert_eq!(in_millis(usual.within(Duration::from_mins(1))), watched);
        assert_eq!(in_millis(usual.within(Duration::from_hours(1)))[7], 290_000);
    }
}
