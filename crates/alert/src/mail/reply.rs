//! What a server says: reply lines put together from bytes, made safe before anybody reads them.
//!
//! Servers in the wild answer in GBK or Latin-1, end lines with a bare LF, send `250` without a text, or lines of blanks.
//! lettre's reader gives up on the first two for a reason that nobody could act on, hangs on the second until the
//! deadline, and panics on the last; so it is fed from here with lines in the one form that it takes.

use domain::text::sanitize;

/// Longest reply, in bytes as received. Real ones stay under 4 KiB.
pub(super) const MOST_BYTES: usize = 64 * 1024;
/// Longest text of a reply that is kept, in bytes.
const MOST_TEXT: usize = 1024;
/// lettre refuses lines from 1,000 bytes on.
const LONGEST_LINE: usize = 500;

/// One complete reply, possibly of several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// The lines without their codes, sanitised.
    pub lines: Vec<String>,
}

impl Reply {
    /// 2xx: done as asked.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    pub fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    pub fn is_permanent(&self) -> bool {
        (500..600).contains(&self.code)
    }

    /// All lines as one, at most 1 KiB, an enhanced code that every line repeats only once.
    pub fn text(&self) -> String {
        let enhanced = self.enhanced().map(|e| format!("{e} "));
        let mut all = String::new();
        for (i, line) in self.lines.iter().enumerate() {
            let line = match &enhanced {
                Some(e) if i > 0 => line.strip_prefix(e.as_str()).unwrap_or(line),
                _ => line,
            };
            if !all.is_empty() && !line.is_empty() {
                all.push(' ');
            }
            all.push_str(line);
        }
        let mut text = sanitize(&all, MOST_TEXT);
        while text.len() > MOST_TEXT {
            text.pop();
        }
        text
    }

    /// The enhanced status code (RFC 3463), such as `5.7.8`.
    pub fn enhanced(&self) -> Option<&str> {
        let word = self.lines.first()?.split_whitespace().next()?;
        let mut parts = word.split('.');
        let numbers = [parts.next()?, parts.next()?, parts.next()?];
        let number = |p: &str| !p.is_empty() && p.len() <= 3 && p.bytes().all(|b| b.is_ascii_digit());
        let fits = parts.next().is_none() && numbers.iter().all(|p| number(p));
        (fits && numbers[0].parse() == Ok(self.code / 100)).then_some(word)
    }

    /// The server's own name for the message, where it says one; the wording is up to each server.
    pub fn queue_id(&self) -> Option<String> {
        let text = self.text();
        let lower = text.to_ascii_lowercase();
        let after = |mark: &str| lower.find(mark).map(|i| &text[i + mark.len()..]);
        let word = after("queued as ")
            .or_else(|| after("internalid="))
            .or_else(|| after(" id="))
            .or_else(|| after(" id "))
            .and_then(|rest| rest.split_whitespace().next())
            .or_else(|| lone_word_after_ok(&text))
            .or_else(|| bracketed(&text))?;
        let id = word.trim_matches(|c: char| "<>[](),;.\"'".contains(c));
        (!id.is_empty()).then(|| sanitize(id, 200))
    }

    /// As shown to people: `535 5.7.8 Authentication failed`.
    pub fn shown(&self) -> String {
        format!("{} {}", self.code, self.text()).trim_end().to_owned()
    }

    /// The bytes that lettre reads.
    pub(super) fn as_fed(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let last = self.lines.len().saturating_sub(1);
        for (i, line) in self.lines.iter().enumerate() {
            let separator = if i == last { ' ' } else { '-' };
            // lettre takes an EHLO reply without a name for an error.
            let text = if i == 0 && line.is_empty() { "-" } else { line };
            out.extend_from_slice(format!("{}{separator}{text}\r\n", self.code).as_bytes());
        }
        out
    }
}

/// `2.0.0 OK 0100018c…`: one word after the "ok" and nothing else.
fn lone_word_after_ok(text: &str) -> Option<&str> {
    let mut words = text
        .split_whitespace()
        .skip_while(|w| !w.trim_end_matches(':').eq_ignore_ascii_case("ok"));
    words.next()?;
    let word = words.next()?;
    let looks_like_id = word.len() >= 6 && word.bytes().any(|b| b.is_ascii_digit());
    (looks_like_id && words.next().is_none()).then_some(word)
}

/// `2.0.0 <4711@relay.example> accepted`: what stands in brackets, where nothing else is called an id.
fn bracketed(text: &str) -> Option<&str> {
    let (_, opened) = text.split_once('<')?;
    let (id, _) = opened.split_once('>')?;
    (!id.is_empty() && !id.contains(char::is_whitespace)).then_some(id)
}

/// Why bytes are not a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Malformed {
    TooLong,
    /// Not a reply of SMTP; the line, sanitised.
    NotSmtp(String),
}

/// Collects bytes into replies.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    raw: Vec<u8>,
    code: Option<u16>,
    lines: Vec<String>,
    seen: usize,
}

impl Assembler {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
    }

    /// True when nothing was received that does not belong to a reply already taken.
    pub(super) fn is_empty(&self) -> bool {
        self.raw.is_empty() && self.lines.is_empty()
    }

    /// What has arrived of an incomplete reply, to show it.
    pub(super) fn partial(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        let rest = String::from_utf8_lossy(&self.raw);
        let line = self.lines.last().map_or_else(|| rest.as_ref(), String::as_str);
        Some(sanitize(line, 200)).filter(|t| !t.is_empty())
    }

    /// The next complete reply, or `None` while more bytes are needed.
    pub(super) fn next(&mut self) -> Result<Option<Reply>, Malformed> {
        while let Some(end) = self.raw.iter().position(|b| *b == b'\n') {
            self.seen += end + 1;
            let line: Vec<u8> = self.raw.drain(..=end).collect();
            let (code, more, text) = parse_line(&line)?;
            if self.code.is_some_and(|c| c != code) {
                return Err(Malformed::NotSmtp(shown(&line)));
            }
            self.lines.push(text);
            if self.seen > MOST_BYTES {
                return Err(Malformed::TooLong);
            }
            if more {
                self.code = Some(code);
            } else {
                self.code = None;
                self.seen = 0;
                let lines = std::mem::take(&mut self.lines);
                return Ok(Some(Reply { code, lines }));
            }
        }
        if self.seen + self.raw.len() > MOST_BYTES {
            return Err(Malformed::TooLong);
        }
        Ok(None)
    }
}

/// `250-SIZE 1000` -> (250, true, "SIZE 1000"). Codes are 200 to 559, second digit 0 to 5 (RFC 5321, 4.2).
fn parse_line(line: &[u8]) -> Result<(u16, bool, String), Malformed> {
    let bad = || Malformed::NotSmtp(shown(line));
    let trimmed = line.trim_ascii_end();
    let (digits, rest) = trimmed.split_at_checked(3).ok_or_else(bad)?;
    let &[a @ b'2'..=b'5', b @ b'0'..=b'5', c @ b'0'..=b'9'] = digits else {
        return Err(bad());
    };
    let code = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
    let (more, text) = match rest.split_first() {
        None => (false, &b""[..]),
        Some((b' ', text)) => (false, text),
        Some((b'-', text)) => (true, text),
        Some(_) => return Err(bad()),
    };
    let mut text = sanitize(&String::from_utf8_lossy(text), LONGEST_LINE);
    while text.len() > LONGEST_LINE {
        text.pop();
    }
    Ok((code, more, text.trim_end().to_owned()))
}

fn shown(line: &[u8]) -> String {
    let line = &line[..line.len().min(400)];
    sanitize(&String::from_utf8_lossy(line), 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Option<Reply>, Malformed> {
        let mut a = Assembler::default();
        a.push(bytes);
        a.next()
    }

    fn reply(bytes: &[u8]) -> Reply {
        read(bytes).unwrap().unwrap()
    }

    #[test]
    fn reads_one_and_several_lines() {
        assert_eq!(reply(b"220 hi\r\n").lines, ["hi"]);
        let r = reply(b"250-mx\r\n250-SIZE 1000\r\n250 OK\r\n");
        assert_eq!((r.code, r.lines.join("|").as_str()), (250, "mx|SIZE 1000|OK"));
        assert_eq!(read(b"250-mx\r\n250-SI").unwrap(), None);
    }

    #[test]
    fn takes_what_servers_really_send() {
        assert_eq!(reply(b"250 lf only\n").lines, ["lf only"]);
        assert_eq!(reply(b"250\r\n").lines, [""]);
        assert_eq!(reply(b"250\r\n").as_fed(), b"250 -\r\n");
        // GBK, as Chinese providers answer.
        assert_eq!(reply(b"535 \xb5\xc7\xc2\xbc\r\n").code, 535);
        // Blanks alone, also those beyond ASCII: lettre panics on them in an EHLO reply.
        let r = reply("250-mx\r\n250-\u{a0} \r\n250 \t\r\n".as_bytes());
        assert_eq!(r.lines, ["mx", "", ""]);
    }

    #[test]
    fn refuses_what_is_not_smtp() {
        for bad in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"SSH-2.0-OpenSSH\r\n",
            b"\x15\x03\x01\x00\x02\x02\n",
            b"250-a\r\n251 b\r\n",
            b"290 x\r\n",
            b"150 x\r\n",
            b"\r\n",
            b"25\r\n",
            b"2500\r\n",
        ] {
            assert!(matches!(read(bad), Err(Malformed::NotSmtp(_))), "{bad:?}");
        }
    }

    #[test]
    fn an_endless_reply_ends_at_the_cap() {
        let mut a = Assembler::default();
        let result = (0..100_000).find_map(|_| {
            a.push(b"250-and so on\r\n");
            a.next().err()
        });
        assert_eq!(result, Some(Malformed::TooLong));
        assert_eq!(read(&vec![b'2'; MOST_BYTES + 1]), Err(Malformed::TooLong));
    }

    #[test]
    fn fed_lines_stay_under_the_limit_of_the_reader() {
        let long = format!("250 {}\r\n", "é".repeat(5000));
        assert!(reply(long.as_bytes()).as_fed().len() < 1000);
    }

    #[test]
    fn finds_enhanced_codes() {
        for (line, code) in [
            ("535 5.7.8 no\r\n", Some("5.7.8")),
            ("535 2.7.8 no\r\n", None),
            ("250 2.0.0\r\n", Some("2.0.0")),
            ("535 5.7 no\r\n", None),
            ("535 no\r\n", None),
        ] {
            assert_eq!(reply(line.as_bytes()).enhanced(), code, "{line}");
        }
        let twice = reply(b"535-5.7.8 Bad.\r\n535 5.7.8 See here\r\n");
        assert_eq!(twice.text(), "5.7.8 Bad. See here");
    }

    #[test]
    fn a_text_is_kept_up_to_a_kibibyte() {
        let line = format!("550-{}\r\n", "词".repeat(150));
        let all = line.repeat(10) + "550 end\r\n";
        let text = reply(all.as_bytes()).text();
        assert!((1000..=1024).contains(&text.len()), "{}", text.len());
    }

    #[test]
    fn finds_queue_ids() {
        for (line, id) in [
            ("250 2.0.0 Ok: queued as ABC123", Some("ABC123")),
            ("250 OK id=1rXyZ-0003Ab-2C", Some("1rXyZ-0003Ab-2C")),
            (
                "250 2.6.0 <a@b> [InternalId=42, Hostname=x] Queued mail",
                Some("42"),
            ),
            ("250 Ok 0100018c1c38-a2b-000000", Some("0100018c1c38-a2b-000000")),
            (
                "250 2.0.0 <4711.abc@relay.example> accepted",
                Some("4711.abc@relay.example"),
            ),
            ("250 Message accepted <20261126-42>", Some("20261126-42")),
            ("250 2.0.0 Ok: <a@b> queued as ABC123", Some("ABC123")),
            ("250 <a b> thanks", None),
            ("250 <> thanks", None),
            ("250 a < b", None),
            ("250 2.0.0 Message accepted", None),
            ("250 ok", None),
            ("250", None),
        ] {
            let r = reply(format!("{line}\r\n").as_bytes());
            assert_eq!(r.queue_id().as_deref(), id, "{line}");
        }
    }
}
