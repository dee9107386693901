//! Tables that read well in a terminal and in a pipe: columns, one thin line, no frame.

use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

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
        Self { heading: heading.into(), alignment: CellAlignment::Left, cells }
    }

    /// A column of figures.
    pub(super) fn figures(heading: impl Into<String>, cells: Vec<String>) -> Self {
        Self { heading: heading.into(), alignment: CellAlignment::Right, cells }
    }

    /// Whether no cell says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Lays the columns out; before each row of `breaks` a line stays empty.
pub(super) fn table(columns: Vec<Column>, breaks: &[usize]) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    let cell = |column: &Column, text: &str| Cell::new(text).set_alignment(column.alignment);
    table.set_header(columns.iter().map(|column| cell(column, &column.heading)).collect::<Vec<_>>());
    for row in 0..columns.iter().map(|column| column.cells.len()).max().unwrap_or(0) {
        if breaks.contains(&row) {
            table.add_row(vec![""; columns.len()]);
        }
        let text = |column: &Column| column.cells.get(row).cloned().unwrap_or_default();
        table.add_row(columns.iter().map(|column| cell(column, &text(column))).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
