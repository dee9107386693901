//! Tables that read well in a terminal and in a pipe: columns, one thin line, no frame.

use anstyle::Style;
use comfy_table::{Cell, CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

use super::paragraph::count;
use crate::language::visible;

/// Lines between the headings and the first row.
const RULE: usize = 1;

/// Characters below which a column of words is not wrapped.
const NARROWEST: usize = 14;

const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A column: its heading, and whether its cells are figures.
pub(crate) struct Column {
    heading: String,
    alignment: CellAlignment,
    cells: Vec<String>,
    /// Where it stands among those that a short table may leave out, 1 first; 0: only where it does not fit even if all stand
    /// closer together; none: every table has it.
    rank: Option<u8>,
}

impl Column {
    /// A column of words.
    pub(crate) fn words(heading: impl Into<String>, cells: Vec<String>) -> Self {
        Self::new(heading.into(), cells, CellAlignment::Left)
    }

    /// A column of figures.
    pub(crate) fn figures(heading: impl Into<String>, cells: Vec<String>) -> Self {
        Self::new(heading.into(), cells, CellAlignment::Right)
    }

    fn new(heading: String, cells: Vec<String>, alignment: CellAlignment) -> Self {
        let shown = |text: String| visible(&text).into_owned();
        Self { heading: shown(heading), alignment, cells: cells.into_iter().map(shown).collect(), rank: None }
    }

    /// The same column, which a short table may leave out; those of a lower rank stay longer.
    pub(crate) fn optional(self, rank: u8) -> Self {
        Self { rank: Some(rank), ..self }
    }

    /// What stands above it.
    pub(crate) fn heading(&self) -> &str {
        &self.heading
    }

    /// Its cells, from the top down, without the blanks that align them in a terminal.
    pub(crate) fn cells(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| cell.trim())
    }

    /// Whether its cells are figures.
    pub(crate) fn is_figures(&self) -> bool {
        self.alignment == CellAlignment::Right
    }

    /// Characters of its widest line.
    fn width(&self) -> usize {
        let texts = self.cells.iter().chain([&self.heading]);
        texts.flat_map(|text| text.lines()).map(|line| line.chars().count()).max().unwrap_or(0)
    }

    /// The same column with lines of at most `width` characters.
    fn wrapped(self, width: usize) -> Self {
        let narrow = |text: String| wrap(&text, width).join("\n");
        Self { heading: narrow(self.heading), cells: self.cells.into_iter().map(narrow).collect(), ..self }
    }

    /// Whether no cell says anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// Lays the columns out. Each of `sections` is a row and the heading that stands before it.
pub(crate) fn table(columns: Vec<Column>, sections: &[(usize, String)]) -> String {
    laid_out(columns, sections, GAP)
}

/// The same with this number of characters between two columns.
fn laid_out(columns: Vec<Column>, sections: &[(usize, String)], gap: usize) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    let cell = |column: &Column, text: &str| Cell::new(text).set_alignment(column.alignment);
    let high = |text: Option<&String>| text.map_or(1, |text| text.lines().count().max(1));
    let head = columns.iter().map(|column| high(Some(&column.heading))).max().unwrap_or(1) + RULE;
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let heights = (0..rows).map(|row| columns.iter().map(|column| high(column.cells.get(row))).max().unwrap_or(1));
    // The line on which each row begins.
    let starts: Vec<usize> = heights
        .scan(head, |next, high| {
            *next += high;
            Some(*next - high)
        })
        .collect();
    table.set_header(columns.iter().map(|column| cell(column, &column.heading)).collect::<Vec<_>>());
    for row in 0..rows {
        let text = |column: &Column| column.cells.get(row).cloned().unwrap_or_default();
        table.add_row(columns.iter().map(|column| cell(column, &text(column))).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, gap as u16 - 1));
    }
    let mut text = String::new();
    let bold = Style::new().bold();
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    let widest = lines.iter().filter(|line| !line.starts_with('─')).map(|line| line.chars().count()).max();
    for (number, line) in lines.iter().enumerate() {
        let section = sections.iter().find(|(row, _)| starts.get(*row) == Some(&number));
        if let Some((row, heading)) = section {
            let gap = if *row > 0 { "\n" } else { "" };
            text.push_str(&format!("{gap}{bold}{}{bold:#}\n", visible(heading)));
        }
        // The rule is as long as the longest line.
        if number + RULE == head && widest.is_some() {
            text.extend(std::iter::repeat_n('─', widest.unwrap_or(0)));
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

/// A table that keeps to the width of a terminal: the columns that fit, words that are wrapped where even those are too
/// wide, and a line that says how many columns are left out and what shows them.
pub(crate) fn short(columns: Vec<Column>, sections: &[(usize, String)], elsewhere: &str) -> String {
    let all = columns.len();
    // Narrow gaps where they keep a column that wide ones would lose.
    let fits = |most: u8, gap: usize| {
        let wanted = columns.iter().filter(|column| column.rank.is_none_or(|rank| rank < most));
        wanted.map(|column| column.width() + gap).sum::<usize>() <= WIDTH + gap
    };
    let is_helpful = !fits(1, GAP) && (fits(1, NARROW_GAP) || !fits(0, GAP));
    let gap = if is_helpful { NARROW_GAP } else { GAP };
    let kept = fitting(columns, gap);
    let left_out = all - kept.len();
    let mut text = laid_out(squeezed(kept, gap), sections, gap);
    if left_out > 0 {
        text.push_str(&format!("\n{}: {elsewhere}\n", count(left_out, "more column")));
    }
    text
}

/// Columns with their widest words wrapped until they fit side by side, as far as that is possible.
fn squeezed(mut columns: Vec<Column>, gap: usize) -> Vec<Column> {
    loop {
        let used: usize = columns.iter().map(|column| column.width() + gap).sum();
        let excess = used.saturating_sub(WIDTH + gap);
        let words = columns.iter().enumerate().filter(|(_, column)| column.alignment == CellAlignment::Left);
        let Some((widest, width)) = words.map(|(index, column)| (index, column.width())).max_by_key(|it| it.1) else {
            return columns;
        };
        if excess == 0 || width <= NARROWEST {
            return columns;
        }
        // The widest of several gives way by half, so that the next one has its turn.
        let target = (width - excess.min(width - NARROWEST)).max(NARROWEST).max(width / 2);
        let column = columns.remove(widest).wrapped(target);
        columns.insert(widest, column);
    }
}

/// Lines of at most `width` characters, broken at spaces, else after a dot, a slash or an underscore, else anywhere.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for given in text.lines() {
        let mut rest: Vec<char> = given.chars().collect();
        while rest.len() > width {
            let last = |is_end: fn(char) -> bool| rest[..width].iter().rposition(|&sign| is_end(sign));
            let space = if rest[width] == ' ' { Some(width) } else { last(|sign| sign == ' ') };
            let joint = || last(|sign| matches!(sign, '.' | '/' | '_')).map(|at| at + 1);
            let end = space.filter(|&at| at > 0).or_else(joint).unwrap_or(width);
            lines.push(rest[..end].iter().collect::<String>().trim_end().to_owned());
            rest.drain(..end);
            while rest.first() == Some(&' ') {
                rest.remove(0);
            }
        }
        lines.push(rest.into_iter().collect());
    }
    lines
}

/// Columns of a terminal that a short table keeps to.
pub(crate) const WIDTH: usize = 80;

/// Characters between two columns.
const GAP: usize = 3;

/// The same where they have no room.
const NARROW_GAP: usize = 2;

/// The columns that fit side by side into a terminal, in their order: those that every table has, and of the others
/// those of the lowest ranks.
fn fitting(columns: Vec<Column>, gap: usize) -> Vec<Column> {
    let widths: Vec<usize> = columns.iter().map(|column| column.width() + gap).collect();
    let (mut optional, mut kept): (Vec<usize>, Vec<usize>) =
        (0..columns.len()).partition(|&index| columns[index].rank.is_some());
    optional.sort_by_key(|&index| columns[index].rank);
    let mut used: usize = kept.iter().map(|&index| widths[index]).sum();
    for index in optional {
        // No gap follows the last column.
        if used + widths[index] <= WIDTH + gap {
            used += widths[index];
            kept.push(index);
        }
    }
    let is_kept = |(index, column): (usize, Column)| kept.contains(&index).then_some(column);
    columns.into_iter().enumerate().filter_map(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use super::{Column, GAP, WIDTH, fitting, short, table, wrap};

    #[test]
    fn a_short_table_keeps_to_its_width_and_to_what_matters() {
        let column = |name: &str, width: usize| Column::words(name, vec!["x".repeat(width)]);
        let columns = vec![
            column("must", 30),
            column("last", 20).optional(3),
            column("first", 30).optional(1),
            column("second", 20).optional(2),
        ];
        let text = table(fitting(columns, GAP), &[]);
        // 30 + 3 + 30 are 63: neither 20 nor 20 more fit.
        assert!(text.starts_with("must") && text.contains("first"), "{text}");
        assert!(!text.contains("second") && !text.contains("last"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        // 37 + 3 + 40 are all of it.
        let columns = vec![column("a", 37), column("b", 40).optional(1), column("c", 1).optional(2)];
        let text = table(fitting(columns, GAP), &[]);
        assert!(text.contains('b') && !text.contains('c'), "{text}");
    }

    /// Five columns of 14 need 82 characters with gaps of three, and 78 with gaps of two.
    #[test]
    fn columns_stand_closer_together_where_nothing_can_be_left_out() {
        let columns = || (0..5).map(|_| Column::figures("x", vec!["9".repeat(14)])).collect::<Vec<_>>();
        let text = short(columns(), &[], "--table full");
        assert!(text.lines().all(|line| line.chars().count() == 78), "{text}");
        assert_eq!(table(columns(), &[]).lines().map(|line| line.chars().count()).max(), Some(82));
        let last = |width: usize| Column::figures("y", vec!["9".repeat(width)]).optional(0);
        let wide = |width| short(columns().into_iter().skip(1).chain([last(width)]).collect(), &[], "--table full");
        assert!(wide(14).lines().all(|line| line.chars().count() == 78), "{}", wide(14));
        assert!(wide(17).starts_with(&format!("{:>14}   {:>14}", "x", "x")), "{}", wide(17));
        assert!(wide(17).ends_with("1 more column: --table full\n"), "{}", wide(17));
    }

    /// Where even what every table has is too wide, its words are wrapped; sections stay above their rows.
    #[test]
    fn words_are_wrapped_where_nothing_can_be_left_out() {
        let columns = vec![
            Column::words(
                "parameter",
                vec!["services.a.endpoints.register.steps.with.steps.cpu".into(), "short".into()],
            ),
            Column::words("range", vec!["1 to 2, now 1.5, as it was measured".into(), "none".into()]),
            Column::figures("effect", vec!["517/min (500 to 534)".into(), "3".into()]),
            Column::figures("alone", vec!["x".repeat(20), String::new()]).optional(1),
        ];
        let text = short(columns, &[(1, "later".into())], "--format json");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.ends_with("\n1 more column: --format json\n"), "{text}");
        let later = text.lines().position(|line| line.contains("later")).expect("a heading");
        assert!(text.lines().nth(later + 1).is_some_and(|line| line.starts_with("short")), "{text}");
        assert_eq!(wrap("a.bc d", 3), ["a.", "bc", "d"]);
        assert_eq!(wrap("abcdef", 4), ["abcd", "ef"]);
    }
}
