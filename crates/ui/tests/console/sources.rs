//! Reading the repository's own files, for tests that hold templates, texts and handlers together.

use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Path (from the repository) and content of every file under `folder` with this ending.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == ending) {
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no .{ending} in {folder}");
    found
}

/// A source without its comment lines.
pub(crate) fn code(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .filter(|l| !l.trim_start().starts_with("//"))
        .collect();
    lines.join("\n")
}

/// Every text in double quotes that has no quotes in it.
pub(crate) fn literals(text: &str) -> Vec<String> {
    text.split('"')
        .filter(|t| t.len() < 80 && !t.contains('\n'))
        .map(str::to_owned)
        .collect()
}

/// The first argument of calls of these functions, where it is a literal.
pub(crate) fn calls(text: &str, functions: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for function in functions {
        for (at, _) in text.match_indices(function) {
            let before = text[..at].chars().next_back();
            let whole = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let argument = text[at + function.len()..].trim_start().strip_prefix('"');
            if let Some((literal, _)) = argument.filter(|_| whole).and_then(|a| a.split_once('"')) {
                found.push(literal.to_owned());
            }
        }
    }
    found
}

/// The codes of complaints: `FieldError::new(field, "code", …)`, `complain(name, "code", …)`, `bad("code", …)`.
pub(crate) fn complaint_codes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let calls = [
        ("FieldError::new(", 1),
        ("complain(", 1),
        ("complain::<()>(", 1),
        ("bad(", 0),
    ];
    for (call, position) in calls {
        for (at, _) in text.match_indices(call) {
            let arguments = arguments(&text[at + call.len()..]);
            let code = arguments
                .get(position)
                .and_then(|a| a.strip_prefix('"')?.strip_suffix('"'));
            // With a message behind it; other functions of that name have fewer arguments.
            if let Some(code) = code.filter(|_| arguments.len() > position + 1) {
                found.push(code.to_owned());
            }
        }
    }
    found
}

/// Splits at commas up to the closing bracket.
fn arguments(text: &str) -> Vec<String> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    let mut all = vec![String::new()];
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' | '[' | '{' if !quoted => depth += 1,
            ')' | ']' | '}' if !quoted && depth == 0 => break,
            ')' | ']' | '}' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    all.into_iter()
        .map(|a| a.trim().to_owned())
        .filter(|a| !a.is_empty())
        .collect()
}
