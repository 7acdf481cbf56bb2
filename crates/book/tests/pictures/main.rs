//! The tutorial's pictures are drawn here, from numbers that the engine computes. `UPDATE_PAGES=1` writes them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

mod curves;
mod nets;

use std::collections::BTreeSet;
use std::process::Command;
use std::{env, fs};

use chainrule_book::pages::root;
use chainrule_book::picture::Picture;

/// All pictures by the names of their files.
fn pictures() -> Vec<(&'static str, Picture)> {
    [nets::all(), curves::all()].concat()
}

/// The test itself, as on a processor without special instructions: the same digits everywhere.
#[test]
fn the_pictures_are_what_is_drawn_here() {
    if env::var("CHAINRULE_CPU").is_ok_and(|level| level == "portable") {
        return compare();
    }
    let drawn = Command::new(env::current_exe().unwrap())
        .args(["--exact", "the_pictures_are_what_is_drawn_here", "--nocapture"])
        .env("CHAINRULE_CPU", "portable")
        .output()
        .unwrap();
    assert!(drawn.status.success(), "{}", String::from_utf8_lossy(&drawn.stderr));
}

fn compare() {
    let folder = root().join("docs/src/tutorial/images");
    let update = env::var_os("UPDATE_PAGES").is_some();
    let (mut names, mut faults) = (BTreeSet::new(), Vec::new());
    for (name, picture) in pictures() {
        let (path, svg) = (folder.join(format!("{name}.svg")), picture.svg());
        names.insert(path.clone());
        if fs::read_to_string(&path).is_ok_and(|there| there == svg) {
            continue;
        }
        if update {
            fs::write(&path, svg).unwrap();
        } else {
            faults.push(format!("{} is not what is drawn; UPDATE_PAGES=1 writes it", path.display()));
        }
    }
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if !names.contains(&path) {
            faults.push(format!("{} is not drawn by any program", path.display()));
        }
    }
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
