//! A request that a person wrote themselves.

use serde_json::Value;

use super::placeholder::{LARGEST_VALUE, WebhookPlaceholder, WebhookValue, Written};
use crate::{field::FieldError, json::Object, outcome::named, template::Template, text::is_unsafe};

/// Characters that a person may type.
const LONGEST_SOURCE: usize = 8000;
const MOST_PLACEHOLDERS: usize = 40;
/// Bytes of a body as it leaves, whatever the values are.
pub const LARGEST_BODY: usize = 4 * LONGEST_SOURCE + MOST_PLACEHOLDERS * LARGEST_VALUE;
const LONGEST_CONTENT_TYPE: usize = 120;
/// What a body is when nobody says.
pub const USUAL_CONTENT_TYPE: &str = "application/json";

named! {
    WebhookMethod { Post = "POST", Put = "PUT", Get = "GET" }
}

/// Method, media type and body, the last with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRequest {
    pub method: WebhookMethod,
    /// Of the body. A GET has none and says none.
    pub content_type: String,
    body: Option<Template<WebhookPlaceholder>>,
}

/// What a body is, as far as it decides which placeholders are safe in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Syntax {
    Json,
    Form,
    Other,
}

/// Every value, as somebody would write it who wants to leave the place that it is put in. It begins with a letter that
/// means nothing in JSON, so that a body in which a value is not inside a text of its own is no JSON.
const HOSTILE: &str = "x\"'`\\}],:{[<!--&=+%00#?;\r\n\t{{json:link}} \u{202e}商店🔥";

impl OwnRequest {
    /// The fields of an [`OwnRequest`] in the configuration.
    pub const FIELDS: [&str; 3] = ["method", "content_type", "body"];

    pub(super) fn read(o: &mut Object) -> Option<Self> {
        let method = o.text("method").filter(|t| !t.is_empty());
        let method = method.unwrap_or_else(|| WebhookMethod::Post.to_string());
        let method = o.parse("method", Some(method), |f, v| {
            let known: Vec<&str> = WebhookMethod::ALL.iter().map(|m| m.as_str()).collect();
            WebhookMethod::parse(&v).ok_or_else(|| FieldError::choice_unknown(f, &known))
        });
        let content_type = o.text("content_type").filter(|t| !t.trim().is_empty());
        let content_type = content_type.unwrap_or_else(|| USUAL_CONTENT_TYPE.to_owned());
        let content_type = o.parse("content_type", Some(content_type), |f, v| {
            parse_content_type(f, &v)
        });
        let body = match o.value("body") {
            Some(Value::String(text)) => Some(text).filter(|t| !t.trim().is_empty()),
            Some(_) => return o.complain("body", "type-text", "This must be a text in quotes."),
            None => None,
        };
        let (method, content_type) = (method?, content_type?);
        let body = match (method, body) {
            (WebhookMethod::Get, None) => None,
            (WebhookMethod::Get, Some(_)) => {
                return o.complain(
                    "body",
                    "body-with-get",
                    "A GET has no body. Empty this field, or choose POST or PUT.",
                );
            }
            (WebhookMethod::Post | WebhookMethod::Put, None) => {
                return o.complain("body", "required", "This field is required.");
            }
            (WebhookMethod::Post | WebhookMethod::Put, Some(text)) => {
                Some(o.parse("body", Some(text), |f, v| {
                    parse_body(f, &v, syntax(&content_type))
                })?)
            }
        };
        Some(Self {
            method,
            content_type,
            body,
        })
    }

    /// The body as it was typed.
    pub fn source(&self) -> Option<&str> {
        self.body.as_ref().map(Template::source)
    }

    /// The body with these values, at most [`LARGEST_BODY`] bytes. `None`: a GET.
    pub fn body(&self, value: impl Fn(WebhookValue) -> String) -> Option<String> {
        self.body.as_ref().map(|body| filled(body, value))
    }
}

/// The lint keeps every body below the cap, so nothing is ever cut: a cut JSON would be none.
fn filled(body: &Template<WebhookPlaceholder>, value: impl Fn(WebhookValue) -> String) -> String {
    body.render(LARGEST_BODY, |placeholder| placeholder.fill(&value))
}

fn syntax(content_type: &str) -> Syntax {
    let essence = content_type.split(';').next().unwrap_or_default();
    match essence.trim().to_ascii_lowercase().as_str() {
        "application/json" | "text/json" => Syntax::Json,
        "application/x-www-form-urlencoded" => Syntax::Form,
        other if other.ends_with("+json") => Syntax::Json,
        _ => Syntax::Other,
    }
}

/// RFC 9110, 8.3.1, as far as it must hold for the header to be sent.
fn parse_content_type(field: &str, text: &str) -> Result<String, FieldError> {
    let text = text.trim();
    let token = |t: &str| {
        !t.is_empty()
            && t.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let named = essence
        .split_once('/')
        .is_some_and(|(kind, subtype)| token(kind) && token(subtype));
    let sendable = text.bytes().all(|b| (b' '..=b'~').contains(&b));
    if named && sendable && text.len() <= LONGEST_CONTENT_TYPE {
        return Ok(text.to_owned());
    }
    Err(FieldError::new(
        field,
        "content-type-invalid",
        "Write a media type such as application/json or text/plain; charset=utf-8.",
    ))
}

fn parse_body(field: &str, text: &str, syntax: Syntax) -> Result<Template<WebhookPlaceholder>, FieldError> {
    // What browsers send as line ends becomes one.
    let text = text.replace("\r\n", "\n");
    if text.chars().count() > LONGEST_SOURCE {
        let message = format!("Use at most {LONGEST_SOURCE} characters.");
        return Err(FieldError::new(field, "too-long", message).with("max", LONGEST_SOURCE));
    }
    if text.chars().any(|c| !matches!(c, '\n' | '\t') && is_unsafe(c)) {
        return Err(FieldError::new(
            field,
            "control-characters-but-lines",
            "Remove control characters from this field; line breaks are fine.",
        ));
    }
    let body = Template::<WebhookPlaceholder>::parse(field, &text)?;
    if body.placeholders().count() > MOST_PLACEHOLDERS {
        let message = format!("Use at most {MOST_PLACEHOLDERS} placeholders.");
        return Err(FieldError::new(field, "template-too-many", message).with("max", MOST_PLACEHOLDERS));
    }
    for placeholder in body.placeholders() {
        check_place(field, placeholder, syntax)?;
    }
    if syntax == Syntax::Json {
        check_json(field, &body)?;
    }
    Ok(body)
}

/// A value must not be able to end the text that it stands in.
fn check_place(field: &str, placeholder: WebhookPlaceholder, syntax: Syntax) -> Result<(), FieldError> {
    let value = placeholder.value;
    match (syntax, placeholder.written) {
        (Syntax::Json, Written::Plain) => Err(FieldError::new(
            field,
            "template-json-plain",
            format!(
                "A value with quotes in it would break the JSON. Write {{{{json:{value}}}}} instead of {{{{{value}}}}}, without quotes around it: it brings its own."
            ),
        )
        .with("name", value)),
        (Syntax::Form, Written::Plain | Written::Json) => Err(FieldError::new(
            field,
            "template-form-plain",
            format!(
                "A value with & or = in it would add fields to the form. Write {{{{url:{value}}}}} instead of {{{{{placeholder}}}}}."
            ),
        )
        .with("name", value)
        .with("written", placeholder)),
        (Syntax::Json, Written::Json | Written::Url)
        | (Syntax::Form, Written::Url)
        | (Syntax::Other, Written::Plain | Written::Json | Written::Url) => Ok(()),
    }
}

fn check_json(field: &str, body: &Template<WebhookPlaceholder>) -> Result<(), FieldError> {
    let sample = filled(body, |_| HOSTILE.to_owned());
    match serde_json::from_str::<Value>(&sample) {
        Ok(_) => Ok(()),
        // Values are on one line, so the line is that of the source.
        Err(e) => Err(FieldError::new(
            field,
            "template-json",
            format!(
                "With its placeholders filled in, this is not JSON (line {}). A json: placeholder brings its own quotes; a url: placeholder needs them.",
                e.line()
            ),
        )
        .with("line", e.line())),
    }
}

#[cfg(test)]
mod tests;
