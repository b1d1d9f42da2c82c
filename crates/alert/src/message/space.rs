//! How much a message may say. Gmail shows the first 102 KB of one, and how to stop it stands at the end.

use domain::mail_message::LARGEST_NOTE;

/// Bytes of a message as it leaves, headers and both parts.
pub(super) const LARGEST: usize = 100 * 1024 - 1;
/// More than are ever put together.
const MOST_NAMED: usize = 50;

/// What is said in full and what is cut short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Space {
    /// Bytes of the note that people wrote.
    pub(super) note: usize,
    pub(super) parts: Parts,
}

/// How the parts of a message about several incidents are told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Parts {
    /// As messages of their own, as long as they are few.
    Told,
    /// When and why, in a list.
    Listed,
    /// By name, the first of them.
    Named { most: usize },
}

impl Space {
    /// Enough for whatever people write; not for whatever servers answer.
    pub(super) const AMPLE: Self = Self {
        note: LARGEST_NOTE,
        parts: Parts::Told,
    };

    /// The next smaller one; `None`: nothing is left to cut.
    pub(super) fn less(self) -> Option<Self> {
        if self.note == 0 && self.parts.most() == Some(0) {
            return None;
        }
        Some(Self {
            note: self.note / 2,
            parts: match self.parts {
                Parts::Told => Parts::Listed,
                Parts::Listed => Parts::Named { most: MOST_NAMED },
                Parts::Named { most } => Parts::Named { most: most / 2 },
            },
        })
    }
}

impl Parts {
    pub(super) fn most(self) -> Option<usize> {
        match self {
            Self::Told | Self::Listed => None,
            Self::Named { most } => Some(most),
        }
    }
}
