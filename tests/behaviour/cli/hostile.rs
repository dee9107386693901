//! Input that nobody wrote in good faith, or by slip: endless files, control characters, names that lead elsewhere.

use std::fs::{self, File};
use std::time::Instant;

use serde_json::Value;

use super::place::{Place, Ran};

/// A model that draws its work from a file, or its arrivals.
fn reading(kind: &str, file: &str) -> String {
    let (load, work) = match kind {
        "trace" => (format!("trace = {{ file = \"{file}\" }}"), "\"1ms\"".to_owned()),
        _ => (
            "rate = \"1/s\"\nduration = \"10s\"".into(),
            format!("{{ empirical = {{ file = \"{file}\", column = \"x\" }} }}"),
        ),
    };
    format!(
        "[load]\nkind = \"open\"\ntarget = \"a.e\"\n{load}\n[services.a.endpoints.e]\nsteps = [{{ cpu = {work} }}]\n"
    )
}

fn refused(ran: Ran, words: &str) {
    let ran = ran.ends_with(2);
    assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
}

#[test]
fn files_without_an_end_are_refused() {
    let place = Place::new();
    // Sparse: it takes no room on the disk, and 10 GB of memory if it is read as one line.
    File::create(place.path("sparse")).and_then(|file| file.set_len(10 << 30)).expect("a sparse file");
    // Short lines, and more of them than any table has.
    let mut files = vec![("sparse", "it has a line longer than 1 MiB")];
    if cfg!(unix) {
        files.push(("/dev/zero", "it has a line longer than 1 MiB"));
    }
    for (file, words) in files {
        for kind in ["trace", "empirical"] {
            place.put("m.toml", &reading(kind, file));
            refused(place.sim(&["check", "m.toml"]), words);
        }
        let text = "longer than 4 MiB";
        refused(place.sim(&["run", file]), text);
        place.put("e.toml", &format!("title = \"e\"\nmodel = \"{file}\"\n"));
        refused(place.sim(&["sweep", "e.toml"]), text);
    }
}

/// Whatever is in the place of a journal, the sweep says that it cannot be read, or puts it aside.
#[test]
fn a_journal_without_an_end_is_refused() {
    let place = Place::new();
    place.sim(&["sweep", "servers.toml", "--no-charts"]).ends_with(0);
    let path = place.path("output/servers/journal.jsonl");
    let file = fs::OpenOptions::new().write(true).open(&path).expect("the journal");
    file.set_len(10 << 30).expect("a sparse tail");
    refused(place.sim(&["sweep", "servers.toml", "--no-charts"]), "longer than 256 MiB");
}

const HOSTILE: &str = "title = \"T \\u001b[31m\\n\\u0007 \\u202e\"\nmodel = \"counter.toml\"\nreplications = 2\n\
    [axes.\"x\\u001b[2J\"]\npath = \"load.rate\"\nvalues = [\"0.2/s\", \"0.5/s\"]\nlabel = \"</svg>\\u001b[2J\"\n\
    [[variants]]\nname = \"=cmd|' /C calc'!A0\\u001b[2J\"\n\
    [[variants]]\nname = \"@SUM(1+1)\\r\\nx,y \\u0000\"\nset = { \"stations.counter.servers\" = 2 }\n\
    [[hypotheses]]\nclaim = \"c \\u001b[2J\\nholds everything\"\n\
    expect = { at-least = { metric = \"success_rate\", value = 0.5 } }\n\
    [[effects]]\nchange = \"d \\u001b[2J\"\nvariant = \"@SUM(1+1)\\r\\nx,y \\u0000\"\nmetric = \"mean_s\"\n\
    at = { \"x\\u001b[2J\" = \"0.2/s\" }\n";

/// No byte that a terminal acts on, but for line feeds.
fn is_quiet(text: &str) -> bool {
    !text.chars().any(|sign| sign.is_control() && sign != '\n' || sign == '\u{202e}')
}

#[test]
fn control_characters_are_shown_and_not_sent() {
    let place = Place::new();
    place.put("e.toml", HOSTILE);
    let ran = place.sim(&["sweep", "e.toml", "--svg"]).ends_with(0);
    assert!(is_quiet(&ran.stdout) && is_quiet(&ran.stderr), "{:?}\n{:?}", ran.stdout, ran.stderr);
    assert!(ran.stdout.starts_with("T ␛[31m␊␇ �\n"), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("@SUM(1+1)␍␊x,y ␀") && ran.stdout.contains("c ␛[2J␊holds everything"),
        "{}",
        ran.stdout
    );
    // Colours are ours alone.
    let mut command = place.command(&["sweep", "e.toml", "--no-charts"]);
    let ran: Ran = command.env("CLICOLOR_FORCE", "1").output().expect("it runs").into();
    assert!(ran.stdout.contains("\u{1b}[1mT ␛[31m"), "{:?}", ran.stdout);
    assert!(!ran.stdout.contains("\u{1b}[2J") && !ran.stdout.contains("\u{1b}[31m\u{240a}"), "{:?}", ran.stdout);
    for name in ["throughput.svg", "response-time.svg"] {
        let svg = place.text(&format!("output/e/{name}"));
        assert!(is_quiet(&svg) && !svg.contains("</svg>␛"), "{name}");
    }
    // JSON has the names as they are.
    let document: Value = serde_json::from_str(&place.text("output/e/summary.json")).expect("JSON");
    assert_eq!(document["points"][2]["variant"], "@SUM(1+1)\r\nx,y \0");
    for command in ["run", "knee", "check"] {
        let ran = place.sim(&[command, "e.toml"]);
        assert!(is_quiet(&ran.stdout) && is_quiet(&ran.stderr), "{command}: {:?}\n{:?}", ran.stdout, ran.stderr);
    }
    // Mistakes show what was written.
    place.put("wrong.toml", &HOSTILE.replace("replications", "\"replic\\u001b[2Jations\""));
    let ran = place.sim(&["check", "wrong.toml"]).ends_with(2);
    assert!(is_quiet(&ran.stderr) && ran.stderr.contains("␛[2J"), "{:?}", ran.stderr);
}

#[test]
fn no_cell_is_a_formula() {
    let place = Place::new();
    place.put(
        "e.toml",
        &HOSTILE.replace("[axes.\"x\\u001b[2J\"]", "[axes.\"=x\"]").replace("\"x\\u001b[2J\" =", "\"=x\" ="),
    );
    place.sim(&["sweep", "e.toml", "--no-charts"]).ends_with(0);
    let rows = |name: &str| {
        let text = place.text(name);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
        reader
            .records()
            .map(|row| row.expect("a row").iter().map(str::to_owned).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
    for name in ["results.csv", "trials.csv", "comparisons.csv"] {
        let rows = rows(&format!("output/e/{name}"));
        assert!(rows.len() > 1 && rows[0].contains(&"'=x".to_owned()), "{name}: {:?}", rows[0]);
        for cell in rows.iter().flatten() {
            let is_formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
            assert!(!is_formula, "{name}: {cell}");
        }
        assert!(rows.iter().flatten().any(|cell| cell.starts_with("'@SUM(1+1)")), "{name}");
    }
}

#[test]
fn a_digest_has_no_markup_but_its_own() {
    let place = Place::new();
    place.put(
        "d.toml",
        "title = \"a | b <img src=x onerror=alert(1)> [x](javascript:alert(1)) `\"\nmodel = \"counter.toml\"\n\
         replications = 2\n[[variants]]\nname = \"v | w\"\n[[variants]]\nname = \"u <b>\"\n\
         set = { \"stations.counter.servers\" = 2 }\n[[effects]]\nchange = \"c | d <script>\\n\\n# heading\"\n\
         variant = \"u <b>\"\nmetric = \"mean_s\"\n[[hypotheses]]\nclaim = \"x | y <script>\\n| a | b |\"\n\
         expect = { at-least = { metric = \"success_rate\", value = 0.5 } }\n",
    );
    let page = place.sim(&["digest", "d.toml"]).ends_with(0).stdout;
    assert!(page.contains("a \\| b \\<img src=x onerror=alert(1)\\> \\[x\\](javascript:alert(1)) \\`"), "{page}");
    assert!(page.contains("c \\| d \\<script\\>␊␊# heading") && page.contains("x \\| y \\<script\\>␊\\| a"), "{page}");
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(headings, ["# What each change is worth", "## d"]);
    // No tag and no cell that the tool did not write.
    assert!(page.match_indices('<').all(|(at, _)| page[..at].ends_with('\\')), "{page}");
    let row = page.lines().find(|line| line.starts_with("| [d](#d)")).expect("the effect's row");
    assert_eq!(row.replace("\\|", "").matches('|').count(), 6, "{row}");
}

/// The name of the file without its extension is the folder's: `..` is the one above.
#[test]
fn results_stay_in_the_output_folder() {
    let place = Place::new();
    fs::create_dir(place.path("out")).expect("a folder");
    for name in ["...toml", "..toml"] {
        fs::copy(place.path("counter.toml"), place.path(name)).expect("a copy");
        for command in ["sweep", "check", "run"] {
            refused(place.sim(&[command, name]), "results cannot go into a folder of the name `.");
        }
        refused(place.sim(&["sweep", name, "--output", "out"]), "rename the file");
    }
    if cfg!(unix) {
        fs::copy(place.path("counter.toml"), place.path("a\\b.toml")).expect("a copy");
        refused(place.sim(&["sweep", "a\\b.toml"]), "a folder of the name `a\\b`");
    }
    assert!(place.names("out").is_empty() && !place.path("output").exists());
    assert!(!place.names(".").iter().any(|name| name.ends_with(".csv")), "{:?}", place.names("."));
}

#[test]
#[cfg(target_os = "linux")]
fn help_on_a_full_disk_is_no_success() {
    let place = Place::new();
    for arguments in [&["--help"][..], &["--version"], &["sweep", "--help"], &["man"], &["reference"]] {
        let full = File::options().write(true).open("/dev/full").expect("a full device");
        let ran: Ran = place.command(arguments).stdout(full).output().expect("it runs").into();
        assert!(ran.ends_with(2).stderr.contains("cannot write to stdout"), "{arguments:?}");
    }
}

#[test]
fn too_deep_is_said_where_and_long_numbers_are_short() {
    let place = Place::new();
    for (text, place_of) in [
        (format!("title = \"x\"\n[{}]\n", vec!["a"; 300].join(".")), "m.toml:2:1"),
        (format!("title = \"x\"\na = {}{}\n", "[".repeat(200), "]".repeat(200)), "m.toml:2:"),
    ] {
        place.put("m.toml", &text);
        let ran = place.sim(&["check", "m.toml"]).ends_with(2);
        assert!(ran.stderr.contains("nested too deeply") && ran.stderr.contains(place_of), "{}", ran.stderr);
    }
    place.put("m.toml", "title = \"x\"\na =\n");
    refused(place.sim(&["check", "m.toml"]), "a key has no value");
    let model = place.text("counter.toml");
    place.put("m.toml", &model.replace("runtime = \"delay\"", "cpu = 1e308\nslowdown = 1e308"));
    let ran = place.sim(&["check", "m.toml"]).ends_with(2);
    assert!(ran.stderr.contains("1e308") && !ran.stderr.contains("00000000000000000000000"), "{}", ran.stderr);
}

/// Nanoseconds that this thread has worked, where the system tells; another's work does not count.
fn worked(since: Instant) -> u64 {
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| text.split(' ').next().and_then(|first| first.parse().ok()));
    told.unwrap_or(since.elapsed().as_nanos() as u64)
}

/// The text of an input with so many of something.
type Input<'a> = Box<dyn Fn(usize) -> String + 'a>;

/// Four times the input takes about four times the time; sixteen times would be quadratic.
#[test]
fn checking_is_linear() {
    takes_linear_time(240, 40);
}

#[test]
#[ignore = "long: inputs of 20,000 lines"]
fn checking_is_linear_in_long_inputs() {
    takes_linear_time(5_000, 5_000);
}

/// Tries `lines` lines of each kind, and `of_slow` of those that take a hundred times as long: keys and variants.
fn takes_linear_time(lines: usize, of_slow: usize) {
    use sim::experiment::plan::{Adjustments, Plan};
    let place = Place::new();
    let load = "[load]\nkind = \"open\"\ntarget = \"a.e\"\nrate = \"1/s\"\nduration = \"10s\"\n";
    let endpoint = "[services.a.endpoints.e]\nsteps = [{ cpu = \"1ms\" }]\n";
    let many = |count: usize, one: &dyn Fn(usize) -> String| (1..=count).map(one).collect::<String>();
    let inputs: [(&str, Input); 6] = [
        ("keys", Box::new(|n| format!("{load}[services.a]\n{}{endpoint}", many(n, &|i| format!("k{i} = 1\n"))))),
        (
            "spikes",
            Box::new(|n| {
                let one = |i| format!("{{ at = \"{i}s\", length = \"1ms\", factor = 2 }}, ");
                format!("{load}spikes = [{}]\n{endpoint}", many(n, &one))
            }),
        ),
        (
            "steps",
            Box::new(|n| {
                let one = |i| format!("{{ cpu = \"{i}us\" }}, ");
                format!("{load}[services.a.endpoints.e]\nsteps = [{}]\n", many(n, &one))
            }),
        ),
        (
            "pools",
            Box::new(|n| {
                let one = |i| format!("[services.a.pools.p{i}]\nserver = \"nowhere\"\nmax_size = 1\n");
                format!("{load}{endpoint}{}", many(n, &one))
            }),
        ),
        (
            "variants",
            Box::new(|n| {
                let one = |i| format!("[[variants]]\nname = \"v{i}\"\nset = {{ \"load.rate\" = \"{i}/s\" }}\n");
                format!("title = \"x\"\nmodel = \"counter.toml\"\n{}", many(n, &one))
            }),
        ),
        (
            "wrong variants",
            Box::new(|n| {
                let one = |i| format!("[[variants]]\nname = \"v{i}\"\nset = {{ \"load.ratte\" = \"{i}/s\" }}\n");
                format!("title = \"x\"\nmodel = \"counter.toml\"\n{}", many(n, &one))
            }),
        ),
    ];
    for (what, input) in inputs {
        let time = |count: usize| {
            place.put("x.toml", &input(count));
            let since = Instant::now();
            let before = worked(since);
            let _ = Plan::check(&place.path("x.toml"), &Adjustments::default());
            worked(since) - before
        };
        let count = if matches!(what, "keys" | "variants" | "wrong variants") { of_slow } else { lines };
        // Caches and clocks of a busy machine may disturb one comparison, but not three.
        let is_linear = || {
            let (few, four_times) = (time(count), time(4 * count));
            println!("{what}: {few} ns, four times as many {four_times} ns");
            four_times < 9 * few
        };
        assert!((0..3).any(|_| is_linear()), "{what}");
    }
}

/// A table of a million keys takes 8 MB: they are counted before they are made.
#[test]
#[ignore = "long: 50 tables of a million keys"]
fn very_many_popularities_are_refused() {
    let place = Place::new();
    let one = |i: usize| {
        format!("{{ cache = {{ name = \"h\", key = {{ zipf = {{ keys = 1000000, exponent = 0.{i:03} }} }} }} }}")
    };
    let model = |count: usize| {
        let steps: Vec<String> = (0..count).map(one).collect();
        format!(
            "[load]\nkind = \"closed\"\ntarget = \"a.e\"\nconcurrency = 1\nusers = 1\n[services.a.caches.h]\n\
             [services.a.endpoints.e]\nsteps = [{}]\n",
            steps.join(", ")
        )
    };
    place.put("m.toml", &model(51));
    refused(place.sim(&["check", "m.toml"]), "the tables of popularities have 51000000 keys together");
    place.put("m.toml", &model(1));
    place.sim(&["check", "m.toml"]).ends_with(0);
}
