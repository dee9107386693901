//! The README's examples are what they claim to be: every TOML block is a sound model or experiment.

use std::fs;
use std::path::Path;

use sim::experiment::plan::{Adjustments, Plan};

/// The fenced blocks of a language, in order.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_toml_block_of_the_readme_is_sound() {
    let folder = std::env::temp_dir().join(format!("sim-readme-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a temporary folder");
    fs::copy("models/registration.toml", folder.join("registration.toml")).expect("the shipped model");
    let readme = fs::read_to_string("README.md").expect("the README");
    let blocks = blocks(&readme, "toml");
    assert!(blocks.len() >= 2, "the README shows a model and an experiment");
    for (index, block) in blocks.iter().enumerate() {
        let file = folder.join(format!("block-{index}.toml"));
        fs::write(&file, block).expect("a temporary file");
        if let Err(mistakes) = Plan::read(&file, &Adjustments::default()) {
            panic!("block {index} of the README:\n{}", mistakes.render(false));
        }
    }
    fs::remove_dir_all(&folder).expect("the folder was ours");
}

#[test]
fn every_file_that_the_readme_names_exists() {
    let readme = fs::read_to_string("README.md").expect("the README");
    let named = readme.split(['`', ' ', '(', ')', '\n']).filter(|word| {
        ["models/", "experiments/", "docs/", "assets/", "benches/", "deploy/"]
            .iter()
            .any(|folder| word.starts_with(folder))
    });
    for name in named {
        assert!(Path::new(name.trim_end_matches(['.', ',', ';'])).exists(), "{name}");
    }
}
