//! The end of an incident whose monitor was deleted.

use super::*;
use crate::{
    links::{Links, Pages},
    message::Brief,
};

fn ended() -> Notice {
    let mut notice = resolved(None);
    if let Some(subject) = &mut notice.subject {
        subject.deleted = true;
    }
    notice
}

#[test]
fn nobody_reads_that_something_is_up_because_its_monitor_was_deleted() {
    let links = Links::new(public_url());
    let pages = Pages {
        links: &links,
        token: &|incident| format!("{incident}.{TOKEN}"),
    };
    for (language, note) in [
        (Language::English, "The monitor was deleted"),
        (Language::SimplifiedChinese, "该监控项已被删除"),
    ] {
        let letter = letter(&ended(), language);
        let subject = parsed(&letter).subject().unwrap().to_owned();
        assert!(subject.starts_with("[ENDED] Shop"), "{subject}");
        let text = text_of(&letter);
        assert!(text.contains(note), "{text}");
        assert!(
            !text.contains("is up again") && !text.contains("Up since"),
            "{text}"
        );
        let brief = Brief::new(&ended(), pages, Desk::new(language).reader);
        assert!(brief.title.starts_with("[ENDED] "), "{}", brief.title);
        assert!(brief.note.unwrap().contains(note));
    }
    // Of an outage that was over before, it does say so.
    let before = text_of(&letter(&resolved(None), Language::English));
    assert!(before.contains("is up again"), "{before}");
}
