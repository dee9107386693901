//! What the README names exists. Its examples are followed with the pages of the book.

use std::fs;
use std::path::Path;

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
