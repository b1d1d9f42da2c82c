//! What a mail that came back means for its recipient.

use std::{fmt, str::FromStr};

/// An enhanced status code (RFC 3463): `class.subject.detail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status {
    /// 2 = delivered, 4 = not now, 5 = never.
    pub class: u8,
    pub subject: u16,
    pub detail: u16,
}

/// What to do about the recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing more is sent to it.
    Suspend,
    /// It is written down; the next mail may go through.
    Note,
    /// The report is of a success.
    Nothing,
}

impl Status {
    /// 5.x means that the address is dead. 5.4.4 ("unable to route") is the exception: it is what a name server that
    /// is away for a moment looks like from far away.
    pub const fn effect(self) -> Effect {
        match (self.class, self.subject, self.detail) {
            (5, 4, 4) | (4, ..) => Effect::Note,
            (5, ..) => Effect::Suspend,
            _ => Effect::Nothing,
        }
    }
}

impl FromStr for Status {
    type Err = ();

    /// `5.1.1`; words or a comment behind it are let go, as mail servers write them.
    fn from_str(text: &str) -> Result<Self, ()> {
        let code = text.split_whitespace().next().ok_or(())?;
        let mut parts = code.split('.');
        let (Some(class), Some(subject), Some(detail), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let number = |part: &str| {
            let digits = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten().ok_or(())
        };
        let class = match class {
            "2" => 2,
            "4" => 4,
            "5" => 5,
            _ => return Err(()),
        };
        Ok(Self {
            class,
            subject: number(subject)?,
            detail: number(detail)?,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}
