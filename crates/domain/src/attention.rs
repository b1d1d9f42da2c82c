//! When a channel needs somebody's attention: whoever is behind it refuses us as such, and not one message of ours.
//!
//! A receiver that says "gone" means it. A login that is refused or an address that is not known may be a deployment in
//! progress, so those count when they come three times in a row, also of several messages. A refusal after which the
//! message is not tried again is enough by itself: where there is one incident, nothing else would be counted.

use std::time::Duration;

use crate::{channel::ChannelKind, clock::Timestamp, outcome::named};

named! {
    /// A no to the channel, as the service means it.
    Rejection {
        /// There will never be anything at this address again.
        Gone = "gone",
        /// We are not let in.
        Unauthorised = "unauthorised",
        /// Nobody knows this address.
        NotFound = "not_found",
    }
}

/// So many in a row are no accident.
pub const ENOUGH: u32 = 3;
/// While a channel needs attention, one message is tried so often.
pub const TRIED_EVERY: Duration = Duration::from_mins(30);

/// What one attempt says about its channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Works,
    Rejects(Rejection),
    /// A rejection after which this message is not tried again, unless a person does something.
    Dismisses(Rejection),
    /// An answer about something else.
    Otherwise,
    /// No answer at all.
    Nothing,
}

/// What is known of whoever is behind a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The latest rejection, while nothing has worked since.
    pub rejected_as: Option<Rejection>,
    /// How many in a row.
    pub rejections: u32,
    pub attention: Option<Attention>,
}

/// Somebody has to look after the channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attention {
    pub since: Timestamp,
    pub rejection: Rejection,
    /// What happened and what to do, in words.
    pub reason: String,
    /// The receiver's own words.
    pub said: Option<String>,
    /// Nothing is tried before, but for a test.
    pub until: Timestamp,
}

impl Attention {
    /// Nothing goes out before a person says so: the address of a webhook is gone ("disable the endpoint", Standard
    /// Webhooks 1.0.0).
    pub fn disables(&self, kind: ChannelKind) -> bool {
        kind == ChannelKind::Webhook && self.rejection == Rejection::Gone
    }
}

impl Standing {
    /// `reason` and `said` are the attempt's.
    #[must_use]
    pub fn learn(self, word: Word, at: Timestamp, (reason, said): (&str, Option<&str>)) -> Self {
        match word {
            Word::Works => Self::default(),
            Word::Nothing => self,
            // A rejection that stood keeps standing until something works.
            Word::Otherwise if self.attention.is_some() => self,
            Word::Otherwise => Self {
                rejections: 0,
                ..self
            },
            Word::Rejects(rejection) | Word::Dismisses(rejection) => {
                let rejections = self.rejections.saturating_add(1);
                let last = matches!(word, Word::Dismisses(_));
                let enough = last || rejection == Rejection::Gone || rejections >= ENOUGH;
                let since = self.attention.as_ref().map(|a| a.since);
                let attention = (enough || since.is_some()).then(|| Attention {
                    since: since.unwrap_or(at),
                    rejection,
                    reason: reason.to_owned(),
                    said: said.map(str::to_owned),
                    until: at.plus(TRIED_EVERY),
                });
                Self {
                    rejected_as: Some(rejection),
                    rejections,
                    attention,
                }
            }
        }
    }

    /// Somebody corrected it; whether it works is not known yet.
    #[must_use]
    pub fn corrected(self) -> Self {
        Self {
            rejections: 0,
            attention: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_000_000);

    fn after(words: &[Word]) -> Standing {
        words.iter().fold(Standing::default(), |standing, word| {
            standing.learn(*word, AT, ("why", Some("no")))
        })
    }

    #[test]
    fn it_takes_three_in_a_row_or_one_that_is_for_good() {
        use Rejection::{Gone, NotFound, Unauthorised};
        use Word::{Dismisses, Nothing, Otherwise, Rejects, Works};
        for (words, needs) in [
            (&[Dismisses(Unauthorised)][..], true),
            (&[Otherwise, Otherwise, Dismisses(NotFound)], true),
            (&[Dismisses(Unauthorised), Works], false),
            (&[Rejects(Gone)], true),
            (&[Rejects(NotFound), Rejects(NotFound)], false),
            (&[Rejects(NotFound), Rejects(NotFound), Rejects(NotFound)], true),
            (
                &[Rejects(Unauthorised), Rejects(NotFound), Rejects(Unauthorised)],
                true,
            ),
            (
                &[
                    Rejects(NotFound),
                    Nothing,
                    Rejects(NotFound),
                    Nothing,
                    Rejects(NotFound),
                ],
                true,
            ),
            (
                &[Rejects(NotFound), Rejects(NotFound), Otherwise, Rejects(NotFound)],
                false,
            ),
            (
                &[Rejects(NotFound), Rejects(NotFound), Works, Rejects(NotFound)],
                false,
            ),
            (&[Rejects(Gone), Otherwise, Nothing], true),
            (&[Rejects(Gone), Works], false),
        ] {
            assert_eq!(after(words).attention.is_some(), needs, "{words:?}");
        }
    }

    #[test]
    fn it_began_once_and_is_tried_at_long_intervals() {
        let standing = after(&[Word::Rejects(Rejection::Gone)]);
        let later = AT.plus(TRIED_EVERY);
        let word = Word::Rejects(Rejection::NotFound);
        let attention = standing.learn(word, later, ("still", None)).attention.unwrap();
        assert_eq!((attention.since, attention.until), (AT, later.plus(TRIED_EVERY)));
        assert_eq!(
            (attention.reason.as_str(), attention.rejection),
            ("still", Rejection::NotFound)
        );
    }

    #[test]
    fn who_saved_it_begins_anew_and_it_has_still_to_prove_itself() {
        let standing = after(&[Word::Rejects(Rejection::Gone)]).corrected();
        assert_eq!(
            (standing.attention.clone(), standing.rejected_as),
            (None, Some(Rejection::Gone))
        );
        let twice = standing.learn(Word::Rejects(Rejection::NotFound), AT, ("", None));
        assert_eq!(twice.rejections, 1);
    }
}
