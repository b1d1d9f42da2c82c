//! What no template may contain: the content security policy would block some of it, and escaping must have no holes.

use crate::sources::files;

#[test]
fn templates_keep_to_the_policy() {
    for (path, text) in files("web/templates", "html") {
        if path.contains("/emails/") {
            continue;
        }
        let lower = text.to_ascii_lowercase();
        let elsewhere =
            ["=\"http:", "=\"https:", "=\"//"].map(|a| ["src", "href", "action"].map(|n| format!("{n}{a}")));
        let inline = [
            "|safe",
            "| safe",
            "autoescape",
            " style=",
            "<style",
            "javascript:",
            "srcdoc",
        ]
        .map(str::to_owned);
        for forbidden in elsewhere.as_flattened().iter().chain(&inline) {
            assert!(!lower.contains(forbidden.as_str()), "{path} contains {forbidden}");
        }
        for (at, _) in lower.match_indices("<script") {
            let tag: String = lower[at..].chars().take_while(|c| *c != '>').collect();
            let rest = &lower[at + tag.len()..];
            assert!(
                tag.contains(" src=") && rest.starts_with("></script>"),
                "{path} has an inline script"
            );
        }
        for (at, _) in lower.match_indices(" on") {
            let name: String = lower[at + 1..]
                .chars()
                .take_while(char::is_ascii_alphabetic)
                .collect();
            let is_attribute = lower[at + 1 + name.len()..].starts_with('=');
            assert!(!is_attribute, "{path} has the event attribute {name}");
        }
    }
}

#[test]
fn every_post_form_carries_the_token() {
    for (path, text) in files("web/templates", "html") {
        // Its proof is the signature in the address; whoever follows the link has no token.
        if ["unsubscribe", "acknowledge"]
            .iter()
            .any(|name| path.ends_with(&format!("pages/{name}.html")))
        {
            continue;
        }
        for (at, _) in text.match_indices("method=\"post\"") {
            let form = text[at..].split("</form>").next().unwrap();
            assert!(
                form.contains("shell.csrf_field()"),
                "{path}: a form without its token"
            );
        }
    }
}

/// Only what is a template itself, and so escapes its own content, may be printed as it is.
#[test]
fn only_templates_print_unescaped() {
    for (path, text) in files("crates/ui/src", "rs") {
        let safe = text.matches("HtmlSafe for").count();
        assert!(
            safe <= text.matches("#[template(path").count(),
            "{path}: something safe is not a template"
        );
        assert!(!text.contains("format!(\"<"), "{path} builds HTML by hand");
    }
}

#[test]
fn static_files_call_nobody() {
    for ending in ["css", "js"] {
        for (path, text) in files("web/static", ending) {
            assert!(
                !text.contains("http://") && !text.contains("https://"),
                "{path} names an address elsewhere"
            );
            assert!(!text.contains("@import") && !text.contains("eval("), "{path}");
        }
    }
}
