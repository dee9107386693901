//! Where numbers come from: checked against the model, and listed for reports.

use super::column::Columns;
use super::complaint::At;
use super::distribution::variate;
use crate::language::form::{Form, Quantity};
use crate::language::mistake::{Mistake, Mistakes};
use crate::language::path::Written;
use crate::language::setting::{Subject, target};
use crate::language::tree::Tree;
use crate::language::units::Fraction;
use crate::language::units::MIB;
use crate::language::{Bytes, Cores, Distribution, Duration, Model, Rate, RateOrZero};

/// A value of the model with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced {
    /// Its path in the model.
    pub path: String,
    /// The value, as written.
    pub value: String,
    /// Whether it was measured, documented or assumed.
    pub basis: Basis,
    /// Where and how it was measured, by whom it is documented, why it is plausible.
    pub reason: String,
    /// The plausible range, as written.
    pub range: Option<(String, String)>,
}

/// What a value of a model rests on, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// A guess.
    Assumed,
    /// Measurements of the whole system, to which it was fitted.
    Calibrated,
    /// A document.
    Documented,
    /// A measurement.
    Measured,
}

impl Basis {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Assumed => "assumed",
            Self::Calibrated => "calibrated",
            Self::Documented => "documented",
            Self::Measured => "measured",
        }
    }
}

/// A value that was assumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// Its path in the model.
    pub path: String,
    /// The value, as written.
    pub value: String,
    /// Why it is plausible.
    pub reason: String,
    /// The plausible range, as written.
    pub range: Option<(String, String)>,
}

/// The kinds of provenance.
const KINDS: [&str; 4] = ["measured", "documented", "calibrated", "assumed"];

/// Checks the `[provenance]` of a model: each path leads to a value that is written, each entry says one thing, each
/// range is one of values of the same type.
pub(crate) fn provenance(subject: &Subject, columns: &mut Columns) -> Mistakes {
    let mut mistakes = Mistakes::default();
    let Some(all) = subject.model.get("provenance") else { return mistakes };
    let whole = match subject.expanded() {
        Ok(whole) => whole,
        Err(mistakes) => return mistakes,
    };
    for (path, entry) in all.entries() {
        match find(path, entry, subject, &whole) {
            Ok(found) => range(entry, found, columns, &mut mistakes),
            Err(mistake) => mistakes.push(mistake),
        }
        let given: Vec<&Tree> = KINDS.iter().filter_map(|kind| entry.get(kind)).collect();
        match given.as_slice() {
            [_] => {}
            [] => {
                let mistake =
                    Mistake::new(format!("the provenance of `{path}` does not say where the value comes from"));
                let mistake =
                    entry.place.mark_key(mistake, "none of `measured`, `documented`, `calibrated`, `assumed`");
                mistakes.push(mistake.help("write, for instance, { assumed = \"why it is plausible\" }"));
            }
            [first, second, ..] => {
                let mistake = Mistake::new("a value is measured, documented, calibrated or assumed: one of them");
                let mistake = second.place.mark_key(mistake, "a second provenance");
                mistakes.push(first.place.mark_key(mistake, "the first one"));
            }
        }
    }
    mistakes
}

/// What the model assumes, in the order of the file.
pub(crate) fn assumptions(sources: &[Sourced]) -> Vec<Assumption> {
    let assumed = sources.iter().filter(|source| source.basis == Basis::Assumed).cloned();
    assumed.map(|Sourced { path, value, reason, range, .. }| Assumption { path, value, reason, range }).collect()
}

/// The values of which the model says where they come from, in the order of the file.
pub(crate) fn sources(model: &Model, subject: &Subject) -> Vec<Sourced> {
    let Some(all) = subject.model.get("provenance") else { return Vec::new() };
    let Ok(whole) = subject.expanded() else { return Vec::new() };
    let source = |(path, entry): &(String, Tree)| {
        let provenance = model.provenance.get(path)?;
        let bases = [
            (Basis::Assumed, &provenance.assumed),
            (Basis::Calibrated, &provenance.calibrated),
            (Basis::Documented, &provenance.documented),
            (Basis::Measured, &provenance.measured),
        ];
        let (basis, reason) = bases.into_iter().find_map(|(basis, reason)| Some((basis, reason.clone()?)))?;
        let value = find(path, entry, subject, &whole).map(|(value, _)| value.written()).unwrap_or_default();
        let range = provenance.range.as_ref().map(|[low, high]| (plain(low), plain(high)));
        Some(Sourced { path: path.clone(), value: value.trim_matches('"').into(), basis, reason, range })
    };
    all.entries().iter().filter_map(source).collect()
}

fn plain(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The value that an entry is about, and its form. `whole` is the subject with its constants in their places.
fn find<'a>(
    path: &str,
    entry: &Tree,
    subject: &Subject,
    whole: &'a Subject,
) -> Result<(&'a Tree, &'static Form), Mistake> {
    let place = &entry.place;
    let span = place.key.clone().unwrap_or_else(|| place.value.clone());
    let written = Written::parse(path, &place.source, span)?;
    let (target, in_load) = target(&written, subject, false)?;
    let root = match (&whole.load, in_load) {
        (Some(load), true) => load,
        _ => &whole.model,
    };
    match crate::language::setting::value(root, &target.path) {
        Some(value) => Ok((value, target.form)),
        None => {
            let mistake = Mistake::new(format!("the model does not set `{path}`"));
            Err(place.mark_key(mistake, "no value to give a provenance for"))
        }
    }
}

/// Checks that a range is one, and of the value's type.
fn range(entry: &Tree, (value, form): (&Tree, &'static Form), columns: &mut Columns, mistakes: &mut Mistakes) {
    let Some([low, high]) = entry.get("range").map(Tree::elements) else { return };
    let mut sizes = Vec::new();
    for end in [low, high] {
        let wrong = crate::language::check::check(end, form);
        if wrong.is_empty() {
            sizes.extend(size(end, form, columns));
        } else {
            for mut mistake in wrong {
                let label = format!("the value is {}", form.expected());
                mistake.marks.push(crate::language::mistake::Mark {
                    source: value.place.source.clone(),
                    span: value.place.value.clone(),
                    label,
                });
                mistakes.push(mistake);
            }
        }
    }
    if let [low_size, high_size] = sizes.as_slice()
        && low_size > high_size
    {
        let title = format!("the range goes from {} down to {}", low.written(), high.written());
        let mistake = low.place.mark_value(Mistake::new(title), "larger");
        mistakes.push(high.place.mark_value(mistake, "smaller").help("write the smaller value first"));
    }
}

/// What to compare values by: seconds, cores, MiB, arrivals per second, or the number itself; of a distribution its mean.
/// None where they have no order.
pub(crate) fn size(value: &Tree, form: &Form, columns: &mut Columns) -> Option<f64> {
    match form.as_written(Some(value)) {
        Form::Quantity(Quantity::Duration) => value.read::<Duration>().ok().map(|duration| duration.0 as f64 / 1e9),
        Form::Quantity(Quantity::Cores) => value.read::<Cores>().ok().map(|cores| cores.0),
        Form::Quantity(Quantity::Bytes) => value.read::<Bytes>().ok().map(|bytes| bytes.0 as f64 / MIB),
        Form::Quantity(Quantity::Rate) => value.read::<Rate>().ok().map(|rate| rate.0),
        Form::Quantity(Quantity::Fraction) => value.read::<Fraction>().ok().map(|share| share.0),
        Form::Quantity(Quantity::RateOrZero) => value.read::<RateOrZero>().ok().map(|rate| rate.0),
        Form::Distribution(_) => {
            let distribution = value.read::<Distribution>().ok()?;
            let mut complaints = Vec::new();
            let variate = variate(At::Root, &distribution, columns, &mut complaints);
            complaints.is_empty().then(|| variate.mean() / 1e9)
        }
        _ => value.number(),
    }
}
