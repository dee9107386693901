//! Opens a file or a page in the reader's browser.

use std::path::Path;
use std::process::{Command, Stdio};

use super::page::Page;

/// Opens a file, or a page by its address, with the program that the system has for it, or with the one that `BROWSER` names.
pub(super) fn open(what: impl AsRef<Path>, page: &Page) {
    let what = what.as_ref();
    let named = std::env::var("BROWSER").ok().filter(|name| !name.is_empty());
    let program = named.as_deref().unwrap_or(if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    });
    let quiet = Stdio::null;
    let started = Command::new(program).arg(what).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    if let Err(reason) = started {
        page.warn(format!("cannot open {} with {program}: {reason}", what.display()));
    }
}
