//! Conversations, subjects and notes of one's own.

use domain::delivery::Event;

use super::*;

fn subject(desk: &Desk, notice: &Notice) -> String {
    parsed(&desk.write(notice).unwrap()).subject().unwrap().to_owned()
}

#[test]
fn a_conversation_keeps_one_subject_from_beginning_to_end() {
    let desk = Desk::new(Language::English).worded(json!({ "subject_style": "thread" }));
    let about = "Incident #7: Shop <front> & \"Co\"";
    assert_eq!(subject(&desk, &opened()), about);
    let mut reminder = opened();
    (reminder.event, reminder.thread) = (Event::Reminder, Some(OPENING_ID.to_owned()));
    for follow_up in [reminder, resolved(Some(OPENING_ID))] {
        assert_eq!(subject(&desk, &follow_up), format!("Re: {about}"));
        let letter = desk.write(&follow_up).unwrap();
        assert_eq!(
            parsed(&letter).header_raw("References").unwrap().trim(),
            format!("<{OPENING_ID}>")
        );
    }
    // There is nothing that this one could answer.
    assert_eq!(subject(&desk, &resolved(None)), about);
    let chinese = Desk::new(Language::SimplifiedChinese).worded(json!({ "subject_style": "thread" }));
    assert_eq!(subject(&chinese, &opened()), "事件 #7：Shop <front> & \"Co\"");
}

#[test]
fn the_state_comes_first_where_the_subject_does_not_say_it() {
    let desk = Desk::new(Language::English).worded(json!({ "subject_style": "thread" }));
    let letter = desk.write(&resolved(Some(OPENING_ID))).unwrap();
    assert!(text_of(&letter).starts_with("UP: Shop"), "{}", text_of(&letter));
    assert!(
        html_of(&letter).contains(";\">UP: Lasted: 12 minutes</div>"),
        "{}",
        html_of(&letter)
    );
}

#[test]
fn a_subject_of_ones_own_replaces_the_usual_one() {
    let desk = Desk::new(Language::English)
        .worded(json!({ "subject": "{{status}}/{{kind}} {{monitor}} ({{tags}})" }));
    assert_eq!(
        subject(&desk, &opened()),
        "DOWN/http Shop <front> & \"Co\" (prod)"
    );
    let desk = Desk::new(Language::English)
        .worded(json!({ "subject_style": "thread", "subject": "#{{incident}} {{monitor}}" }));
    assert_eq!(
        subject(&desk, &resolved(Some(OPENING_ID))),
        "Re: #7 Shop <front> & \"Co\""
    );
    // Values may leave nothing.
    let desk = Desk::new(Language::English).worded(json!({ "subject": "{{tags}}" }));
    let mut bare = opened();
    bare.subject.as_mut().unwrap().monitor.tags.clear();
    assert_eq!(subject(&desk, &bare), "[DOWN] Shop <front> & \"Co\"");
}

#[test]
fn a_note_is_in_both_parts_with_its_lines() {
    let note = "Runbook for {{monitor}}:\nhttps://wiki.example/{{kind}}\n\n{{reason}} since {{since}}, {{duration}}. {{link}} {{channel}} {{target}}";
    let desk = Desk::new(Language::English).worded(json!({ "note": note }));
    let letter = desk.write(&opened()).unwrap();
    let text = text_of(&letter);
    assert!(
        text.contains(
            "\n\nRunbook for Shop <front> & \"Co\":\nhttps://wiki.example/http\n\nConnection refused"
        ),
        "{text}"
    );
    assert!(html_of(&letter).contains(
        "Runbook for Shop &#60;front&#62; &#38; &#34;Co&#34;:<br>https://wiki.example/http<br><br>Connection"
    ));
    let test = {
        let mut notice = opened();
        notice.subject = None;
        text_of(&desk.write(&notice).unwrap())
    };
    assert!(
        !test.contains("Runbook"),
        "there is no incident that it could be about: {test}"
    );
}

/// a target that knows our placeholders gets its own words back.
#[test]
fn what_a_target_says_is_never_read_as_a_template() {
    let desk = Desk::new(Language::English).worded(json!({ "subject": "{{monitor}}", "note": "{{reason}}" }));
    let mut notice = opened();
    let about = notice.subject.as_mut().unwrap();
    about.monitor.name = "{{link}} {% include 'x' %}".to_owned();
    about.incident.reason.detail = "{{channel}} {{ 7*7 }} { $n }".to_owned();
    let letter = desk.write(&notice).unwrap();
    assert_eq!(parsed(&letter).subject(), Some("{{link}} {% include 'x' %}"));
    assert!(text_of(&letter).contains("\n{{channel}} {{ 7*7 }} { $n }\n"));
}

#[test]
fn a_note_ends_at_its_cap() {
    let desk = Desk::new(Language::English).worded(json!({ "note": "{{reason}}".repeat(200) }));
    let mut notice = opened();
    notice.subject.as_mut().unwrap().incident.reason.detail = "商".repeat(300);
    let text = text_of(&desk.write(&notice).unwrap());
    assert!(text.len() < 16 * 1024 && text.contains('…'), "{}", text.len());
}

#[test]
fn the_preview_is_the_message() {
    for language in Language::ALL {
        let desk = Desk::new(language).worded(json!({ "subject_style": "thread", "note": "{{link}}" }));
        let shown =
            crate::message::preview(&desk.wording, Event::Resolved, &desk.public_url, desk.reader).unwrap();
        let sample = crate::message::preview::sample(Event::Resolved, desk.reader);
        let sent = desk.write(&sample).unwrap();
        assert_eq!(Some(shown.subject.as_str()), parsed(&sent).subject());
        let upto = |text: &str| text.split("\n-- \n").next().unwrap().trim_end().to_owned();
        assert_eq!(upto(&shown.text), upto(&text_of(&sent)));
        assert!(shown.html.contains("</html>") && shown.preheader.starts_with("UP: "));
    }
}
