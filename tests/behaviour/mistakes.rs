//! Bad input: each file of `tests/mistakes` has a mistake (or several), and beside it stands what the user is told.
//! `UPDATE_GOLDEN=1 cargo test mistakes` writes the messages anew; read them before you commit them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use sim::experiment::plan::{Adjustments, Plan};

/// What is tried: the files, and where a message needs one that is not there, its name.
fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir("tests/mistakes")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    cases.push("tests/mistakes/key-unknwon.toml".into());
    cases.push("tests/mistakes/models".into());
    cases.sort();
    cases
}

/// Lines such as `# --set load.users=5` at the start of a file are its command line.
fn adjustments(path: &Path) -> Adjustments {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
    let mut adjustments = Adjustments::default();
    for line in text.lines().map_while(|line| line.strip_prefix("# --")) {
        match line.split_once(' ') {
            Some(("set", setting)) => {
                let (path, value) = setting.split_once('=').unwrap();
                adjustments.set.push((path.into(), value.into()));
            }
            Some(("replications", count)) => adjustments.replications = Some(count.parse().unwrap()),
            _ => panic!("{line}"),
        }
    }
    adjustments
}

#[test]
fn every_mistake_is_explained() {
    let mut differences = String::new();
    let mut count = 0;
    for case in cases() {
        let golden = case.with_extension("txt");
        let message = match Plan::read(&case, &adjustments(&case)) {
            Ok(_) => panic!("{} was accepted", case.display()),
            Err(mistakes) => mistakes.render(false),
        };
        assert!(message.starts_with("error: "), "{message}");
        let coloured = Plan::read(&case, &adjustments(&case)).unwrap_err().render(true);
        assert!(coloured.contains("\u{1b}["), "{coloured}");
        count += 1;
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &message).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != message {
            writeln!(differences, "--- {} is now:\n{message}", golden.display()).unwrap();
        }
    }
    assert!(count > 40);
    assert!(differences.is_empty(), "{differences}UPDATE_GOLDEN=1 writes them anew");
}

/// What the bad files refer to, and what the random mutations begin with, is good.
#[test]
fn the_files_behind_the_mistakes_are_good() {
    for file in ["shop", "question"] {
        let path = format!("tests/mistakes/models/{file}.toml");
        if let Err(mistakes) = Plan::read(path.as_ref(), &Adjustments::default()) {
            panic!("{mistakes}");
        }
    }
}

/// Whatever is done to a good file: it is accepted or refused with a message, and nothing panics.
mod anything {
    use super::*;
    use proptest::prelude::*;

    const MODEL: &str = include_str!("../mistakes/models/shop.toml");
    const EXPERIMENT: &str = include_str!("../mistakes/models/question.toml");

    /// Text that likes to go wrong.
    const PIECES: [&str; 32] = [
        "0",
        "-1",
        "1e308",
        "nan",
        "inf",
        "\"\"",
        "\"",
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        "#",
        "\n",
        "[[",
        "99999999999999999999",
        "4294967295",
        "\"0ms\"",
        "\"exp(0s)\"",
        "\"1e9h\"",
        "é",
        "\u{feff}",
        "\\",
        "''",
        "true",
        "{ unset = true }",
        "[]",
        "{}",
        "steps",
        "\r\n",
        "\t",
    ];

    #[derive(Clone, Debug)]
    enum Edit {
        Byte(usize, u8),
        Remove(usize, usize),
        Insert(usize, usize),
        Replace(usize, usize),
        DoubleLine(usize),
        RemoveLine(usize),
    }

    fn edit() -> impl Strategy<Value = Edit> {
        let at = 0usize..4_000;
        prop_oneof![
            (at.clone(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
            (at.clone(), 1usize..30).prop_map(|(at, length)| Edit::Remove(at, length)),
            (at.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Edit::Insert(at, piece)),
            (at.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Edit::Replace(at, piece)),
            at.clone().prop_map(Edit::DoubleLine),
            at.prop_map(Edit::RemoveLine),
        ]
    }

    fn apply(text: &mut Vec<u8>, edit: &Edit) {
        let length = text.len().max(1);
        match *edit {
            Edit::Byte(at, byte) => {
                if let Some(place) = text.get_mut(at % length) {
                    *place = byte;
                }
            }
            Edit::Remove(at, count) => {
                let at = at % length;
                text.drain(at.min(text.len())..(at + count).min(text.len()));
            }
            Edit::Insert(at, piece) => {
                let at = (at % length).min(text.len());
                text.splice(at..at, PIECES[piece].bytes());
            }
            // The value after some equals sign.
            Edit::Replace(at, piece) => {
                let signs: Vec<usize> = (0..text.len()).filter(|&i| text[i] == b'=').collect();
                let Some(&sign) = signs.get(at % signs.len().max(1)) else { return };
                let end = text[sign..]
                    .iter()
                    .position(|&b| matches!(b, b'\n' | b',' | b'}'))
                    .map_or(text.len(), |n| sign + n);
                text.splice(sign + 1..end, PIECES[piece].bytes());
            }
            Edit::DoubleLine(at) | Edit::RemoveLine(at) => {
                let mut lines: Vec<Vec<u8>> = text.split(|&b| b == b'\n').map(<[u8]>::to_vec).collect();
                let at = at % lines.len();
                match edit {
                    Edit::DoubleLine(_) => lines.insert(at, lines[at].clone()),
                    _ => drop(lines.remove(at)),
                }
                *text = lines.join(&b'\n');
            }
        }
    }

    #[test]
    fn never_panics() {
        are_read(500);
    }

    #[test]
    #[ignore = "long: 1500 random mutations instead of 500"]
    fn more_mutations_never_panic() {
        are_read(1_500);
    }

    /// Reads this number of random mutations.
    fn are_read(cases: u32) {
        let directory = std::env::temp_dir().join(format!("sim-mistakes-{cases}-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
        proptest!(config, |(of_model in any::<bool>(), edits in prop::collection::vec(edit(), 1..6))| {
            let mut model = MODEL.as_bytes().to_vec();
            let mut experiment = EXPERIMENT.as_bytes().to_vec();
            let text = if of_model { &mut model } else { &mut experiment };
            edits.iter().for_each(|edit| apply(text, edit));
            fs::write(directory.join("shop.toml"), &model).unwrap();
            fs::write(directory.join("question.toml"), &experiment).unwrap();
            for file in ["question.toml", "shop.toml"] {
                if let Err(mistakes) = Plan::read(&directory.join(file), &Adjustments::default()) {
                    prop_assert!(!mistakes.0.is_empty());
                    prop_assert!(mistakes.render(false).starts_with("error: "));
                    mistakes.render(true);
                }
            }
        });
        fs::remove_dir_all(&directory).unwrap();
    }
}
