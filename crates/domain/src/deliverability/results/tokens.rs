//! The words of an `Authentication-Results` header (RFC 8601, 2.2): pairs, comments, quoted strings.

use std::{iter::Peekable, str::Chars};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    /// `name=value`; spaces and comments around the sign are allowed and gone.
    Pair(String, String),
    /// Without its brackets; nested ones stay in it.
    Comment(String),
    Semicolon,
}

impl Token {
    pub(super) fn all(value: &str) -> Vec<Self> {
        let mut chars = value.chars().peekable();
        let mut all: Vec<Self> = Vec::new();
        // A word that waits for its `=`, and whether that has come.
        let mut word: Option<String> = None;
        let mut equals = false;
        // A comment inside a pair comes behind it.
        let mut comments = Vec::new();
        while let Some(&c) = chars.peek() {
            match c {
                ';' => {
                    chars.next();
                    all.extend(finish(&mut word, &mut equals));
                    all.append(&mut comments);
                    all.push(Self::Semicolon);
                }
                '(' => comments.push(Self::Comment(comment(&mut chars))),
                '=' => {
                    chars.next();
                    equals = word.is_some();
                }
                c if c.is_whitespace() || c == ')' => {
                    chars.next();
                }
                _ => {
                    let text = if c == '"' {
                        quoted(&mut chars)
                    } else {
                        atom(&mut chars, equals)
                    };
                    match word.take() {
                        Some(name) if equals => {
                            equals = false;
                            all.push(Self::Pair(name, text));
                        }
                        Some(lonely) => {
                            all.push(Self::Word(lonely));
                            word = Some(text);
                        }
                        None => word = Some(text),
                    }
                    if word.is_none() {
                        all.append(&mut comments);
                    }
                }
            }
        }
        all.extend(finish(&mut word, &mut equals));
        all.append(&mut comments);
        all
    }
}

/// A word at the end of its part; with a sign but no value it is a pair all the same.
fn finish(word: &mut Option<String>, equals: &mut bool) -> Option<Token> {
    let name = word.take()?;
    Some(if std::mem::take(equals) {
        Token::Pair(name, String::new())
    } else {
        Token::Word(name)
    })
}

/// Up to a space, semicolon or bracket. A value may contain `=`, as base64 does; a name ends there.
fn atom(chars: &mut Peekable<Chars<'_>>, is_value: bool) -> String {
    let mut text = String::new();
    while let Some(&c) = chars.peek() {
        let ends = c.is_whitespace() || matches!(c, ';' | '(' | ')' | '"') || (c == '=' && !is_value);
        if ends {
            break;
        }
        text.push(c);
        chars.next();
    }
    text
}

/// A quoted string without its quotes; an unfinished one ends with the text.
fn quoted(chars: &mut Peekable<Chars<'_>>) -> String {
    chars.next();
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text
}

/// A comment, whatever its depth; an unfinished one ends with the text.
fn comment(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    let mut depth = 0_usize;
    while let Some(c) = chars.next() {
        match c {
            '(' => {
                depth += 1;
                if depth > 1 {
                    text.push(c);
                }
            }
            ')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
                text.push(c);
            }
            '\\' => text.extend(chars.next()),
            c => text.push(c),
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> Token {
        Token::Pair(name.to_owned(), value.to_owned())
    }

    #[test]
    fn the_grammar_with_its_odd_corners() {
        let word = |w: &str| Token::Word(w.to_owned());
        let comment = |c: &str| Token::Comment(c.to_owned());
        for (text, expected) in [
            (
                "mx.example 1; none",
                vec![word("mx.example"), word("1"), Token::Semicolon, word("none")],
            ),
            ("spf=pass", vec![pair("spf", "pass")]),
            ("spf = (odd) pass", vec![pair("spf", "pass"), comment("odd")]),
            ("header.b=Ab/c+d==", vec![pair("header.b", "Ab/c+d==")]),
            (
                "reason=\"a \\\"b\\\"; (c)\"",
                vec![pair("reason", "a \"b\"; (c)")],
            ),
            (
                "dkim=fail (a (b) c\\) d)",
                vec![pair("dkim", "fail"), comment("a (b) c) d")],
            ),
            ("x=", vec![pair("x", "")]),
            ("x=;", vec![pair("x", ""), Token::Semicolon]),
            ("=", vec![]),
            (")(", vec![comment("")]),
            ("\"open", vec![word("open")]),
            ("(open", vec![comment("open")]),
        ] {
            assert_eq!(Token::all(text), expected, "{text}");
        }
    }
}
