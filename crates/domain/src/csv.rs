//! Lines of a table for a spreadsheet (RFC 4180, UTF-8).

/// One line with its line end. Cells come from outside (what a server said, what a monitor is called), and a
/// spreadsheet runs a cell that begins like a formula: such a cell gets an apostrophe in front, which spreadsheets show
/// as the text that follows.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for (i, cell) in cells.into_iter().enumerate() {
        if i > 0 {
            line.push(',');
        }
        write_cell(&mut line, cell);
    }
    line.push_str("\r\n");
    line
}

fn write_cell(line: &mut String, cell: &str) {
    // Some take the wide forms for the narrow ones, and blanks in front for none (OWASP, CSV injection).
    let formula = cell.starts_with(['\t', '\r', '\n'])
        || cell
            .trim_start()
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    let quoted =
        formula || cell.contains([',', '"', '\r', '\n']) || cell.starts_with(' ') || cell.ends_with(' ');
    if !quoted {
        line.push_str(cell);
        return;
    }
    line.push('"');
    if formula {
        line.push('\'');
    }
    for c in cell.chars() {
        if c == '"' {
            line.push('"');
        }
        line.push(c);
    }
    line.push('"');
}
