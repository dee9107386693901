//! From trials to what people read: tables and sentences for the terminal, files for other programs, charts for slides.
//!
//! A [`Report`] is everything that a sweep found, and every writer here is a function of it, or of the result of a search, a
//! measurement, a comparison or a calibration: none computes a figure that another one computes too.

mod ablations;
mod agreement;
mod alerts;
mod annotation;
mod answer;
mod blame;
mod calibration;
pub mod chart;
mod classes;
mod comparisons;
mod deadlock;
mod detail;
mod digest;
mod discriminate;
mod document;
mod dossier;
mod drawing;
mod earlier;
mod effects;
mod explain;
pub mod figures;
mod findings;
pub(crate) mod folder;
mod grafana;
mod headroom;
mod junit;
mod knee;
mod legend;
mod lower;
mod marks;
mod measure;
mod measured;
mod metastable;
mod metric;
mod narrowing;
mod next;
mod number;
mod objective;
mod openmetrics;
mod optimize;
mod overview;
mod page;
mod paragraph;
mod parity;
mod reading;
mod recovery;
mod replications;
mod resources;
mod results;
mod scoreboard;
mod sensitivity;
pub mod sheet;
pub(crate) mod table;
mod theory;
mod timeline;
mod trace;
mod turn;
mod uncertain;
mod verdicts;
mod warning;
mod whole;

pub use ablations::ablations;
pub use agreement::{
    contradictions, csv as agreement_csv, document as agreement_document, sentences as agreement,
    table as agreement_table,
};
pub use alerts::{alert, alerts_answer, alerts_document, alerts_legend, alerts_runs};
pub use annotation::{AnnotationLevel, annotations, mistake_annotation, mistake_annotations};
pub use answer::answer;
pub use blame::{blame, blame_rows, culprit};
pub use calibration::{
    chart as calibration_figure, document as calibration_document, fits as calibration_fits,
    method as calibration_method, parameters as calibration_parameters, posterior_csv, sentences as calibration,
};
pub use classes::{classes, classes_rows};
pub use comparisons::{comparisons, comparisons_rows, selections};
pub use deadlock::{deadlock, deadlocks};
pub use detail::Detail;
pub use digest::digest;
pub use discriminate::{
    answer as discriminate_answer, chart as discriminate_figure, csv as discriminate_csv,
    document as discriminate_document, method as discriminate_method, predictions as discriminate_predictions,
    sentences as discriminate, tests as discriminate_tests,
};
pub use document::{Document, assumptions_document, point_document};
pub use dossier::{collapsed, document as dossier_document, dossier, figure as dossier_figure};
pub use drawing::{drawing, mermaid};
pub use earlier::{Earlier, NoEarlier, since};
pub use effects::effects;
pub use explain::{explain, explain_document, explain_figure, explain_method, explain_page, explain_warnings};
pub use findings::findings;
pub use grafana::dashboard;
pub use junit::junit;
pub use knee::{knee, knee_document, knee_figure, knee_method, knee_page};
pub use marks::happened;
pub use measure::{
    measure_doubts, measure_endings, measure_failures, measure_figures, measure_method, measure_plan, measure_runs,
    measure_table,
};
pub use measured::{measured, measured_rows};
pub use metastable::{metastable, metastable_document, metastable_figure, metastable_method, metastable_page};
pub use narrowing::{
    answer as narrowing_answer, chart as narrowing_figure, csv as narrowing_csv, document as narrowing_document,
    method as narrowing_method, sentences as narrowing, table as narrowing_table,
};
pub use next::{as_given, load_search, measure_command, next_steps, next_steps_of_point};
pub use number::significant;
pub use objective::objectives;
pub use openmetrics::openmetrics;
pub use optimize::{optimize, optimize_document, optimize_figure, optimize_method, optimize_page};
pub use overview::overview;
pub use page::{THEME_SCRIPT, live, live_timeline, page, page_of_point, page_of_several, page_style, page_unsaved};
pub(crate) use paragraph::count;
pub use paragraph::{hanging, paragraph};
pub use parity::parity;
pub use reading::PointReport;
pub use replications::replications;
pub use resources::{assumptions, failures, headline, resources, resources_rows};
pub use results::results_row;
pub use scoreboard::scoreboard;
pub use sensitivity::{
    sensitivity, sensitivity_document, sensitivity_figure, sensitivity_method, sensitivity_page, sensitivity_warnings,
};
pub use theory::theory;
pub use timeline::{timeline, timeline_failures, timeline_marks, timeline_resources};
pub use trace::{chrome as trace_events, otlp as trace_otlp, tree as trace_tree};
pub use uncertain::uncertain;
pub use verdicts::verdicts;
pub use warning::{Warning, warnings};
pub use whole::Report;
