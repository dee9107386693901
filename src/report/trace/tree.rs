//! Traces as trees in a terminal: what each span is, when it began, how long it took, and a bar for both.

use super::super::paragraph::{count, paragraph};
use super::{children, title, words};
use crate::experiment::run::trace::Traces;
use crate::kernel::Time;
use crate::language::visible;
use crate::parts::{Doing, Trace};

/// Cells of a bar.
const BAR: usize = 24;

/// Characters of the text beside a bar, at least.
const NARROWEST: usize = 32;

/// A span shorter than this share of its request is left out, unless one that is in it is longer: the handler of a message
/// that it publishes. Of a request that takes no time it is the share of all that follows from it.
const SHORTEST: u64 = 1000;

/// The trees of some requests.
pub fn tree(traces: &Traces, width: Option<usize>) -> String {
    let mut text = String::new();
    for traced in &traces.traces {
        let lead = if text.is_empty() { "trace     " } else { "\ntrace     " };
        text.push_str(&paragraph(lead, &title(traced, traces), width));
        text.push_str(&of_trace(&traced.trace, " (--trace-file has all)", width));
    }
    text
}

/// A line of a tree, before it is laid out.
struct Line {
    text: String,
    start: Time,
    length: Time,
    bar: String,
}

/// The tree of a request. `elsewhere` says where the spans are that are too short for it.
pub(in crate::report) fn of_trace(trace: &Trace, elsewhere: &str, width: Option<usize>) -> String {
    let last = trace.spans.iter().map(|span| span.end).max().unwrap_or_default();
    let (own, all) = (trace.spans[0].length(), last.since(trace.spans[0].start));
    let length = if own == Time::ZERO { all } else { own };
    let mut drawn = Drawn {
        trace,
        children: children(trace),
        shortest: Time(length.0 / SHORTEST).max(Time(1)),
        all,
        lines: Vec::new(),
        left_out: 0,
    };
    drawn.span(0, "", "");
    let Drawn { lines, left_out, shortest, .. } = drawn;
    let (unit, scale, decimals) = unit(length);
    let number = |time: Time| format!("{:.decimals$}", time.0 as f64 / scale);
    let numbers: Vec<[String; 2]> = lines.iter().map(|line| [number(line.start), number(line.length)]).collect();
    let heads = [format!("start {unit}"), format!("length {unit}")];
    let column = |index: usize| {
        let cells = numbers.iter().map(|of_line| of_line[index].chars().count());
        cells.max().unwrap_or(0).max(heads[index].len())
    };
    let (starts, lengths) = (column(0), column(1));
    let beside = starts + lengths + BAR + 6;
    let widest = lines.iter().map(|line| line.text.chars().count()).max().unwrap_or(0);
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(beside).max(NARROWEST));
    let texts = widest.min(room);
    let mut out = format!("{:texts$}  {:>starts$}  {:>lengths$}\n", "", heads[0], heads[1]);
    for (line, [start, length]) in lines.iter().zip(&numbers) {
        let text = shortened(&line.text, texts);
        let row = format!("{text:texts$}  {start:>starts$}  {length:>lengths$}  {}", line.bar);
        out.push_str(row.trim_end());
        out.push('\n');
    }
    let mut notes = vec!["░ waits, █ is served, ─ a step of both".to_owned()];
    if left_out > 0 {
        let spans = count(left_out, "span");
        notes.push(format!("{spans} of less than {shortest} left out{elsewhere}"));
    }
    out.push_str(&paragraph("", &notes.join("; "), width));
    out
}

struct Drawn<'a> {
    trace: &'a Trace,
    children: Vec<Vec<usize>>,
    /// The shortest span that is shown.
    shortest: Time,
    /// From the start of the request to the end of all that it caused.
    all: Time,
    lines: Vec<Line>,
    left_out: usize,
}

impl Drawn<'_> {
    /// Whether a span is long enough, has failed, or has such a span in it.
    fn is_shown(&self, index: usize) -> bool {
        let span = &self.trace.spans[index];
        let children = || self.children[index].iter().any(|&child| self.is_shown(child));
        span.length() >= self.shortest || span.failure.is_some() || children()
    }

    /// A span and what is in it: `lead` stands before its own line, `below` before those of its children.
    fn span(&mut self, index: usize, lead: &str, below: &str) {
        let spans = &self.trace.spans;
        let span = &spans[index];
        let (shown, hidden): (Vec<usize>, Vec<usize>) =
            self.children[index].iter().partition(|child| self.is_shown(**child));
        self.left_out += hidden.iter().map(|&child| self.size(child)).sum::<usize>();
        let mut text = format!("{lead}{}", visible(&words(self.trace, index)));
        let mut mark = mark(&span.doing);
        // A step that does but one thing is told with it.
        let alone = match shown[..] {
            [child] if matches!(spans[child].doing, Doing::Spent { .. }) && self.is_all(child, index) => {
                text.push_str(&format!(": {}", visible(&words(self.trace, child))));
                mark = self::mark(&spans[child].doing);
                true
            }
            _ => false,
        };
        if let Some(why) = &span.failure {
            text.push_str(&format!(", failed: {}", visible(why)));
        }
        let start = span.start.since(spans[0].start);
        let bar = bar(start, span.length(), self.all, mark);
        self.lines.push(Line { text, start, length: span.length(), bar });
        if alone {
            return;
        }
        for (number, &child) in shown.iter().enumerate() {
            let (branch, trunk) = if number + 1 < shown.len() { ("├─ ", "│  ") } else { ("└─ ", "   ") };
            self.span(child, &format!("{below}{branch}"), &format!("{below}{trunk}"));
        }
    }

    /// Whether a span takes all the time of its parent, but for what is too short to be shown.
    fn is_all(&self, child: usize, parent: usize) -> bool {
        let [child, parent] = [child, parent].map(|index| self.trace.spans[index].length());
        parent.since(child) < self.shortest
    }

    /// A span and all that is in it.
    fn size(&self, index: usize) -> usize {
        1 + self.children[index].iter().map(|&child| self.size(child)).sum::<usize>()
    }
}

fn mark(doing: &Doing) -> char {
    match doing {
        Doing::Spent { served: true, .. } => '█',
        Doing::Spent { .. } => '░',
        _ => '─',
    }
}

/// A bar from `start` on, of a whole that takes `all`. It has at least one cell.
fn bar(start: Time, length: Time, all: Time, mark: char) -> String {
    let cell = |time: Time| (time.0 as f64 / all.0.max(1) as f64 * BAR as f64).round() as usize;
    let from = cell(start).min(BAR - 1);
    let to = cell(start + length).clamp(from + 1, BAR);
    " ".repeat(from) + &mark.to_string().repeat(to - from)
}

/// The unit of a request of this length: its name, nanoseconds in it, decimals.
fn unit(length: Time) -> (&'static str, f64, usize) {
    match length.0 {
        10_000_000_000.. => ("s", 1e9, 3),
        100_000_000.. => ("ms", 1e6, 1),
        1_000_000.. => ("ms", 1e6, 3),
        _ => ("us", 1e3, 3),
    }
}

/// At most this number of characters.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.into();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
