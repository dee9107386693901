//! Tables that read well in a terminal and in a pipe: columns, one thin line, no frame.

use anstyle::Style;
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use crate::spec::visible;

/// Lines above the first row.
const HEAD: usize = 2;

const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A column: its heading, and whether its cells are figures.
pub(super) struct Column {
    heading: String,
    alignment: CellAlignment,
    cells: Vec<String>,
    /// Where it stands among those that a short table may leave out, 1 first; none: every table has it.
    rank: Option<u8>,
}

impl Column {
    /// A column of words.
    pub(super) fn words(heading: impl Into<String>, cells: Vec<String>) -> Self {
        Self { heading: visible(&heading.into()).into_owned(), alignment: CellAlignment::Left, cells, rank: None }
    }

    /// A column of figures.
    pub(super) fn figures(heading: impl Into<String>, cells: Vec<String>) -> Self {
        Self { heading: visible(&heading.into()).into_owned(), alignment: CellAlignment::Right, cells, rank: None }
    }

    /// The same column, which a short table may leave out; those of a lower rank stay longer.
    pub(super) fn optional(self, rank: u8) -> Self {
        Self { rank: Some(rank), ..self }
    }

    /// Characters of its widest line.
    fn width(&self) -> usize {
        let cells = self.cells.iter().map(|cell| cell.chars().count());
        cells.max().unwrap_or(0).max(self.heading.chars().count())
    }

    /// Whether no cell says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Lays the columns out. Each of `sections` is a row and the heading that stands before it.
pub(super) fn table(columns: Vec<Column>, sections: &[(usize, String)]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    let cell = |column: &Column, text: &str| Cell::new(visible(text)).set_alignment(column.alignment);
    table.set_header(columns.iter().map(|column| cell(column, &column.heading)).collect::<Vec<_>>());
    for row in 0..columns.iter().map(|column| column.cells.len()).max().unwrap_or(0) {
        let text = |column: &Column| column.cells.get(row).cloned().unwrap_or_default();
        table.add_row(columns.iter().map(|column| cell(column, &text(column))).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    let bold = Style::new().bold();
    for (number, line) in table.lines().enumerate() {
        // The heading and the line below it come first.
        let section = sections.iter().find(|(row, _)| row + HEAD == number);
        if let Some((row, heading)) = section {
            let gap = if *row > 0 { "\n" } else { "" };
            text.push_str(&format!("{gap}{bold}{}{bold:#}\n", visible(heading)));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Columns of a terminal that a short table keeps to.
const WIDTH: usize = 80;

/// Characters between two columns.
const GAP: usize = 3;

/// The columns that fit side by side into a terminal, in their order: those that every table has, and of the others
/// those of the lowest ranks.
pub(super) fn fitting(columns: Vec<Column>) -> Vec<Column> {
    let widths: Vec<usize> = columns.iter().map(|column| column.width() + GAP).collect();
    let (mut optional, mut kept): (Vec<usize>, Vec<usize>) =
        (0..columns.len()).partition(|&index| columns[index].rank.is_some());
    optional.sort_by_key(|&index| columns[index].rank);
    let mut used: usize = kept.iter().map(|&index| widths[index]).sum();
    for index in optional {
        // No gap follows the last column.
        if used + widths[index] <= WIDTH + GAP {
            used += widths[index];
            kept.push(index);
        }
    }
    let is_kept = |(index, column): (usize, Column)| kept.contains(&index).then_some(column);
    columns.into_iter().enumerate().filter_map(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::{Column, WIDTH, fitting, table};

    #[test]
    fn a_short_table_keeps_to_its_width_and_to_what_matters() {
        let column = |name: &str, width: usize| Column::words(name, vec!["x".repeat(width)]);
        let columns = vec![
            column("must", 30),
            column("last", 20).optional(3),
            column("first", 30).optional(1),
            column("second", 20).optional(2),
        ];
        let text = table(fitting(columns), &[]);
        // 30 + 3 + 30 are 63: neither 20 nor 20 more fit.
        assert!(text.starts_with("must") && text.contains("first"), "{text}");
        assert!(!text.contains("second") && !text.contains("last"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        // 37 + 3 + 40 are all of it.
        let text = table(fitting(vec![column("a", 37), column("b", 40).optional(1), column("c", 1).optional(2)]), &[]);
        assert!(text.contains('b') && !text.contains('c'), "{text}");
    }
}
