//! Tables in Markdown that can be read as they are.

/// Lines of a table, columns padded.
pub(super) fn markdown(head: &[String], rows: &[Vec<String>]) -> String {
    let all = || [head].into_iter().chain(rows.iter().map(Vec::as_slice));
    let width =
        |column: usize| all().filter_map(|row| Some(row.get(column)?.chars().count())).max().unwrap_or(0);
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule = widths.iter().map(|width| "-".repeat(width + 2)).collect::<Vec<_>>().join("|");
    let body: String = rows.iter().map(|row| line(row)).collect();
    format!("{}|{rule}|\n{body}", line(head))
}

/// The same from what is at hand.
pub(super) fn head<const COLUMNS: usize>(names: [&str; COLUMNS]) -> Vec<String> {
    names.map(str::to_owned).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let table = markdown(&head(["a", "b"]), &[head(["long", "1"]), head(["x", "22"])]);
        assert_eq!(table, "| a    | b  |\n|------|----|\n| long | 1  |\n| x    | 22 |\n");
    }
}
