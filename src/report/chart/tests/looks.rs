//! What tells tried values, courses, ends and swings from curves.

use super::super::color::Color;
use super::*;

/// One panel with one line of these values at 25, 50, ...
fn alone(values: &[f64], change: impl FnOnce(&mut Panel)) -> Scene {
    let mut panel = Panel { lines: vec![curve("a", 0, values)], ..Panel::default() };
    change(&mut panel);
    scene_of(LineFigure { panels: vec![panel], ..LineFigure::default() })
}

type Path = Vec<(f64, f64)>;

/// The widths and paths of all strokes.
fn strokes(scene: &Scene) -> Vec<(f64, &Vec<Path>)> {
    let strokes = scene.shapes.iter().filter_map(|shape| match shape {
        Drawable::Strokes { paths, width, .. } => Some((*width, paths)),
        _ => None,
    });
    strokes.collect()
}

fn discs(scene: &Scene) -> usize {
    scene.shapes.iter().filter(|shape| matches!(shape, Drawable::Disc { .. })).count()
}

/// Bands and arrows.
fn polygons(scene: &Scene) -> usize {
    scene.shapes.iter().filter(|shape| matches!(shape, Drawable::Polygon { .. })).count()
}

fn has_words(scene: &Scene, words: &str) -> bool {
    boxes(scene).iter().any(|(text, _)| text == words)
}

#[test]
fn tried_values_are_marks_with_whiskers_and_a_thin_dashed_line() {
    let curve = alone(&[1.0, 5.0, 2.0], |_| ());
    let tried = alone(&[1.0, 5.0, 2.0], |panel| panel.lines[0].look = Look::Tried);
    assert_eq!((polygons(&curve), polygons(&tried)), (1, 0), "a band");
    assert_eq!(discs(&curve), discs(&tried));
    assert!(strokes(&curve).iter().any(|(width, paths)| *width > 3.0 && paths.len() == 1));
    assert!(strokes(&tried).iter().all(|(width, _)| *width < 3.0));
    let whiskers = strokes(&tried)[0].1;
    assert!(whiskers.len() == 3 && whiskers.iter().all(|path| path[0].0 == path[1].0), "{whiskers:?}");
    assert!(strokes(&tried)[1].1.len() > 20, "dashes");
}

#[test]
fn a_course_has_no_marks() {
    let marks = |look: Look| discs(&alone(&[1.0, 5.0, 2.0], |panel| panel.lines[0].look = look));
    assert!(marks(Look::Curve) > 0);
    assert_eq!((marks(Look::Course), marks(Look::Noise)), (0, 0));
}

#[test]
fn points_beyond_the_window_have_arrows_with_their_numbers() {
    let scene = alone(&[99.5, 100.0, 42.0, 0.0], |panel| {
        panel.lines[0].look = Look::Tried;
        panel.window = Some((95.0, 100.0));
    });
    assert_eq!(polygons(&scene), 2);
    assert!(has_words(&scene, "42") && has_words(&scene, "0"));
    assert!(has_words(&scene, "95") && !has_words(&scene, "90"), "the axis");
    check_apart(&scene);
    let scene = alone(&[1.0, 250.0], |panel| panel.window = Some((0.0, 25.0)));
    assert!(has_words(&scene, "250") && !has_words(&scene, "300"));
}

#[test]
fn arrows_at_one_place_share_their_numbers() {
    let lines = [0.0, 10.0, 20.0].map(|value| Line { look: Look::Tried, ..curve("a", 0, &[100.0, value]) });
    let panel = Panel { lines: lines.to_vec(), window: Some((95.0, 100.0)), ..Panel::default() };
    let scene = scene_of(LineFigure { panels: vec![panel], ..LineFigure::default() });
    assert!(has_words(&scene, "0–20"));
    assert_eq!(polygons(&scene), 3);
}

#[test]
fn a_curve_says_why_it_ends_and_nothing_leads_over_the_plot() {
    let values = [1.0, 2.0, f64::NAN, f64::NAN];
    let with = |end: &str| {
        let mut early = curve("early", 0, &values);
        early.end = end.into();
        let panel = Panel { lines: vec![early, curve("late", 1, &[1.0, 1.0, 1.0, 9.0])], ..Panel::default() };
        scene_of(LineFigure { panels: vec![panel], ..LineFigure::default() })
    };
    let (plain, said) = (with(""), with("queue grows"));
    assert!(has_words(&said, "queue grows") && !has_words(&plain, "queue grows"));
    check_apart(&said);
    assert_eq!(strokes(&said).len(), strokes(&plain).len() + 1, "an arrow");
    // The name of the curve that ends early stands beside the plot, with no line to it.
    let thin = strokes(&plain).iter().filter(|(width, _)| *width < 2.0).count();
    assert_eq!(thin, 0, "leaders");
    let never = alone(&[f64::NAN], |panel| panel.lines[0].end = "queue grows".into());
    assert!(has_words(&never, "a (queue grows)"));
}

#[test]
fn a_long_note_takes_two_lines() {
    let note = "what the whiskers are ".repeat(12);
    let scene = scene_of(LineFigure { note, ..sweep() });
    let lines = boxes(&scene).iter().filter(|(text, _)| text.contains("whiskers")).count();
    assert_eq!(lines, 2);
    check_on_sheet(&scene);
    check_apart(&scene);
}

fn end(text: &str, change: f64, is_pale: bool) -> SwingEnd {
    SwingEnd { text: text.into(), change, from: change - 2.0, to: change + 2.0, is_pale }
}

fn tornado() -> TornadoFigure {
    let row = |label: &str, low: SwingEnd, high: SwingEnd| Swing { label: label.into(), low, high };
    TornadoFigure {
        title: "The throughput hinges on cpu".into(),
        x: "change of the throughput (per min)".into(),
        today: "now 480/min".into(),
        rows: vec![
            row("cpu", end("0.5", -200.0, false), end("2", 100.0, false)),
            row("threads", end("30", 25.0, false), end("60", 7.0, false)),
            row("workers", end("4", 1.0, true), end("6", -1.0, true)),
        ],
        others: Some(("7 others".into(), "each at most 3/min either way".into())),
        ..TornadoFigure::default()
    }
}

/// The bars: rectangles of these colours.
fn bars(scene: &Scene, color: Color) -> Vec<[f64; 4]> {
    let bars = scene.shapes.iter().filter_map(|shape| match shape {
        Drawable::Rectangle { from, to, color: of, .. } if *of == color => Some([from.0, from.1, to.0, to.1]),
        _ => None,
    });
    bars.collect()
}

#[test]
fn a_tornado_has_a_row_a_number_and_says_which_end_is_which() {
    let scene = scene_of(tornado());
    for words in ["low end: 0.5", "high end: 2", "30", "60", "now 480/min", "+100", "7 others"] {
        assert!(has_words(&scene, words), "{words}");
    }
    check_on_sheet(&scene);
    check_apart(&scene);
    let palette = Theme::Light.palette();
    let (low, high) = (bars(&scene, palette.series(0)), bars(&scene, palette.series(1)));
    // Of the first row both ends are on one level, at both sides of today's value; of the second both are on one side.
    assert_eq!((low.len(), high.len()), (2, 2), "pale bars have other colours");
    assert!(low[0][1] == high[0][1] && low[0][2] == high[0][0]);
    assert!(low[1][0] == high[1][0] && low[1][3] <= high[1][1]);
}

#[test]
fn any_swings_are_drawn() {
    let mut dice = Dice(5);
    for count in [0, 1, 9] {
        let mut any = || SwingEnd {
            text: "0.5".into(),
            change: dice.hostile(),
            from: dice.hostile(),
            to: dice.hostile(),
            is_pale: dice.roll(2) == 0,
        };
        let rows = (0..count).map(|_| Swing { label: "number".into(), low: any(), high: any() }).collect();
        let figure = TornadoFigure { rows, ..tornado() };
        draw(figure.clone());
        assert!(scene(&figure.into(), Theme::Dark).height > 300.0);
    }
}
