//! What a client may say: the lines that we mean, and no other byte.

/// Reads everything that one client said; `Err` says which line has no place in it. The last line may be cut off. Gives
/// the messages as they were on the wire, with their dots.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let (mut rest, mut messages, mut answers) = (bytes, Vec::new(), 0);
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let (line, after) = rest.split_at(end + 1);
        rest = after;
        let line = line
            .strip_suffix(b"\r\n")
            .ok_or_else(|| format!("a bare LF ends {line:?}"))?;
        let text = std::str::from_utf8(line).map_err(|_| format!("not UTF-8: {line:?}"))?;
        if text.chars().any(char::is_control) {
            return Err(format!("a control character in {text:?}"));
        }
        let (verb, argument) = text.split_once(' ').unwrap_or((text, ""));
        let fits = match verb {
            "EHLO" => {
                !argument.is_empty()
                    && argument
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b))
            }
            "STARTTLS" | "RSET" | "QUIT" | "DATA" => argument.is_empty() && text == verb,
            "AUTH" if argument == "LOGIN" => {
                answers = 2;
                true
            }
            "AUTH" => argument.strip_prefix("PLAIN ").is_some_and(is_base64),
            "MAIL" => argument
                .strip_prefix("FROM:<")
                .is_some_and(|a| is_path(a, &["SMTPUTF8", "BODY=8BITMIME", "SIZE="])),
            "RCPT" => argument.strip_prefix("TO:<").is_some_and(|a| is_path(a, &[])),
            _ if answers > 0 => {
                answers -= 1;
                is_base64(text)
            }
            _ => false,
        };
        if !fits {
            return Err(format!("nobody means to say {text:?}"));
        }
        if verb == "DATA" {
            // Whoever was refused says QUIT.
            if rest.is_empty() || rest == b"QUIT\r\n" {
                continue;
            }
            let (whole, after) = split_message(rest)?;
            messages.push(whole.to_vec());
            rest = after;
        }
    }
    Ok(messages)
}

fn is_base64(text: &str) -> bool {
    text.bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b))
}

/// `address> PARAMETER …`
fn is_path(text: &str, parameters: &[&str]) -> bool {
    let Some((address, rest)) = text.split_once('>') else {
        return false;
    };
    let address_fits = address.contains('@') && !address.contains(['<', '>', ' ', '"', ',']);
    let known = |word: &str| match word.strip_prefix("SIZE=") {
        Some(size) => parameters.contains(&"SIZE=") && size.bytes().all(|b| b.is_ascii_digit()),
        None => parameters.contains(&word),
    };
    address_fits && rest.split_ascii_whitespace().all(known)
}

/// Up to the one dot that stands alone, and what follows. A message that is cut off is all that is left.
fn split_message(bytes: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let mut at = 0;
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let whole = line.strip_suffix(b"\r\n");
        if line == b".\r\n" {
            return Ok((&bytes[..at], &bytes[at + line.len()..]));
        }
        at += line.len();
        match whole {
            Some(text) if text.contains(&b'\r') => return Err(format!("a bare CR in {line:?}")),
            Some(text) if text.starts_with(b".") && !text.starts_with(b"..") => {
                return Err(format!("a dot that is not doubled: {line:?}"));
            }
            None if line.ends_with(b"\n") => return Err(format!("a bare LF ends {line:?}")),
            Some(_) | None => {}
        }
    }
    Ok((bytes, b""))
}

/// Without the doubled dots.
pub(super) fn unstuffed(message: &[u8]) -> Vec<u8> {
    let lines = message.split_inclusive(|b| *b == b'\n');
    lines
        .flat_map(|l| l.strip_prefix(b".").unwrap_or(l))
        .copied()
        .collect()
}
