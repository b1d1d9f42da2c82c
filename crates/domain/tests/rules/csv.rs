//! Tables for spreadsheets.

use domain::csv::line;
use proptest::prelude::*;

#[test]
fn cells_are_quoted_when_they_must_be() {
    assert_eq!(line(["a", "", "b c", "1.5"]), "a,,b c,1.5\r\n");
    assert_eq!(
        line(["a,b", "say \"no\"", "two\nlines"]),
        "\"a,b\",\"say \"\"no\"\"\",\"two\nlines\"\r\n"
    );
    assert_eq!(line(["监控"]), "监控\r\n");
    assert_eq!(line([" x", "x "]), "\" x\",\"x \"\r\n");
}

#[test]
fn nothing_is_run_as_a_formula() {
    for cell in [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1+1",
        "\u{a0}=1",
        "＝1+1",
        "＠SUM(A1)",
        "=HYPERLINK(\"http://evil\",\"x\")",
    ] {
        let line = line([cell]);
        assert!(line.starts_with("\"'"), "{line:?}");
    }
    assert_eq!(line(["a=1"]), "a=1\r\n");
}

/// A reader by RFC 4180.
fn read(text: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = text.strip_suffix("\r\n").expect("a line end").chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    assert!(!quoted, "an open quote");
    cells.push(cell);
    cells
}

proptest! {
    #[test]
    fn every_table_reads_back(cells in proptest::collection::vec("[ -~\\n\\t,\"=@é]{0,12}", 1..6)) {
        let read = read(&line(cells.iter().map(String::as_str)));
        prop_assert_eq!(read.len(), cells.len());
        for (read, cell) in read.iter().zip(&cells) {
            prop_assert_eq!(read.strip_prefix('\'').filter(|_| !cell.starts_with('\'')).unwrap_or(read), cell);
            prop_assert!(!read.trim_start().starts_with(['=', '+', '-', '@']) && !read.starts_with(['\t', '\r']));
        }
    }
}
