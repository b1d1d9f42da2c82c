//! When a window is open, in words.

use domain::{
    hours::{Hours, Span, Weekday},
    maintenance::When,
};

use crate::{Shell, components::utc};

pub(super) fn when(shell: &Shell, when: &When) -> String {
    match when {
        When::Once(w) => {
            let text = shell.t("maintenance-when-once").arg("from", utc(w.from));
            text.arg("to", utc(w.to)).to_string()
        }
        When::Cron { schedule, duration } => shell
            .t("maintenance-when-cron")
            .arg("cron", schedule.expression())
            .arg("zone", schedule.timezone().name())
            .arg("span", shell.span(duration))
            .to_string(),
        When::Weekly(hours) => weekly(shell, hours),
    }
}

fn weekly(shell: &Shell, hours: &Hours) -> String {
    let spans: Vec<String> = hours.spans().iter().map(|s| span(shell, s)).collect();
    let text = shell.t("maintenance-when-weekly").arg("spans", spans.join("; "));
    text.arg("zone", hours.zone().name()).to_string()
}

fn span(shell: &Shell, span: &Span) -> String {
    let days: Vec<String> = span.days().iter().map(|d| day(shell, *d)).collect();
    format!("{} {}–{}", days.join(", "), span.from(), span.to())
}

pub(super) fn day(shell: &Shell, day: Weekday) -> String {
    let text = match day {
        Weekday::Mon => shell.t("maintenance-day-mon"),
        Weekday::Tue => shell.t("maintenance-day-tue"),
        Weekday::Wed => shell.t("maintenance-day-wed"),
        Weekday::Thu => shell.t("maintenance-day-thu"),
        Weekday::Fri => shell.t("maintenance-day-fri"),
        Weekday::Sat => shell.t("maintenance-day-sat"),
        Weekday::Sun => shell.t("maintenance-day-sun"),
    };
    text.to_string()
}
