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
}

impl Column {
    /// A column of words.
    pub(super) fn words(heading: impl Into<String>, cells: Vec<String>) -> Self {
        Self { heading: visible(&heading.into()).into_owned(), alignment: CellAlignment::Left, cells }
    }

    /// A column of figures.
    pub(super) fn figures(heading: impl Into<String>, cells: Vec<String>) -> Self {
        Self { heading: visible(&heading.into()).into_owned(), alignment: CellAlignment::Right, cells }
    }

    /// Its heading.
    pub(super) fn heading(&self) -> &str {
        &self.heading
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

/// The columns, in their order, that fit side by side into a terminal: those that must be shown, and of the others the
/// first ones. `optional` has the places of the others, the most important first.
pub(super) fn fitting(columns: Vec<Column>, optional: &[usize]) -> Vec<Column> {
    let widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let gap = 3;
    let must = |index: &usize| !optional.contains(index);
    let mut used: usize = (0..columns.len()).filter(must).map(|index| widths[index] + gap).sum();
    let mut kept: Vec<usize> = (0..columns.len()).filter(must).collect();
    for &index in optional {
        if used + widths[index] <= WIDTH {
            used += widths[index] + gap;
            kept.push(index);
        }
    }
    let is_kept = |(index, column): (usize, Column)| kept.contains(&index).then_some(column);
    columns.into_iter().enumerate().filter_map(is_kept).collect()
}
