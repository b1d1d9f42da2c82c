//! Texts with placeholders: `{{name}}` from a closed list, and nothing else. No loops, filters, conditions or includes,
//! and a value is put in once and never read again.

use crate::{field::FieldError, text::sanitize};

/// The closed list: what may stand between two pairs of braces.
pub trait Vocabulary: Copy {
    /// `None`: there is no such placeholder.
    fn read(name: &str) -> Option<Self>;

    /// `monitor, target, …`: what a person who mistyped one is told.
    fn known() -> String;
}

/// A text that parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template<P> {
    source: String,
    parts: Vec<Part<P>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<P> {
    Text(String),
    Value(P),
}

impl<P: Vocabulary> Template<P> {
    pub fn parse(field: &str, source: &str) -> Result<Self, FieldError> {
        let mut parts = Vec::new();
        let mut rest = source;
        while let Some((text, after)) = rest.split_once("{{") {
            let Some((name, after)) = after.split_once("}}") else {
                return Err(FieldError::new(
                    field,
                    "template-open",
                    "A placeholder begins with {{ and ends with }}. Close it, or remove the {{.",
                ));
            };
            let placeholder = P::read(name.trim()).ok_or_else(|| unknown::<P>(field, name))?;
            if !text.is_empty() {
                parts.push(Part::Text(text.to_owned()));
            }
            parts.push(Part::Value(placeholder));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self {
            source: source.to_owned(),
            parts,
        })
    }

    /// As it was typed.
    pub fn source(&self) -> &str {
        &self.source
    }

    pub fn placeholders(&self) -> impl Iterator<Item = P> + '_ {
        self.parts.iter().filter_map(|part| match part {
            Part::Value(p) => Some(*p),
            Part::Text(_) => None,
        })
    }

    /// The text with its values, at most `most` bytes and an ellipsis.
    pub fn render(&self, most: usize, value: impl Fn(P) -> String) -> String {
        let mut out = String::new();
        for part in &self.parts {
            let full = match part {
                Part::Text(text) => push_capped(&mut out, text, most),
                Part::Value(placeholder) => push_capped(&mut out, &value(*placeholder), most),
            };
            if full {
                out.push('…');
                break;
            }
        }
        out
    }
}

/// `true`: it did not all fit.
fn push_capped(out: &mut String, text: &str, most: usize) -> bool {
    let room = most.saturating_sub(out.len());
    if text.len() <= room {
        out.push_str(text);
        return false;
    }
    out.push_str(&text[..text.floor_char_boundary(room)]);
    true
}

fn unknown<P: Vocabulary>(field: &str, name: &str) -> FieldError {
    let (name, known) = (sanitize(name, 60), P::known());
    FieldError::new(
        field,
        "template-unknown",
        format!("There is no placeholder {{{{{name}}}}}. Known are: {known}."),
    )
    .with("name", name)
    .with("known", known)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::mail_message::Template;

    fn rendered(source: &str) -> Result<String, &'static str> {
        let template = Template::parse("note", source).map_err(|e| e.code)?;
        Ok(template.render(1000, |p| format!("<{p}>")))
    }

    #[test]
    fn placeholders_are_replaced_and_everything_else_stays() {
        for (source, expected) in [
            ("", ""),
            ("plain } text } }}", "plain } text } }}"),
            ("{{monitor}}", "<monitor>"),
            ("a {{ monitor }}{{status}} b", "a <monitor><status> b"),
            ("{ {monitor} }", "{ {monitor} }"),
        ] {
            assert_eq!(rendered(source).as_deref(), Ok(expected), "{source}");
        }
    }

    /// What template engines were broken with elsewhere: refused when it is saved, or nothing but text.
    #[test]
    fn code_is_refused_or_literal() {
        for source in [
            "{{7*7}}",
            "{{ monitor | upper }}",
            "{{monitor.constructor}}",
            "{{ self.__init__.__globals__ }}",
            "{{ include('/etc/passwd') }}",
            "{{{{monitor}}}}",
            "{{}}",
            "{{ Monitor }}",
            "{{mon\u{0}itor}}",
            "{{#each tags}}x{{/each}}",
        ] {
            assert_eq!(rendered(source), Err("template-unknown"), "{source}");
        }
        for source in [
            "{% include '/etc/passwd' %}",
            "${7*7}",
            "#{7*7}",
            "<%= 7*7 %>",
            "{$n}",
            "[[7*7]]",
        ] {
            assert_eq!(rendered(source).as_deref(), Ok(source));
        }
        assert_eq!(rendered("a {{monitor"), Err("template-open"));
    }

    #[test]
    fn a_mistake_names_what_there_is() {
        let error = Template::parse("note", "{{name}}").unwrap_err();
        assert_eq!(
            error.message,
            "There is no placeholder {{name}}. Known are: status, monitor, target, kind, tags, reason, since, duration, incident, channel, link."
        );
    }

    #[test]
    fn a_value_is_not_read_again() {
        let template = Template::parse("note", "{{monitor}} {{reason}}").unwrap();
        let text = template.render(1000, |_| "{{link}}".to_owned());
        assert_eq!(text, "{{link}} {{link}}");
    }

    proptest! {
        #[test]
        fn nothing_breaks_it_and_the_cap_holds(source in "(\\{\\{|\\}\\}|monitor|reason|[ -~]|商|🛒){0,60}", value in ".{0,200}", most in 0_usize..300) {
            if let Ok(template) = Template::parse("note", &source) {
                let text = template.render(most, |_| value.clone());
                prop_assert!(text.len() <= most + '…'.len_utf8());
                prop_assert_eq!(template.source(), source);
            }
        }
    }
}
