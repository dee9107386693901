//! A mistake in what an architect wrote, shown as rustc would show it: the place, the text underlined, what is right.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer, Snippet};

use super::form::{FEW, Form};
use super::names::Names;
use super::source::Source;
use super::visible::{brief, visible};

/// Columns that a rendered mistake may take.
const WIDTH: usize = 120;

/// Mistakes that are shown in full; the others are counted.
const SHOWN: usize = 20;

/// Mistakes that are looked for. Of an input that has more, most follow from few, and each costs a search for what was
/// meant and where it stands.
const MOST: usize = 1000;

/// One mistake of an input.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mistake {
    /// What is wrong, in a sentence without a full stop.
    pub title: String,
    /// Where; the first is the culprit, the others explain it. None where there is no text to show.
    #[doc(hidden)]
    pub marks: Vec<Mark>,
    /// What else the reader has to know.
    pub notes: Vec<String>,
    /// What would be right.
    pub helps: Vec<String>,
}

/// A marked piece of a text.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The text.
    pub source: Arc<Source>,
    /// The bytes that are underlined.
    pub span: Range<usize>,
    /// What is said about them; may be empty.
    pub label: String,
}

impl Mistake {
    /// A mistake without a place yet.
    #[doc(hidden)]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), marks: Vec::new(), notes: Vec::new(), helps: Vec::new() }
    }

    /// Adds a place.
    #[doc(hidden)]
    pub fn mark(mut self, source: &Arc<Source>, span: Range<usize>, label: impl Into<String>) -> Self {
        self.marks.push(Mark { source: Arc::clone(source), span, label: label.into() });
        self
    }

    /// Adds a note.
    #[doc(hidden)]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what would be right.
    #[doc(hidden)]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }

    /// Adds the names that would be right, and the nearest of them to the one that is wrong.
    pub(crate) fn advise(self, names: Names<'_>, what: &str, wrong: &str) -> Self {
        let near = names.nearest(wrong);
        let mistake = self.note(names.sentence(what, wrong));
        match near {
            Some(near) => mistake.help(format!("did you mean `{near}`?")),
            None => mistake,
        }
    }

    /// The same for names of the language: keys, kinds or words of what has this noun. They are not all listed, so that
    /// a message does not change with keys that have nothing to do with it.
    pub(crate) fn advise_keys(self, names: Names<'_>, what: &str, noun: &str, wrong: &str) -> Self {
        let known = self.known_keys(&names, what, noun, wrong);
        match names.nearest(wrong) {
            Some(near) => known.help(format!("did you mean `{near}`?")),
            None => known,
        }
    }

    /// Notes which names of the language there are, without saying which is meant.
    pub(crate) fn known_keys(self, names: &Names<'_>, what: &str, noun: &str, wrong: &str) -> Self {
        let Some(section) = Form::section(noun).filter(|_| names.len() > FEW || what == "key") else {
            return self.note(names.clone().sentence(&format!("{what} of {noun}"), wrong));
        };
        let near = names.near(wrong);
        let all = format!("`sim reference {section}` lists the {what}s of {noun}");
        if near.is_empty() { self.note(all) } else { self.note(format!("similar: {near}; {all}")) }
    }

    /// The mistake as text: coloured for a terminal, or plain.
    pub fn render(&self, colour: bool) -> String {
        self.render_as(Level::ERROR, colour)
    }

    /// The same as a warning: of what is allowed and probably not meant.
    pub fn render_warning(&self, colour: bool) -> String {
        self.render_as(Level::WARNING, colour)
    }

    fn render_as(&self, level: Level<'_>, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
        let title = level.primary_title(brief(&self.title));
        let mut group = if self.marks.is_empty() { Group::with_title(title) } else { title.elements(self.snippets()) };
        for note in &self.notes {
            group = group.element(Level::NOTE.message(wrap(&visible(&brief(note)))));
        }
        for help in &self.helps {
            group = group.element(Level::HELP.message(wrap(&visible(&brief(help)))));
        }
        renderer.render(&[group])
    }

    /// One snippet a source, that of the culprit first.
    fn snippets(&self) -> Vec<Element<'_>> {
        let mut sources: Vec<&Arc<Source>> = Vec::new();
        for mark in &self.marks {
            if !sources.iter().any(|known| Arc::ptr_eq(known, &mark.source)) {
                sources.push(&mark.source);
            }
        }
        let culprit = self.marks.first();
        sources
            .into_iter()
            .map(|source| {
                // What concerns a whole file shows its name only.
                if self.marks.iter().any(|mark| Arc::ptr_eq(&mark.source, source) && mark.span == (0..0)) {
                    return Origin::path(source.name.as_str()).into();
                }
                let here = self.marks.iter().filter(|mark| Arc::ptr_eq(&mark.source, source));
                let annotations = here.map(|mark| {
                    let is_culprit = culprit.is_some_and(|culprit| std::ptr::eq(culprit, mark));
                    let kind = if is_culprit { AnnotationKind::Primary } else { AnnotationKind::Context };
                    let annotation = kind.span(source.clamp(&mark.span));
                    if mark.label.is_empty() { annotation } else { annotation.label(mark.label.as_str()) }
                });
                Snippet::source(source.text.as_str()).path(source.name.as_str()).annotations(annotations).into()
            })
            .collect()
    }

    /// Where it is: file, line and column, from 1; none where there is no text to show.
    pub fn location(&self) -> Option<(&str, usize, usize)> {
        self.marks.first().map(Mark::location)
    }

    fn place(&self) -> Option<(&str, usize)> {
        self.marks.first().map(|mark| (mark.source.name.as_str(), mark.span.start))
    }

    fn same(&self, other: &Self) -> bool {
        self.title == other.title && self.place() == other.place()
    }
}

impl Mark {
    /// File, line and column, from 1.
    pub fn location(&self) -> (&str, usize, usize) {
        let before = &self.source.text[..self.source.clamp(&self.span).start];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        (&self.source.name, line, column)
    }
}

/// Breaks a text into lines that fit.
fn wrap(text: &str) -> String {
    let mut wrapped = String::with_capacity(text.len() + 4);
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH - 14 {
            wrapped.push('\n');
            column = 0;
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += length;
    }
    wrapped
}

/// All mistakes of an input; never empty when it is an error.
#[derive(Clone, Default)]
pub struct Mistakes(#[doc(hidden)] pub Vec<Mistake>);

impl Mistakes {
    /// The mistakes as text, in the order of their places: coloured for a terminal, or plain.
    pub fn render(&self, colour: bool) -> String {
        let mut text = String::new();
        for mistake in self.0.iter().take(SHOWN) {
            text.push_str(&mistake.render(colour));
            text.push_str("\n\n");
        }
        match self.0.len() {
            0 | 1 => {}
            MOST => text.push_str(&format!("{MOST} mistakes or more, of which the first {SHOWN} are shown\n")),
            count if count > SHOWN => {
                text.push_str(&format!("{count} mistakes, of which the first {SHOWN} are shown\n"))
            }
            count => text.push_str(&format!("{count} mistakes\n")),
        }
        text
    }

    pub(crate) fn push(&mut self, mistake: Mistake) {
        if !self.is_full() && !self.has(&mistake) {
            self.0.push(mistake);
        }
    }

    /// Takes mistakes in as long as there is room: those beyond it are not even made.
    pub(crate) fn extend(&mut self, mistakes: impl IntoIterator<Item = Mistake>) {
        let mut mistakes = mistakes.into_iter();
        while !self.is_full()
            && let Some(mistake) = mistakes.next()
        {
            self.push(mistake);
        }
    }

    /// Whether the greatest number is reached, so that no more are looked for.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Whether this mistake is among them.
    pub(crate) fn has(&self, mistake: &Mistake) -> bool {
        self.0.iter().any(|known| known.same(mistake))
    }

    /// Whether one of them is at the place of this mistake.
    pub(crate) fn has_at(&self, mistake: &Mistake) -> bool {
        mistake.place().is_some() && self.0.iter().any(|known| known.place() == mistake.place())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Nothing if there was no mistake, else all of them, sorted by their place.
    pub(crate) fn into_result(mut self) -> Result<(), Self> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_by(|a, b| a.place().cmp(&b.place()));
        Err(self)
    }
}

impl IntoIterator for Mistakes {
    type Item = Mistake;
    type IntoIter = std::vec::IntoIter<Mistake>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Mistake> for Mistakes {
    fn from(mistake: Mistake) -> Self {
        Self(vec![mistake])
    }
}

/// The same text as by `Display`, since this is what `main` and `expect` print.
impl fmt::Debug for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Mistakes {}
