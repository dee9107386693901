//! `results.csv` of a sweep: the columns between `variant` and `replications` are axes; each metric has the ends of its 95 %
//! interval beside it.

use super::Request;
use super::figure::{Content, Figure, Place};
use super::mapping::METRICS;
use super::rows::Rows;
use super::text::Text;
use crate::language::{Mistake, visible};

/// Reads it.
pub(super) fn read(text: &Text, _: &Request) -> Result<Content, Mistake> {
    let mut rows = Rows::open(text)?;
    let (variant, replications) = (rows.column("variant")?, rows.column("replications")?);
    let axes: Vec<(usize, String)> =
        (variant + 1..replications.max(variant + 1)).map(|at| (at, rows.header()[at].clone())).collect();
    let ends = |name: &str| Some((rows.find(&format!("{name}_lo"))?, rows.find(&format!("{name}_hi"))?));
    let metrics: Vec<_> = METRICS
        .into_iter()
        .filter_map(|metric| Some((metric, rows.find(metric.name())?, ends(metric.name()))))
        .collect();
    let mut figures = Vec::new();
    while let Some(row) = rows.next()? {
        let written = |column: usize| visible(row.text(column)).into_owned();
        let place = Place {
            variant: Some(written(variant)).filter(|name| !name.is_empty()),
            at: axes.iter().map(|(column, name)| (name.clone(), written(*column))).collect(),
        };
        for &(metric, column, ends) in &metrics {
            // Nothing was measured, or it has no mean.
            if ["", "inf"].contains(&row.text(column)) {
                continue;
            }
            let end = |column: usize| row.text(column).parse::<f64>().ok().filter(|end| end.is_finite());
            let error = ends.and_then(|(low, high)| Some((end(high)? - end(low)?) / 2.0));
            figures.push(Figure { place: place.clone(), error, ..Figure::new(metric, row.amount(column)?) });
        }
    }
    Ok(Content::Totals { figures, concurrency: None, remarks: Vec::new() })
}
