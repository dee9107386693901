//! The README and the book in `docs/`: what they show is so. Each page has a folder of its own with the shipped models and experiments;
//! its blocks are followed in order, as a reader would:
//!
//! - ```` ```toml ```` is a whole model or experiment, and sound; ```` ```toml NAME.toml ```` is saved under this name
//!   for the commands that follow; ```` ```toml snippet ```` is a part, and TOML at least;
//! - ```` ```console ```` holds commands (`$ sim ...`, `$ echo $?`) and what they print on stdout; a line `...` stands
//!   for any number of lines.
//!
//! `UPDATE_GOLDEN=1 cargo test book` writes blocks without `...` anew. The generated pages are compared by `.ci/run`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use sim::experiment::plan::{Adjustments, Plan};

/// All pages, and the README.
fn pages() -> Vec<PathBuf> {
    fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).expect("a folder of the book") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                collect(&path, pages);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                pages.push(path);
            }
        }
    }
    let mut pages = Vec::new();
    collect(Path::new("docs"), &mut pages);
    pages.sort();
    pages.push("README.md".into());
    pages
}

/// A fenced block.
struct Block<'a> {
    /// What stands after the fence.
    info: &'a str,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find("```") {
        let (info, after) = rest[start + 3..].split_once('\n').expect("a fence ends its line");
        let (text, after) = after.split_once("```").expect("a fence is closed");
        blocks.push(Block { info: info.trim(), text });
        rest = after;
    }
    blocks
}

/// A folder with what is shipped.
fn folder(page: &Path) -> PathBuf {
    let name = page.to_string_lossy().replace(['/', '.'], "-");
    let folder = std::env::temp_dir().join(format!("sim-book-{}-{name}", std::process::id()));
    fs::create_dir_all(folder.join("mine")).expect("a temporary folder");
    for shipped in
        ["models", "experiments", "experiments/alerts", "experiments/causes", "tests/import", "tests/calibrate"]
    {
        fs::create_dir_all(folder.join(shipped)).expect("a temporary folder");
        for entry in fs::read_dir(shipped).expect("what is shipped") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs::copy(&path, folder.join(&path)).expect("a copy");
            }
        }
    }
    folder
}

/// What a command prints, as it stands in the book.
fn run(command: &str, folder: &Path, last: &mut i32) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words.as_slice() {
        ["echo", "$?"] => format!("{last}\n"),
        ["sim", arguments @ ..] => {
            let arguments = unquoted(&arguments.join(" "));
            let program = env!("CARGO_BIN_EXE_sim");
            let output = Command::new(program)
                .args(arguments)
                .env_remove("COLUMNS")
                .current_dir(folder)
                .output()
                .expect("sim runs");
            *last = output.status.code().unwrap_or(-1);
            let text = String::from_utf8(output.stdout).expect("text");
            // A mistake is told on stderr.
            if *last == 2 { text + &String::from_utf8_lossy(&output.stderr) } else { text }
        }
        _ => panic!("the book runs only `sim`: {command}"),
    }
}

/// The arguments of a command, as a shell takes them apart: a quoted one may have spaces.
fn unquoted(text: &str) -> Vec<String> {
    let (mut arguments, mut quote) = (vec![String::new()], None);
    for sign in text.chars() {
        match (sign, quote) {
            (' ', None) => arguments.push(String::new()),
            ('\'' | '"', None) => quote = Some(sign),
            (sign, Some(open)) if sign == open => quote = None,
            (sign, _) => arguments.last_mut().expect("one at least").push(sign),
        }
    }
    arguments
}

/// Whether the lines are as expected, where `...` stands for any.
fn is_like(seen: &[&str], expected: &[&str]) -> bool {
    match expected.split_first() {
        None => seen.is_empty(),
        Some((&"...", rest)) => (0..=seen.len()).any(|skipped| is_like(&seen[skipped..], rest)),
        Some((line, rest)) => seen.first().is_some_and(|first| first.trim_end() == *line) && is_like(&seen[1..], rest),
    }
}

/// Follows a page; the differences, and the page with its commands' output written anew.
fn follow(page: &Path) -> (String, String) {
    let text = fs::read_to_string(page).expect("a page");
    let folder = folder(page);
    let (mut differences, mut renewed, mut last) = (String::new(), text.clone(), 0);
    for (number, block) in blocks(&text).iter().enumerate() {
        let mut words = block.info.split_whitespace();
        match (words.next(), words.next()) {
            (Some("toml"), Some("snippet")) => {
                if let Err(error) = block.text.parse::<toml::Table>() {
                    differences += &format!("{}: {error}\n", page.display());
                }
            }
            (Some("toml"), name) => {
                let name = name.map_or_else(|| format!("mine/block-{number}.toml"), Into::into);
                let file = folder.join(&name);
                fs::write(&file, block.text).expect("a file");
                if let Err(mistakes) = Plan::check(&file, &Adjustments::default()) {
                    differences += &format!("{}, {name}:\n{}\n", page.display(), mistakes.render(false));
                }
            }
            (Some("console"), _) => {
                let mut anew = String::new();
                for part in format!("\n{}", block.text).split("\n$ ").skip(1) {
                    let (command, expected) = part.split_once('\n').unwrap_or((part, ""));
                    let seen = run(command, &folder, &mut last);
                    let lines = |text: &'_ str| -> Vec<String> {
                        text.trim_end().lines().map(|line| line.trim_end().to_owned()).collect()
                    };
                    let (seen, expected) = (lines(&seen), lines(expected));
                    let view = |lines: &'_ [String]| lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
                    let refs = |lines: &'_ [String]| -> Vec<String> { lines.to_vec() };
                    let (a, b) = (refs(&seen), refs(&expected));
                    let (a, b): (Vec<&str>, Vec<&str>) =
                        (a.iter().map(String::as_str).collect(), b.iter().map(String::as_str).collect());
                    if !is_like(&a, &b) {
                        differences += &format!("{}: `{command}` prints:\n{}\n", page.display(), view(&seen));
                    }
                    let elided = expected.iter().any(|line| line == "...");
                    let kept = if elided { &expected } else { &seen };
                    anew += &format!("$ {command}\n");
                    if !kept.is_empty() {
                        anew += &format!("{}\n", view(kept));
                    }
                }
                renewed = renewed.replace(block.text, &anew);
            }
            _ => {}
        }
    }
    fs::remove_dir_all(&folder).expect("the folder was ours");
    (differences, renewed)
}

/// Nine tenths of the pages' time: searches of many trials, hundreds of load tests, long runs, and runs with metrics. The
/// other lane follows them.
const LONG: [&str; 7] = [
    "docs/how-to/alerts.md",
    "docs/how-to/more-than-one-machine.md",
    "docs/how-to/next-test.md",
    "docs/how-to/search.md",
    "docs/parts/numbers.md",
    "docs/stacks.md",
    "docs/tutorial.md",
];

#[test]
fn what_the_book_shows_is_so() {
    let pages: Vec<PathBuf> =
        pages().into_iter().filter(|page| LONG.iter().all(|long| page != Path::new(long))).collect();
    assert!(pages.len() > 10);
    show_what_is_so(&pages);
}

#[test]
#[ignore = "long: pages of searches, load tests and metrics"]
fn what_the_long_pages_show_is_so() {
    assert!(LONG.iter().all(|page| Path::new(page).exists()));
    show_what_is_so(&LONG.map(PathBuf::from));
}

fn show_what_is_so(pages: &[PathBuf]) {
    let followed: Vec<(String, String)> = pages.par_iter().map(|page| follow(page)).collect();
    let mut differences = String::new();
    for (page, (difference, renewed)) in pages.iter().zip(followed) {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(page, renewed).expect("a page");
        }
        differences += &difference;
    }
    assert!(differences.is_empty(), "{differences}UPDATE_GOLDEN=1 writes what commands print anew");
}

/// Links between pages, to files and to headings lead somewhere.
#[test]
fn every_link_of_the_book_leads_somewhere() {
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.starts_with("http") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().expect("a folder").join(file) };
            assert!(target.exists(), "{}: {link}", page.display());
            if !heading.is_empty() {
                let target = fs::read_to_string(&target).expect("a page");
                let slug = |line: &str| {
                    let kept = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                    kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect::<String>()
                };
                let found = target.lines().any(|line| line.starts_with('#') && slug(line) == heading);
                assert!(found, "{}: {link}", page.display());
            }
        }
    }
}

/// Every shipped what-if and every part has its paragraph.
#[test]
fn every_what_if_has_its_paragraph() {
    let page = fs::read_to_string("docs/what-ifs.md").expect("the page of what-ifs");
    let incidents = fs::read_to_string("docs/incidents.md").expect("the page of incidents");
    for entry in fs::read_dir("experiments").expect("the shipped experiments") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            continue;
        }
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let page = if name.starts_with("incident-") { &incidents } else { &page };
        assert!(page.contains(&format!("experiments/{name}.toml")), "{name}");
    }
}
