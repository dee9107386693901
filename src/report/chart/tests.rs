//! Tests of the drawings as a whole.

use super::font::Font;
use super::scene::{Anchor, Drawable, Scene};
use super::theme::Theme;
use super::*;

mod looks;

const HOSTILE: [f64; 14] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    1.0,
    -42.5,
    1e-300,
    1e-7,
    3.3e9,
    1e99,
    1e308,
    f64::MIN,
    f64::MIN_POSITIVE,
];

/// A small generator of numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn hostile(&mut self) -> f64 {
        HOSTILE[self.roll(HOSTILE.len())]
    }
}

fn curve(label: &str, color: usize, values: &[f64]) -> Line {
    let point = |(place, &value): (usize, &f64)| {
        Point::with_interval(25.0 * (place + 1) as f64, value, value * 0.9, value * 1.1)
    };
    Line { label: label.to_owned(), color, points: values.iter().enumerate().map(point).collect(), ..Line::default() }
}

/// Three variants of which the first collapses.
fn sweep() -> LineFigure {
    let mut first = curve("per-request client", 1, &[240.0, 520.0, 870.0, 930.0, 0.0]);
    first.collapse = Some(Collapse {
        from_x: 100.0,
        to_x: 125.0,
        label: "collapses 100–125: auth pool".to_owned(),
        ..Collapse::default()
    });
    let lines = vec![
        first,
        curve("shared client", 4, &[250.0, 540.0, 960.0, 1000.0, 940.0]),
        curve("managed pool", 0, &[250.0, 560.0, 1010.0, 1120.0, 1118.0]),
    ];
    let measured = Measured { x: 75.0, y: 850.0, label: "load test".to_owned() };
    LineFigure {
        title: "The managed pool holds".to_owned(),
        subtitle: "20 seeds".to_owned(),
        x: ChartAxis::linear("concurrent users"),
        panels: vec![
            Panel {
                y: ChartAxis::linear("throughput (registrations/min)"),
                lines: lines.clone(),
                points: vec![measured],
                ..Panel::default()
            },
            Panel {
                y: ChartAxis::linear("again"),
                y_max: Some(1200.0),
                lines,
                thresholds: vec![Threshold { value: 1000.0, label: "objective".to_owned() }],
                ..Panel::default()
            },
        ],
        note: "Bands: 95 % interval.".to_owned(),
    }
}

fn map(rows: usize, columns: usize) -> HeatFigure {
    let row = |row: usize| {
        let share = |column: usize| (row + column) as f64 / (rows + columns) as f64 * 1.1;
        let values: Vec<f64> = (0..columns).map(share).collect();
        let saturated = values.iter().map(|&value| value >= 0.95).collect();
        HeatRow::new(format!("resource {row}"), values, saturated)
    };
    HeatFigure {
        title: "The auth pool saturates first".to_owned(),
        x: "concurrent users".to_owned(),
        columns: (1..=columns).map(|it| (it * 25).to_string()).collect(),
        groups: vec![HeatGroup {
            label: "per-request client".to_owned(),
            color: Some(1),
            rows: (0..rows).map(row).collect(),
            of: Vec::new(),
        }],
        unit: "utilisation (%)".to_owned(),
        ..HeatFigure::default()
    }
}

fn scene_of(figure: impl Into<Figure>) -> Scene {
    scene(&figure.into(), Theme::Light)
}

/// The left, top, right and foot of all words.
fn boxes(scene: &Scene) -> Vec<(String, [f64; 4])> {
    let words = scene.shapes.iter().filter_map(|shape| match shape {
        Drawable::Words { text, at, anchor, font, .. } => {
            let wide = font.width(text);
            let left = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - wide / 2.0,
                Anchor::End => at.0 - wide,
            };
            let (top, foot) = (at.1 - font.size * 0.75, at.1 + font.size * 0.2);
            Some((text.clone(), [left, top, left + wide, foot]))
        }
        _ => None,
    });
    words.collect()
}

/// Fails if words leave the sheet.
fn check_on_sheet(scene: &Scene) {
    for (text, [left, top, right, foot]) in boxes(scene) {
        assert!(left >= 0.0 && right <= scene.width, "{text}: {left}..{right}");
        assert!(top >= 0.0 && foot <= scene.height, "{text}: {top}..{foot}");
    }
}

/// Fails if words cover each other.
fn check_apart(scene: &Scene) {
    let boxes = boxes(scene);
    for (place, (a, one)) in boxes.iter().enumerate() {
        for (b, other) in &boxes[..place] {
            let apart = one[0] >= other[2] || other[0] >= one[2] || one[1] >= other[3] || other[1] >= one[3];
            assert!(apart, "“{a}” covers “{b}”");
        }
    }
}

/// Draws a figure in every way.
fn draw(figure: impl Into<Figure>) {
    let figure = figure.into();
    let file = png(&figure, Theme::Light).expect("drawable");
    assert_eq!(&file[..8], b"\x89PNG\r\n\x1a\n");
    let text = svg(&figure, Theme::Dark).expect("drawable");
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
}

#[test]
fn a_png_has_the_size_of_the_sheet() {
    let file = png(&sweep().into(), Theme::Light).expect("drawable");
    let reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().expect("a PNG file");
    assert_eq!((reader.info().width, reader.info().height), (1600, 1000));
}

#[test]
fn the_same_figure_gives_the_same_bytes_on_every_thread() {
    let figures: [Figure; 2] = [sweep().into(), map(6, 11).into()];
    for figure in &figures {
        for theme in [Theme::Light, Theme::Dark] {
            let expected = png(figure, theme).expect("drawable");
            std::thread::scope(|scope| {
                let again = || png(figure, theme).expect("drawable");
                let threads: Vec<_> = (0..3).map(|_| scope.spawn(again)).collect();
                for thread in threads {
                    assert!(thread.join().expect("no panic") == expected);
                }
            });
        }
    }
}

#[test]
fn the_two_themes_differ() {
    let figure = sweep().into();
    let light = png(&figure, Theme::Light).expect("drawable");
    assert!(light != png(&figure, Theme::Dark).expect("drawable"));
}

#[test]
fn no_words_leave_the_sheet_or_cover_each_other() {
    for scene in [scene_of(sweep()), scene_of(map(6, 11)), scene_of(map(14, 40))] {
        check_on_sheet(&scene);
        check_apart(&scene);
    }
}

#[test]
fn collapses_at_one_place_are_named_apart() {
    let mut figure = sweep();
    figure.panels.truncate(1);
    for (place, line) in figure.panels[0].lines.iter_mut().enumerate() {
        line.collapse = Some(Collapse {
            from_x: 100.0 + place as f64,
            to_x: 110.0,
            label: format!("collapses at {place}: database connections"),
            ..Collapse::default()
        });
    }
    let scene = scene_of(figure);
    let named = boxes(&scene).iter().filter(|(text, _)| text.starts_with("collapses")).count();
    // A slide has room for two rows of words.
    assert_eq!(named, 2);
    check_apart(&scene);
}

/// A colour alone does not say whom words are about.
#[test]
fn the_marks_of_its_curves_stand_before_a_callout() {
    let marks = |others: Vec<usize>| {
        let mut figure = sweep();
        figure.panels.truncate(1);
        figure.panels[0].lines[0].collapse.as_mut().expect("a collapse").others = others;
        let scene = scene_of(figure);
        check_on_sheet(&scene);
        let boxes = boxes(&scene);
        let (_, [left, top, _, foot]) = boxes.iter().find(|(text, _)| text.starts_with("collapses")).expect("words");
        let is_mark =
            |spot: &(f64, f64)| spot.0 < *left && spot.0 > left - 110.0 && (*top - 6.0..=*foot + 6.0).contains(&spot.1);
        let is_before = |shape: &&Drawable| match shape {
            Drawable::Polygon { corners, .. } => corners.iter().all(is_mark),
            Drawable::Disc { center, .. } => is_mark(center),
            Drawable::Strokes { paths, .. } => paths.iter().flatten().all(is_mark),
            _ => false,
        };
        // Each has a rim of paper below it.
        scene.shapes.iter().filter(is_before).count() / 2
    };
    assert_eq!((marks(vec![]), marks(vec![4, 0]), marks(vec![0, 2, 3, 4, 5])), (1, 3, 0));
}

#[test]
fn what_is_left_of_a_stack_is_grey() {
    let figure = |rest| StackFigure {
        parts: vec!["a".into(), "other".into()],
        rest,
        groups: vec![StackGroup {
            label: String::new(),
            bars: vec![Stack { label: "50".into(), amounts: vec![1.0, 2.0], remark: "3 s".into(), of: None }],
            variant: None,
        }],
        ..StackFigure::default()
    };
    let palette = Theme::Light.palette();
    let grey = |rest| {
        let is_grey =
            |shape: &&Drawable| matches!(shape, Drawable::Rectangle { color, .. } if *color == palette.series(1));
        scene_of(figure(rest)).shapes.iter().filter(is_grey).count()
    };
    assert_eq!((grey(None), grey(Some(1))), (2, 0));
}

#[test]
fn a_gap_breaks_the_curve() {
    let paths = |values: &[f64]| {
        let figure = LineFigure {
            panels: vec![Panel { lines: vec![curve("a", 0, values)], ..Panel::default() }],
            ..LineFigure::default()
        };
        let strokes = scene_of(figure).shapes.into_iter().find_map(|it| match it {
            Drawable::Strokes { paths, .. } => Some(paths.len()),
            _ => None,
        });
        strokes.unwrap_or(0)
    };
    assert_eq!(paths(&[1.0, 2.0, 3.0, 4.0, 5.0]), 1);
    assert_eq!(paths(&[1.0, 2.0, f64::NAN, 4.0, 5.0]), 2);
}

#[test]
fn any_number_of_lines_and_points_is_drawn() {
    for lines in [0, 1, 2, 3, 5, 8, 12] {
        for points in [0, 1, 2, 11] {
            let values: Vec<f64> = (0..points).map(|it| f64::from(it) * 3.0).collect();
            let line = |number| curve(&format!("variant {number}"), number, &values);
            let lines: Vec<Line> = (0..lines).map(line).collect();
            let panel = Panel { lines, ..Panel::default() };
            let figure = LineFigure { panels: vec![panel.clone(), panel], ..LineFigure::default() };
            check_on_sheet(&scene_of(figure.clone()));
            if points < 2 || lines_of(&figure).is_multiple_of(6) {
                draw(figure);
            }
        }
    }
    draw(LineFigure::default());
    draw(HeatFigure::default());
    draw(BarFigure::default());
    draw(TornadoFigure::default());
}

fn lines_of(figure: &LineFigure) -> usize {
    figure.panels.iter().map(|panel| panel.lines.len()).sum()
}

#[test]
fn any_values_are_drawn() {
    let mut dice = Dice(7);
    for round in 0..60 {
        let scale = |dice: &mut Dice| [ChartScale::Linear, ChartScale::Log][dice.roll(2)];
        let axis = |dice: &mut Dice| ChartAxis { label: "value".to_owned(), scale: scale(dice) };
        let line = |dice: &mut Dice| Line {
            of: Vec::new(),
            label: "a".to_owned(),
            points: (0..dice.roll(9))
                .map(|_| Point {
                    x: dice.hostile(),
                    y: dice.hostile(),
                    low: dice.hostile(),
                    high: dice.hostile(),
                    wide: Some((dice.hostile(), dice.hostile())),
                    other: Some(dice.hostile()),
                })
                .collect(),
            color: [0, 3, 99, usize::MAX][dice.roll(4)],
            style: [Style::Solid, Style::Dashed, Style::Dotted][dice.roll(3)],
            look: [Look::Curve, Look::Tried, Look::Band, Look::Course, Look::Noise][dice.roll(5)],
            end: ["", "queue grows without end"][dice.roll(2)].into(),
            collapse: Some(Collapse {
                from_x: dice.hostile(),
                to_x: dice.hostile(),
                label: "collapses".to_owned(),
                others: Vec::new(),
            }),
        };
        let panel = |dice: &mut Dice| Panel {
            y: axis(dice),
            y_max: [None, Some(dice.hostile())][dice.roll(2)],
            window: [None, Some((dice.hostile(), dice.hostile()))][dice.roll(2)],
            lines: (0..dice.roll(4)).map(|_| line(dice)).collect(),
            points: vec![Measured { x: dice.hostile(), y: dice.hostile(), label: "m".to_owned() }],
            thresholds: vec![Threshold { value: dice.hostile(), label: "t".to_owned() }],
            stretches: vec![Collapse {
                from_x: dice.hostile(),
                to_x: dice.hostile(),
                label: "spike".into(),
                ..Collapse::default()
            }],
        };
        let figure = LineFigure {
            x: axis(&mut dice),
            panels: (0..=dice.roll(3)).map(|_| panel(&mut dice)).collect(),
            ..LineFigure::default()
        };
        check_on_sheet(&scene_of(figure.clone()));
        if round % 3 == 0 {
            draw(figure);
        }
    }
}

#[test]
fn any_bars_are_drawn() {
    let mut dice = Dice(11);
    for scale in [ChartScale::Linear, ChartScale::Log] {
        for count in [1, 5, 14] {
            let bar = |_| Bar {
                label: "what if".to_owned(),
                value: dice.hostile(),
                low: dice.hostile(),
                high: dice.hostile(),
                color: 2,
                measured: Some(dice.hostile()),
                of: None,
            };
            draw(BarFigure {
                x: ChartAxis { label: "gain".to_owned(), scale },
                bars: (0..count).map(bar).collect(),
                ..BarFigure::default()
            });
        }
    }
}

#[test]
fn any_heat_map_is_drawn() {
    for rows in [1, 2, 3, 5, 8, 13, 21, 30] {
        for columns in [1, 2, 11, 40] {
            let scene = scene_of(map(rows, columns));
            check_on_sheet(&scene);
            check_apart(&scene);
        }
    }
    draw(map(1, 1));
    draw(map(30, 40));
    let mut ragged = map(5, 8);
    for (place, row) in ragged.groups[0].rows.iter_mut().enumerate() {
        row.values = HOSTILE[..place * 3].to_vec();
    }
    check_on_sheet(&scene_of(ragged.clone()));
    draw(ragged);
    assert_eq!(scene_of(map(100_000, 1)).height, 8000.0);
}

#[test]
fn more_rows_make_a_higher_sheet() {
    assert!(scene_of(map(20, 11)).height > scene_of(map(10, 11)).height);
}

#[test]
fn marked_cells_are_heavy_and_blank_ones_empty() {
    let mut figure = map(1, 4);
    figure.groups[0].rows[0].values = vec![0.5, 0.97, f64::NAN, 1.0];
    figure.groups[0].rows[0].marked = vec![false, true, false, false];
    let words: Vec<(String, Font)> = scene_of(figure)
        .shapes
        .into_iter()
        .filter_map(|shape| match shape {
            Drawable::Words { text, font, .. } => Some((text, font)),
            _ => None,
        })
        .collect();
    let cell = |text: &str| words.iter().find(|it| it.0 == text).map(|it| it.1.strong);
    assert_eq!(cell("50"), Some(false));
    assert_eq!(cell("97"), Some(true));
    // In use all the time, and nothing waits for it.
    assert_eq!(cell("100"), Some(false));
    assert_eq!(cell("NaN"), None);
}

#[test]
fn long_words_are_shortened() {
    let long = "registrations ".repeat(400) + &"ü".repeat(5000);
    let mut figure = sweep();
    figure.title.clone_from(&long);
    figure.subtitle.clone_from(&long);
    figure.note.clone_from(&long);
    figure.x.label.clone_from(&long);
    for panel in &mut figure.panels {
        panel.y.label.clone_from(&long);
        panel.points[..].iter_mut().for_each(|it| it.label.clone_from(&long));
        panel.thresholds.iter_mut().for_each(|it| it.label.clone_from(&long));
        for line in &mut panel.lines {
            line.label.clone_from(&long);
            if let Some(collapse) = &mut line.collapse {
                collapse.label.clone_from(&long);
            }
        }
    }
    let scene = scene_of(figure.clone());
    check_on_sheet(&scene);
    draw(figure);

    let mut figure = map(3, 4);
    figure.x.clone_from(&long);
    figure.unit.clone_from(&long);
    figure.columns.iter_mut().for_each(|it| it.clone_from(&long));
    figure.groups[0].label.clone_from(&long);
    figure.groups[0].rows[1].label.clone_from(&long);
    check_on_sheet(&scene_of(figure));
}

#[test]
fn an_svg_is_well_formed_and_names_fonts_to_fall_back_on() {
    let mut figure = sweep();
    figure.title = "a < b & \"c\" \u{1}\n'd'".to_owned();
    let text = svg(&figure.into(), Theme::Light).expect("drawable");
    assert!(text.contains("<title>a &lt; b &amp; \"c\" ␁␊'d'</title>"), "{text}");
    assert!(text.contains("sans-serif"));
    assert!(!text.contains('\u{1}'));
    assert_eq!(text.matches("<svg").count(), 1);
    assert_eq!(text.matches("<text").count(), text.matches("</text>").count());
}
