//! Hours of the week in a form: a zone and a few rows of days with a begin and an end. One empty row is always there to
//! fill in; a row that is left empty, or crossed out, does not count.

use askama::{Template, filters::HtmlSafe};
use domain::hours::{Hours, MOST_SPANS, Span, Weekday, day_name};
use serde_json::{Map, Value, json};

use crate::{
    Shell,
    components::{Field, Form},
    locale::Language,
    pages::form::{ticked, value},
};

const WEEK: [Weekday; 7] = [
    Weekday::Mon,
    Weekday::Tue,
    Weekday::Wed,
    Weekday::Thu,
    Weekday::Fri,
    Weekday::Sat,
    Weekday::Sun,
];

/// The fields, ready to print. The zone has a field of its own where `zone` is there.
#[derive(Template)]
#[template(path = "components/hours.html")]
pub(crate) struct HoursFields {
    zone: Option<Field>,
    rows: Vec<Row>,
    legend: String,
    /// About the hours as a whole.
    complaints: Vec<String>,
}

impl HtmlSafe for HoursFields {}

struct Row {
    legend: String,
    days: Vec<Field>,
    from: Field,
    to: Field,
    /// `None`: it is the empty one.
    remove: Option<Field>,
    complaints: Vec<String>,
}

fn row_name(prefix: &str, row: usize, field: &str) -> String {
    format!("{prefix}.spans.{row}.{field}")
}

fn day_field(prefix: &str, row: usize, day: Weekday) -> String {
    row_name(prefix, row, &format!("days.{}", day_name(day)))
}

fn is_filled(typed: &[(String, String)], prefix: &str, row: usize) -> bool {
    let said = |field| !value(typed, &row_name(prefix, row, field)).trim().is_empty();
    said("from") || said("to") || WEEK.iter().any(|d| ticked(typed, &day_field(prefix, row, *d)))
}

/// What was typed, without the rows that do not count: those that are left have the numbers that complaints name.
pub(crate) fn without_gaps(typed: &[(String, String)], prefix: &str) -> Vec<(String, String)> {
    let of_rows = format!("{prefix}.spans.");
    let mut kept: Vec<(String, String)> = typed
        .iter()
        .filter(|(name, _)| !name.starts_with(&of_rows))
        .cloned()
        .collect();
    let rows = (0..=MOST_SPANS)
        .filter(|row| is_filled(typed, prefix, *row) && !ticked(typed, &row_name(prefix, *row, "remove")));
    for (new, row) in rows.enumerate() {
        let of_row = row_name(prefix, row, "");
        let fields = typed
            .iter()
            .filter_map(|(n, v)| Some((n.strip_prefix(&of_row)?, v)));
        kept.extend(fields.map(|(field, v)| (row_name(prefix, new, field), v.clone())));
    }
    kept
}

/// The hours as the domain reads them, of what came [`without_gaps`].
pub(crate) fn body(typed: &[(String, String)], prefix: &str, zone: &str) -> Value {
    let spans: Vec<Value> = (0..=MOST_SPANS)
        .filter(|row| is_filled(typed, prefix, *row))
        .map(|row| {
            let days = WEEK
                .iter()
                .filter(|d| ticked(typed, &day_field(prefix, row, **d)));
            let days: Vec<&str> = days.map(|d| day_name(*d)).collect();
            let time =
                |field| Some(value(typed, &row_name(prefix, row, field)).trim()).filter(|t| !t.is_empty());
            let mut span = Map::from_iter([("days".to_owned(), json!(days))]);
            for field in ["from", "to"] {
                if let Some(time) = time(field) {
                    span.insert(field.to_owned(), time.into());
                }
            }
            span.into()
        })
        .collect();
    json!({ "zone": zone, "spans": spans })
}

/// Whether there is anything in it.
pub(crate) fn any(typed: &[(String, String)], prefix: &str) -> bool {
    (0..=MOST_SPANS).any(|row| is_filled(typed, prefix, row))
}

pub(crate) fn stored(mut form: Form, prefix: &str, hours: &Hours) -> Form {
    form = form.with(&format!("{prefix}.zone"), hours.zone().name());
    for (row, span) in hours.spans().iter().enumerate() {
        form = form
            .with(&row_name(prefix, row, "from"), span.from())
            .with(&row_name(prefix, row, "to"), span.to());
        for day in span.days() {
            form = form.tick(&day_field(prefix, row, *day), true);
        }
    }
    form
}

/// The fields that carry their own complaints.
pub(crate) fn names(prefix: &str) -> Vec<String> {
    let rows = (0..=MOST_SPANS).flat_map(|row| ["days", "from", "to"].map(|f| row_name(prefix, row, f)));
    rows.chain([format!("{prefix}.zone"), format!("{prefix}.spans")])
        .collect()
}

impl HoursFields {
    pub(crate) fn new(shell: &Shell, form: &Form, prefix: &str, with_zone: bool) -> Self {
        let filled = |row: &usize| {
            !form.value(&row_name(prefix, *row, "from")).is_empty()
                || !form.value(&row_name(prefix, *row, "to")).is_empty()
                || WEEK.iter().any(|d| form.ticked(&day_field(prefix, *row, *d)))
        };
        let count = (0..MOST_SPANS).take_while(filled).count();
        let last = (count + 1).min(MOST_SPANS);
        let zone = with_zone.then(|| {
            let zone = form.text(&format!("{prefix}.zone"), shell.t("hours-zone"));
            zone.suggestions("zones").placeholder("Europe/Berlin")
        });
        Self {
            zone,
            legend: shell.t("hours-days").to_string(),
            complaints: form.errors(&format!("{prefix}.spans")),
            rows: (0..last)
                .map(|row| Row::new(shell, form, prefix, row, row < count))
                .collect(),
        }
    }
}

impl Row {
    fn new(shell: &Shell, form: &Form, prefix: &str, row: usize, filled: bool) -> Self {
        let name = |field| row_name(prefix, row, field);
        let day =
            |day: &Weekday| form.checkbox(&day_field(prefix, row, *day), day_word(shell.language, *day));
        Self {
            legend: if row == 0 {
                shell.t("hours-first").to_string()
            } else {
                shell.t("hours-another").to_string()
            },
            days: WEEK.iter().map(day).collect(),
            from: form.field("time", &name("from"), shell.t("hours-from")),
            to: form.field("time", &name("to"), shell.t("hours-to")),
            remove: filled.then(|| form.checkbox(&name("remove"), shell.t("hours-remove"))),
            complaints: form.errors(&name("days")),
        }
    }
}

pub(crate) fn day_word(language: Language, day: Weekday) -> String {
    let key = match day {
        Weekday::Mon => "day-mon",
        Weekday::Tue => "day-tue",
        Weekday::Wed => "day-wed",
        Weekday::Thu => "day-thu",
        Weekday::Fri => "day-fri",
        Weekday::Sat => "day-sat",
        Weekday::Sun => "day-sun",
    };
    language.text(key).to_string()
}

/// "22:00–07:00 Mon–Fri, Sun 10:00–12:00 (Europe/Berlin)".
pub(crate) fn summary(language: Language, hours: &Hours) -> String {
    let spans: Vec<String> = hours.spans().iter().map(|s| span_words(language, s)).collect();
    format!("{} ({})", spans.join(", "), hours.zone().name())
}

fn span_words(language: Language, span: &Span) -> String {
    let to = if span.to().of_day() == 0 {
        "24:00".to_owned()
    } else {
        span.to().to_string()
    };
    let days = days_words(language, span.days());
    if span.from() == span.to() && span.from().of_day() == 0 {
        return days;
    }
    format!("{}–{to} {days}", span.from())
}

/// Days that follow one another are a range.
fn days_words(language: Language, days: &[Weekday]) -> String {
    if days.len() == WEEK.len() {
        return language.text("days-all").to_string();
    }
    let mut runs: Vec<(Weekday, Weekday)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some(run) if run.1.succ() == *day => run.1 = *day,
            _ => runs.push((*day, *day)),
        }
    }
    let word = |day| day_word(language, day);
    let runs = runs.into_iter().map(|(first, last)| match first {
        _ if first == last => word(first),
        _ if first.succ() == last => format!("{}, {}", word(first), word(last)),
        _ => format!("{}–{}", word(first), word(last)),
    });
    runs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(spans: &Value) -> Hours {
        Hours::from_json("", json!({ "zone": "Europe/Berlin", "spans": spans })).unwrap()
    }

    fn typed(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn hours_are_said_in_few_words() {
        let table = [
            (
                json!([{ "days": ["mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "07:00" }]),
                "22:00–07:00 Mon–Fri",
            ),
            (
                json!([{ "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], "from": "12:00", "to": "00:00" }]),
                "12:00–24:00 every day",
            ),
            (
                json!([{ "days": ["sat", "sun"], "from": "00:00", "to": "00:00" }, { "days": ["mon", "wed", "thu"], "from": "01:00", "to": "02:30" }]),
                "Sat, Sun, 01:00–02:30 Mon, Wed, Thu",
            ),
        ];
        for (spans, words) in table {
            assert_eq!(
                summary(Language::English, &hours(&spans)),
                format!("{words} (Europe/Berlin)")
            );
        }
    }

    #[test]
    fn what_is_stored_survives_its_form() {
        let stored_hours = hours(
            &json!([{ "days": ["mon", "sun"], "from": "22:00", "to": "07:00" }, { "days": ["sat"], "from": "00:00", "to": "00:00" }]),
        );
        let form = stored(Form::default(), "quiet.hours", &stored_hours);
        let mut sent = Vec::new();
        for row in 0..3 {
            let fields = ["from", "to"].map(|f| row_name("quiet.hours", row, f));
            sent.extend(fields.map(|name| (name.clone(), form.value(&name).to_owned())));
            let days = WEEK
                .iter()
                .map(|d| day_field("quiet.hours", row, *d))
                .filter(|n| form.ticked(n));
            sent.extend(days.map(|name| (name, "on".to_owned())));
        }
        let again = body(
            &without_gaps(&sent, "quiet.hours"),
            "quiet.hours",
            form.value("quiet.hours.zone"),
        );
        assert_eq!(Hours::from_json("", again).unwrap(), stored_hours);
    }

    #[test]
    fn rows_that_do_not_count_are_left_out_and_complaints_name_the_others() {
        let sent = typed(&[
            ("q.spans.0.days.mon", "on"),
            ("q.spans.0.from", "22:00"),
            ("q.spans.0.to", "07:00"),
            ("q.spans.0.remove", "on"),
            ("q.spans.1.from", ""),
            ("q.spans.1.to", " "),
            ("q.spans.2.from", "25:00"),
            ("q.spans.2.to", "07:00"),
            ("name", "x"),
        ]);
        let kept = without_gaps(&sent, "q");
        assert_eq!(value(&kept, "q.spans.0.from"), "25:00");
        assert_eq!(value(&kept, "name"), "x");
        let errors = Hours::from_json("q", body(&kept, "q", "UTC")).unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["q.spans.0.days", "q.spans.0.from"]);
        assert!(fields.iter().all(|f| names("q").iter().any(|n| n == f)));
    }
}
