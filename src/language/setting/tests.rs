use std::sync::Arc;

use super::{Setting, Subject, unset};
use crate::language::path::Written;
use crate::language::tree::Tree;
use crate::language::{Model, Source};

const MODEL: &str = r#"
[services.a]
workers = 4
cpu = "2"

[services.a.pools."dotted.name"]
server = "a"

[services.a.endpoints.run]
steps = [
  { cpu = "1ms" },
  { query = { pool = "dotted.name", time = "2ms" } },
  { with = { pool = "dotted.name", steps = [{ cpu = "3ms" }, { query = { held = "dotted.name", time = "4ms" } }] } },
  { query = { pool = "dotted.name", time = "5ms" } },
  { choose = [{ probability = 0.5, steps = [{ sleep = "6ms" }] }] },
]

[load]
kind = "closed"
target = "a.run"
"#;

fn subject() -> Subject {
    let source = Arc::new(Source { name: "model".into(), path: None, text: MODEL.into() });
    let model = Tree::document(&source).unwrap();
    Subject { load: model.get("load").cloned(), model }
}

/// Sets a path and says what stands there then.
fn set(path: &str, value: &str) -> Result<String, String> {
    let mut subject = subject();
    let setting = Setting::argument(path, value).map_err(|mistakes| mistakes.0[0].title.clone())?;
    setting.apply(&mut subject).map_err(|mistake| mistake.title)?;
    let source = Source::argument(path);
    let written = Written::parse(path, &source, 0..path.len()).unwrap();
    let (target, in_load) = super::target(&written, &subject, false).map_err(|mistake| mistake.title)?;
    let root = if in_load { subject.load.as_ref().unwrap() } else { &subject.model };
    if !in_load {
        let _: Model = subject.model.read().map_err(|misfit| misfit.message)?;
    }
    Ok(super::value(root, &target.path)
        .map_or("nothing".into(), |value| format!("{} = {}", target.path, value.written())))
}

#[test]
fn paths_lead_to_values() {
    for (path, value, expected) in [
        ("services.a.workers", "8", "services.a.workers = 8"),
        ("services.a.cpu", "500m", "services.a.cpu = \"500m\""),
        ("services.a.open_files", "64", "services.a.open_files = 64"),
        ("services.a.endpoints.run.steps[0].cpu", "9ms", "services.a.endpoints.run.steps[0].cpu = \"9ms\""),
        ("services.a.endpoints.run.steps.0.cpu", "9ms", "services.a.endpoints.run.steps[0].cpu = \"9ms\""),
        ("services.a.endpoints.run.steps.cpu", "9ms", "services.a.endpoints.run.steps[0].cpu = \"9ms\""),
        (
            "services.a.endpoints.run.steps.query#2.time",
            "9ms",
            "services.a.endpoints.run.steps[3].query.time = \"9ms\"",
        ),
        (
            "services.a.endpoints.run.steps.with.steps.query.transaction",
            "true",
            "services.a.endpoints.run.steps[2].with.steps[1].query.transaction = true",
        ),
        (
            "services.a.endpoints.run.steps.choose[0].steps.sleep",
            "{ exp = \"1ms\" }",
            "services.a.endpoints.run.steps[4].choose[0].steps[0].sleep = { exp = \"1ms\" }",
        ),
        ("services.a.pools.\"dotted.name\".max_size", "20", "services.a.pools.\"dotted.name\".max_size = 20"),
        ("services.a.pools.new", "{ server = \"a\" }", "services.a.pools.new = { server = \"a\" }"),
        ("limits.gate", "{ size = 3 }", "limits.gate = { size = 3 }"),
        ("load.concurrency", "50", "concurrency = 50"),
        ("load.before.users", "50", "before.users = 50"),
        ("services.a.cpu", "{ unset = true }", "nothing"),
        ("services.a.open_files", "{ unset = true }", "nothing"),
    ] {
        assert_eq!(set(path, value).as_deref(), Ok(expected), "{path}");
    }
}

#[test]
fn paths_that_lead_nowhere_are_refused() {
    for (path, value, expected) in [
        ("services.b.workers", "8", "the path `services.b.workers` does not exist"),
        ("services.a.wrokers", "8", "the path `services.a.wrokers` does not exist"),
        (
            "services.a.endpoints.run.steps.query.time",
            "1ms",
            "`query` names 2 steps of `services.a.endpoints.run.steps`",
        ),
        ("services.a.endpoints.run.steps[9].cpu", "1ms", "`services.a.endpoints.run.steps` has no element 9"),
        ("services.a.workers.x", "1", "the path continues after `services.a.workers`, which is `4`"),
        ("services.a.workers[0]", "1", "the path continues after `services.a.workers`, which is `4`"),
        ("services.a[0]", "1", "`services.a` is a table and has no elements"),
        ("services.a.emfile_cpu.exp", "1ms", "`services.a.emfile_cpu` is not set in the model"),
        ("load", "1", "a load is not set as a whole"),
        ("", "1", "the path `` cannot be read: it is empty"),
        ("a..b", "1", "the path `a..b` cannot be read: a name is missing"),
        ("a.", "1", "the path `a.` cannot be read: a name is missing"),
        ("a[0", "1", "the path `a[0` cannot be read: a bracket is not closed"),
        ("a\"b\"", "1", "the path `a\"b\"` cannot be read: a dot is missing"),
        ("services.a.workers", "[1", "an array is not closed: `]` is missing"),
    ] {
        assert_eq!(set(path, value).unwrap_err(), expected, "{path}");
    }
}

#[test]
fn an_override_is_shown_where_it_was_written() {
    let mut subject = subject();
    Setting::argument("services.a.workers", "\"many\"").unwrap().apply(&mut subject).unwrap();
    let misfit = subject.model.read::<Model>().unwrap_err();
    let place = misfit.place.unwrap();
    assert_eq!(&place.source.text[place.value], "\"many\"");
    assert_eq!(place.source.name, "--set");
}

#[test]
fn only_unset_true_unsets() {
    let value = |text: &str| Tree::value(&Source::argument(text), 0).unwrap();
    assert!(unset(&value("{ unset = true }")));
    assert!(!unset(&value("{ unset = false }")) && !unset(&value("\"unset\"")) && !unset(&value("{}")));
}

#[test]
fn a_table_is_merged_key_by_key() {
    let pool = "services.a.pools.\"dotted.name\"";
    let merged = set(pool, "{ max_size = 7, round_trip = { exp = '1ms' } }");
    assert_eq!(
        merged.unwrap(),
        format!("{pool} = {{ server = \"a\", max_size = 7, round_trip = {{ exp = \"1ms\" }} }}")
    );
    // At every depth: the service keeps its keys and its pool's.
    let merged =
        set("services.a", "{ cpu = { unset = true }, pools = { \"dotted.name\" = { min_size = 1 } } }").unwrap();
    assert!(
        merged.starts_with("services.a = { workers = 4, pools = { dotted.name = { server = \"a\", min_size = 1 } }")
    );
    assert!(!merged.contains("cpu = \"2\"") && merged.contains("steps = ["), "{merged}");
}

#[test]
fn what_is_to_be_replaced_says_so() {
    let pool = "services.a.pools.\"dotted.name\"";
    assert_eq!(set(pool, "{ replace = true, server = 'a' }").unwrap(), format!("{pool} = {{ server = \"a\" }}"));
    assert_eq!(
        set(pool, "{ replace = false, min_size = 3 }").unwrap(),
        format!("{pool} = {{ server = \"a\", min_size = 3 }}")
    );
    let unset = set(pool, "{ server = { unset = true } }");
    assert_eq!(unset.unwrap_err(), "`server` cannot be unset: it is required");
}

#[test]
fn a_table_that_is_one_of_several_kinds_replaces() {
    let steps = "services.a.endpoints.run.steps";
    let held = set(&format!("{steps}.query#2"), "{ held = 'dotted.name', time = '1ms' }").unwrap();
    assert!(held.ends_with("= { held = \"dotted.name\", time = \"1ms\" }"), "{held}");
    let cpu = set(&format!("{steps}[0].cpu"), "{ lognormal = { mean = '1ms', cv = 1.0 } }").unwrap();
    let cpu = cpu.rsplit_once(" = { lognormal").unwrap().0.to_owned();
    assert!(cpu.ends_with("steps[0].cpu"), "{cpu}");
}

#[test]
fn the_paths_of_a_merged_table_are_those_of_its_values() {
    let setting =
        Setting::argument("services.a", "{ workers = 2, pools = { \"dotted.name\" = { max_size = 3 } } }").unwrap();
    let paths: Vec<String> =
        setting.leaves(&subject()).unwrap().into_iter().map(|(path, _)| path.to_string()).collect();
    assert_eq!(paths, ["services.a.workers", "services.a.pools.\"dotted.name\".max_size"]);
}

/// What a table says about merging must not be a key of the language.
#[test]
fn no_key_of_the_language_is_called_replace_or_unset() {
    use crate::language::form::Form;
    assert_eq!((Form::owner("replace"), Form::owner("unset")), (None, None));
}
