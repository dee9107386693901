//! Names the build: the package's version and a hash of the sources, so that trials of different programs are never
//! mixed (`SIM_BUILD`, see `experiment::journal`).

use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=core/src");
    println!("cargo::rerun-if-changed=Cargo.lock");
    let mut files = vec![PathBuf::from("Cargo.lock")];
    collect(Path::new("src"), &mut files);
    // In a package of the registry the core is a dependency, which Cargo.lock names with its checksum.
    if Path::new("core/src").exists() {
        collect(Path::new("core/src"), &mut files);
    }
    files.sort();
    // FNV-1a: this tells builds apart, it keeps no secrets.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for file in files {
        // Cargo.lock is not there where the package is a dependency.
        for byte in fs::read(file).unwrap_or_default() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    println!("cargo::rustc-env=SIM_BUILD={version}+{:08x}", hash >> 32);
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
