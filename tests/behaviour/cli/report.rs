//! `report.html`: what it has, that it is one file by itself, and that nothing in it is what somebody else wrote as code.

use std::collections::HashMap;

use super::place::Place;

/// The start tags and end tags of a page, in order, each with its attributes; the text of scripts and styles is skipped.
/// What is no well-formed tag fails the test.
fn tags(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let mut end = 0;
        let mut quoted = false;
        for (index, sign) in rest.char_indices() {
            match sign {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = index;
                    break;
                }
                '<' => panic!("a tag within a tag: {}", &rest[..index.min(80)]),
                _ => {}
            }
        }
        let tag = &rest[..end];
        let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut found = Vec::new();
        while let Some((key, value)) = attributes.split_once("=\"") {
            let (value, after) = value.split_once('"').expect("the end of an attribute");
            let key = key.rsplit(' ').next().unwrap_or_default();
            found.push((key.to_owned(), value.to_owned()));
            attributes = after;
        }
        tags.push((name.trim_end_matches('/').to_owned(), found));
        rest = &rest[end + 1..];
        if name == "script" || name == "style" {
            rest = &rest[rest.find(&format!("</{name}>")).expect("an end tag")..];
        }
    }
    tags
}

/// Fails where tags are not closed in turn, an element or attribute could run or load something, or a bare quote or
/// ampersand has slipped through.
fn is_sound(page: &str) {
    const VOID: [&str; 3] = ["meta", "wbr", "!DOCTYPE"];
    const DRAWN: [&str; 4] = ["rect", "path", "circle", "line"];
    let mut open: Vec<String> = Vec::new();
    for (name, attributes) in tags(page) {
        for (key, value) in &attributes {
            assert!(!key.starts_with("on") && key != "src" && key != "srcset", "{name} {key}={value}");
            assert!(key != "href" || value.starts_with('#'), "{name} {key}={value}");
            assert!(!value.contains('<') && !value.contains("javascript:"), "{name} {key}={value}");
        }
        if let Some(ended) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(ended));
        } else if !VOID.contains(&name.as_str()) && !DRAWN.contains(&name.as_str()) {
            let is_known = [
                "a",
                "b",
                "body",
                "button",
                "code",
                "dd",
                "div",
                "dl",
                "dt",
                "figcaption",
                "figure",
                "g",
                "h1",
                "h2",
                "h3",
                "head",
                "header",
                "html",
                "i",
                "li",
                "main",
                "ol",
                "p",
                "pre",
                "script",
                "section",
                "span",
                "style",
                "svg",
                "table",
                "tbody",
                "td",
                "text",
                "th",
                "thead",
                "title",
                "tr",
                "ul",
            ];
            assert!(is_known.contains(&name.as_str()), "<{name}>");
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (1, 1));
    for outside in ["http:", "https:", "//cdn", "@import", "url(\"", "url('", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.chars().any(|sign| sign.is_control() && sign != '\n'));
}

fn section<'a>(page: &'a str, id: &str) -> &'a str {
    let at = page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("no section {id}"));
    let rest = &page[at..];
    &rest[..rest.find("</section>").expect("its end")]
}

/// The texts of the cells of each row that is a point.
fn rows(points: &str) -> Vec<Vec<String>> {
    points
        .split("<tr data-p=")
        .skip(1)
        .map(|row| {
            let cells = row.split("<t").skip(1).filter(|cell| cell.starts_with("d") || cell.starts_with("h "));
            cells
                .map(|cell| {
                    let text = cell.split_once('>').map_or("", |(_, text)| text);
                    text.split('<').next().unwrap_or_default().to_owned()
                })
                .collect()
        })
        .collect()
}

#[test]
fn the_page_of_pooling_has_every_part_and_the_figures_of_the_files() {
    let place = Place::new();
    let root = env!("CARGO_MANIFEST_DIR");
    let file = format!("{root}/experiments/pooling.toml");
    place.sim(&["sweep", &file, "--replications", "2", "--quiet", "--table", "none"]);
    let page = place.text("output/pooling/report.html");
    is_sound(&page);
    let parts = [
        "model",
        "answer",
        "hypotheses",
        "best",
        "conditions",
        "blame",
        "reasons",
        "assumed",
        "measured",
        "next",
        "charts",
        "points",
        "method",
    ];
    for part in parts {
        section(&page, part);
    }
    let answer = section(&page, "answer");
    assert!(answer.contains("Is one HTTP client for each request really better than a shared one?"));
    assert!(answer.contains("<svg") && answer.contains("loses capacity"), "{}", &answer[..600]);
    assert!(section(&page, "assumed").contains("43ms to 120ms"));
    assert!(section(&page, "method").contains("--seed 1 --replications 2"));
    assert!(section(&page, "reasons").contains("holds a connection of pool auth and waits for another one"));
    // Four groups of requests, of which one is shown.
    assert_eq!(section(&page, "blame").matches("data-of=").count(), 4);
    assert_eq!(section(&page, "blame").matches("hidden").count(), 3);

    // The figures are those of results.csv, to the digits that are shown.
    let points = rows(section(&page, "points"));
    let results = place.text("output/pooling/results.csv");
    let mut lines = results.lines();
    let head: Vec<&str> = lines.next().expect("a header").split(',').collect();
    let column = |name: &str| head.iter().position(|it| *it == name).unwrap_or_else(|| panic!("{name}"));
    let mut seen = 0;
    let all: Vec<&str> = lines.collect();
    assert_eq!((points.len(), all.len()), (60, 60));
    for (cells, line) in points.iter().zip(all) {
        // The names of two variants have a comma, and are quoted.
        let from = line.strip_prefix('"').map_or(0, |quoted| quoted.find('"').expect("a quote") + 2);
        let values: Vec<&str> = line[from + line[from..].find(',').expect("a comma") + 1..].split(',').collect();
        let value = |name: &str| values[column(name) - 1].parse::<f64>().ok();
        let shown =
            |text: &str| text.split([' ', '±']).next().and_then(|text| text.replace(',', "").parse::<f64>().ok());
        if !cells[1].contains("or") {
            let (throughput, success) = (shown(&cells[1]), shown(&cells[2]));
            assert!((throughput.unwrap() - value("throughput_per_min").unwrap()).abs() <= 0.5, "{cells:?}");
            assert!((success.unwrap() / 100.0 - value("success_rate").unwrap()).abs() <= 0.000_5, "{cells:?}");
            seen += 1;
        }
        let condition = values[column("condition") - 1];
        let word = cells.last().expect("a condition");
        assert!(condition == "healthy" || condition.is_empty() || word.starts_with(condition), "{cells:?} {condition}");
    }
    assert!(seen > 40, "{seen}");

    // The same trials give the same bytes.
    place.sim(&["sweep", &file, "--replications", "2", "--quiet", "--output", "again", "--threads", "1"]);
    assert!(page == place.text("again/pooling/report.html"));
}

/// Names that are markup are text.
const HOSTILE: &str = r#"title = "</title><script>alert(1)</script> \u001b[2J \u202e & \"q\""
model = "m.toml"
replications = 2
[axes."a\"><img src=x onerror=alert(1)>"]
path = "load.rate"
values = ["0.2/s", "0.5/s", "0.8/s"]
label = "</svg></style><script>alert(2)</script>"
[[variants]]
name = "x' onmouseover='alert(3)' y=\""
[[variants]]
name = "--><!--<b>\u0000\r\n"
set = { "stations.counter.servers" = 2 }
[[hypotheses]]
claim = "<iframe src='//evil'></iframe>"
expect = { at-least = { metric = "success_rate", value = 0.5 } }
[[effects]]
change = "</script><svg onload=alert(4)>"
variant = "--><!--<b>\u0000\r\n"
metric = "mean_s"
at = { "a\"><img src=x onerror=alert(1)>" = "0.2/s" }
"#;

#[test]
fn names_that_are_markup_are_text() {
    let place = Place::new();
    let model = place.text("counter.toml").replace("\"A counter\"", "\"<script>alert(5)</script>\"");
    place.put("m.toml", &(model + "\n[provenance]\n\"stations.counter.servers\" = { assumed = \"</td><script>x\" }\n"));
    place.put("e.toml", HOSTILE);
    place.sim(&["sweep", "e.toml", "--quiet"]).ends_with(0);
    let page = place.text("output/e/report.html");
    is_sound(&page);
    assert!(page.contains("&lt;iframe") && page.contains("&lt;/td&gt;&lt;script&gt;x"));
    assert!(page.contains("␛[2J") && !page.contains('\u{202e}'));
}

/// Many points make a page that can still be sent by mail.
#[test]
#[ignore = "long: two pages of 1000 points"]
fn a_thousand_points_are_below_two_megabytes() {
    let place = Place::new();
    let model = place.text("counter.toml").replace("\"4000s\"", "\"120s\"");
    place.put("m.toml", &model);
    let rates: Vec<String> = (1..=50).map(|step| format!("\"{}/s\"", f64::from(step) * 0.03)).collect();
    let rates = rates.join(", ");
    let variants: String = (1..=20)
        .map(|servers| {
            format!(
                "[[variants]]\nname = \"{servers} servers\"\nset = {{ \"stations.counter.servers\" = {servers} }}\n"
            )
        })
        .collect();
    let head = "title = \"t\"\nmodel = \"m.toml\"\nreplications = 2\n";
    let axis =
        |name: &str, path: &str, values: &str| format!("[axes.{name}]\npath = \"{path}\"\nvalues = [{values}]\n");
    place.put("many.toml", &format!("{head}{}{variants}", axis("rate", "load.rate", &rates)));
    let servers: Vec<String> = (1..=20).map(|servers| servers.to_string()).collect();
    let two = axis("rate", "load.rate", &rates) + &axis("servers", "stations.counter.servers", &servers.join(", "));
    place.put("deep.toml", &format!("{head}{two}"));
    for name in ["many", "deep"] {
        place.sim(&["sweep", &format!("{name}.toml"), "--quiet", "--table", "none"]);
        let page = place.text(&format!("output/{name}/report.html"));
        is_sound(&page);
        assert_eq!(rows(section(&page, "points")).len(), 1000);
        assert!(page.len() < 2_000_000, "{name}: {}", page.len());
    }
}

#[test]
fn without_charts_there_is_no_page() {
    let place = Place::new();
    let ran = place.sim(&["sweep", "servers.toml"]).ends_with(0);
    assert!(ran.stdout.contains("report   output/servers/report.html"), "{}", ran.stdout);
    place.sim(&["sweep", "counter.toml", "--no-charts"]).ends_with(0);
    assert!(!place.path("output/counter/report.html").exists());
    assert!(place.sim(&["sweep", "counter.toml", "--no-charts", "--open"]).ends_with(2).stderr.contains("--open"));
}

/// A single point has a page too, and so do points without an axis.
#[test]
fn pages_without_curves_are_whole() {
    let place = Place::new();
    let variants =
        "[[variants]]\nname = \"a\"\n[[variants]]\nname = \"b\"\nset = { \"stations.counter.servers\" = 2 }\n";
    place.put(
        "flat.toml",
        &format!("title = \"Which is better?\"\nmodel = \"counter.toml\"\nreplications = 3\n{variants}"),
    );
    let words: HashMap<&str, &str> = [("counter", "A counter"), ("flat", "Which is better?")].into();
    for (name, title) in words {
        place.sim(&["sweep", &format!("{name}.toml"), "--quiet"]).ends_with(0);
        let page = place.text(&format!("output/{name}/report.html"));
        is_sound(&page);
        assert!(section(&page, "answer").contains(title));
        section(&page, "points");
    }
}
