//! Where a form may send the browser next: only to a path of our own.

/// `target` if it is a plain path here, else `/`.
///
/// Browsers read `//host`, `/\host` and the same with tabs or encoded slashes in between as another host, or may.
pub(crate) fn local_path(target: &str) -> &str {
    let Some(rest) = target.strip_prefix('/') else {
        return "/";
    };
    let encoded_slash = rest
        .get(..3)
        .is_some_and(|p| p.eq_ignore_ascii_case("%2f") || p.eq_ignore_ascii_case("%5c"));
    let odd =
        rest.starts_with(['/', '\\']) || encoded_slash || target.chars().any(|c| c.is_control() || c == '\\');
    if odd || !target.is_ascii() || target.len() > 2048 {
        "/"
    } else {
        target
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn only_paths_of_our_own_pass() {
        for good in [
            "/",
            "/monitors",
            "/monitors?status=down&q=a%2Fb",
            "/incidents/7#events",
            "/a//b",
        ] {
            assert_eq!(local_path(good), good);
        }
        for bad in [
            "",
            "monitors",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "/%2fevil.example",
            "/%2Fevil.example",
            "/%5Cevil.example",
            "/%5cevil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            " /x",
            "javascript:alert(1)",
            "/日本",
            "/a\\b",
        ] {
            assert_eq!(local_path(bad), "/", "{bad:?}");
        }
    }
}
