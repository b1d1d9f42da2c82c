//! Rotations with somebody on call and with nobody, and none.

use domain::{
    id::{OverrideId, RotationId},
    rotation::{ContactDraft, Override, RotationDraft},
};
use serde_json::json;

use super::{
    ask::AskPage,
    contact::{self, ContactPage},
    edit::{RotationForm, fresh},
    show::RotationPage,
    *,
};
use crate::{
    components::Form,
    locale::Language,
    pages::samples::{NOW, shell},
};

pub(crate) struct OnCall {
    pub(crate) overviews: Vec<OverviewPage>,
    pub(crate) contacts: Vec<ContactPage>,
    pub(crate) rotations: Vec<RotationPage>,
    pub(crate) forms: Vec<RotationForm>,
    pub(crate) questions: Vec<AskPage>,
}

fn cast() -> Cast {
    let contact = |id, name: &str, channels: &[i64]| Contact {
        id: ContactId(id),
        name: name.to_owned(),
        channels: channels.iter().map(|c| ChannelId(*c)).collect(),
    };
    Cast {
        contacts: vec![
            contact(1, "Ada Lovelace", &[1, 2]),
            contact(2, "Grace Hopper", &[1]),
            contact(3, "王芳", &[]),
        ],
        channels: vec![
            (ChannelId(1), "Operations mail".to_owned(), true),
            (ChannelId(2), "Pager".to_owned(), true),
            (ChannelId(3), "Old chat".to_owned(), false),
        ],
    }
}

fn plan() -> RotationDraft {
    let night = json!({ "zone": "Europe/Berlin", "spans": [
        { "days": ["mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "06:00" }] });
    RotationDraft::from_json(json!({ "name": "Operations", "zone": "Europe/Berlin", "layers": [
        { "name": "Weeks", "people": [1, 2],
          "handover": { "every": 1, "unit": "weeks", "at": "09:00", "from": "2026-11-16" } },
        { "name": "Nights", "people": [3],
          "handover": { "every": 1, "unit": "weeks", "at": "09:00", "from": "2026-11-16" }, "hours": night },
    ]}))
    .unwrap()
}

fn rotation() -> Rotation {
    let hours = std::time::Duration::from_hours;
    Rotation {
        id: RotationId(1),
        plan: plan(),
        overrides: vec![Override {
            id: OverrideId(4),
            contact: ContactId(2),
            from: NOW.plus(hours(30)),
            to: NOW.plus(hours(40)),
            note: "Dentist".to_owned(),
            by: "me@example.org".to_owned(),
        }],
    }
}

fn deserted() -> Rotation {
    let mut rotation = rotation();
    rotation.id = RotationId(2);
    "Support".clone_into(&mut rotation.plan.name);
    rotation.plan.layers.remove(0);
    rotation.overrides.clear();
    rotation
}

fn unreachable() -> Rotation {
    let mut rotation = deserted();
    rotation.id = RotationId(3);
    "Network".clone_into(&mut rotation.plan.name);
    rotation.plan.layers[0].hours = None;
    rotation
}

pub(crate) fn all(language: Language) -> OnCall {
    let titled = |key: &str| shell(language, Section::Alerting, key);
    let nobody = || Cast {
        contacts: Vec::new(),
        channels: Vec::new(),
    };
    let overview =
        |rotations: &[Rotation], cast: &Cast| OverviewPage::new(titled("alerting-on-call"), rotations, cast);
    OnCall {
        overviews: vec![
            overview(&[rotation(), deserted(), unreachable()], &cast()),
            overview(&[], &cast()),
            overview(&[], &nobody()),
        ],
        contacts: contacts(language),
        rotations: rotations(language),
        forms: forms(language),
        questions: vec![
            AskPage::contact(titled("contact-delete-title"), 1, "Ada Lovelace", &[]),
            AskPage::contact(
                titled("contact-delete-title"),
                1,
                "Ada Lovelace",
                &["Operations".to_owned(), "Support".to_owned()],
            ),
            AskPage::rotation(
                titled("rotation-delete-title"),
                "/on-call/rotations/1",
                "Operations",
            ),
            AskPage::feed(titled("feed-renew-title"), "/on-call/rotations/1", "Operations"),
        ],
    }
}

fn contacts(language: Language) -> Vec<ContactPage> {
    let titled = || shell(language, Section::Alerting, "contact-new");
    let one = cast().contacts.remove(0);
    let errors = ContactDraft::from_json(json!({ "name": "" })).unwrap_err();
    let refused = Form::new(language).refused(errors);
    let empty = Cast {
        contacts: Vec::new(),
        channels: Vec::new(),
    };
    vec![
        ContactPage::new(titled(), Form::new(language), None, cast()),
        ContactPage::new(
            titled(),
            contact::stored(Form::new(language), &one),
            Some(one.id),
            cast(),
        ),
        ContactPage::new(titled(), refused, None, cast()),
        ContactPage::new(titled(), Form::new(language), None, empty),
    ]
}

fn rotations(language: Language) -> Vec<RotationPage> {
    let feed =
        || "https://watch.example.org/on-call/feed/1.3735928559..AbCdEfGhIjKlMnOpQrStUv.ics".to_owned();
    let titled = || shell(language, Section::Alerting, "alerting-on-call");
    let mut wrong = RotationPage::new(titled(), &rotation(), &cast(), feed());
    let typed = [
        ("contact".to_owned(), String::new()),
        ("from".to_owned(), "tomorrow".to_owned()),
    ];
    let errors = super::overriding::read(&typed, &rotation()).unwrap_err();
    wrong.form = Form::typed(language, &typed, &[]).refused(errors);
    vec![
        RotationPage::new(titled(), &rotation(), &cast(), feed()),
        RotationPage::new(titled(), &deserted(), &cast(), feed()),
        wrong,
    ]
}

fn forms(language: Language) -> Vec<RotationForm> {
    let titled = || shell(language, Section::Alerting, "rotation-new");
    let stored = fields::stored(Form::new(language), &plan());
    let typed = [
        ("layers", "2"),
        ("zone", "Mars"),
        ("layers.1.hours.spans.0.from", "9"),
    ];
    let typed = typed.map(|(n, v)| (n.to_owned(), v.to_owned()));
    let errors = RotationDraft::from_json(fields::body(&typed)).unwrap_err();
    let refused = fields::form(Form::new(language), &typed).refused(errors);
    vec![
        RotationForm::new(titled(), fresh(&titled(), Tz::Europe__Berlin), None, &cast()),
        RotationForm::new(titled(), stored, Some(RotationId(1)), &cast()),
        RotationForm::new(titled(), refused, None, &cast()),
    ]
}
