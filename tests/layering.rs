//! The arrows point left: what the layout of `src` promises is read off its text.
#![allow(clippy::arithmetic_side_effects, reason = "counts of a test")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// The stages there may be, in the order of the data, which is that of the alphabet.
const STAGES: [&str; 8] = ["capture", "decode", "flow", "inventory", "layer", "protocol", "report", "ship"];

/// Folders of the vocabulary: parts of a root file of their name.
const VOCABULARY: [&str; 1] = ["grammar"];

/// Root files that tie the stages together; all others are vocabulary and know none.
const TIES: [&str; 7] = ["cli.rs", "lib.rs", "main.rs", "pipeline.rs", "progress.rs", "stages.rs", "upkeep.rs"];

/// What outputs may see of the stages before them: the account counts frames.
const FOR_OUTPUTS: [(&str, &str); 1] = [("report/tally.rs", "crate::capture::Frame;")];

/// The most lines a file may have, and the program on one screen.
const MOST_LINES: usize = 400;
const MOST_LINES_OF_THE_PIPELINE: usize = 110;

/// A source file: its path below `src`, and its text.
struct File {
    path: String,
    text: String,
}

impl File {
    /// The stage it belongs to.
    fn stage(&self) -> Option<&str> {
        self.path.split_once('/').map(|(stage, _)| stage).filter(|stage| !VOCABULARY.contains(stage) && !self.is_tie())
    }

    /// Whether it ties the stages together: one of the root files that do, or a part of one.
    fn is_tie(&self) -> bool {
        let root = self.path.split_once('/').map_or_else(|| self.path.clone(), |(folder, _)| format!("{folder}.rs"));
        TIES.contains(&root.as_str())
    }

    /// Lines of code, without comments.
    fn code(&self) -> impl Iterator<Item = &str> {
        self.text.lines().map(str::trim).filter(|line| !line.starts_with("//"))
    }

    /// First names of all paths that begin at the crate, with the line each stands in.
    fn names(&self) -> BTreeSet<(&str, &str)> {
        let name = |rest: &'_ str| rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let named = move |line| str::split(line, "crate::").skip(1).map(move |rest| (rest.split_at(name(rest)).0, line));
        self.code().flat_map(named).collect()
    }
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut paths: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { paths.push(path) }
        }
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    paths.sort();
    let file = |path: &PathBuf| File {
        path: path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(),
        text: fs::read_to_string(path).unwrap(),
    };
    let files: Vec<File> = paths.iter().map(file).collect();
    assert!(files.len() > 50, "the sources are where they are looked for");
    files
}

#[test]
fn the_alphabet_is_the_order_of_the_data() {
    assert!(STAGES.is_sorted());
    for file in sources() {
        if let Some(stage) = file.stage() {
            assert!(STAGES.contains(&stage), "{}: {stage} has no place in the order of the data", file.path);
        }
    }
}

#[test]
fn a_stage_knows_only_those_before_it() {
    let mut known = 0;
    for file in sources() {
        for (name, line) in file.names() {
            if !STAGES.contains(&name) || file.is_tie() {
                continue;
            }
            known += 1;
            let Some(stage) = file.stage() else { panic!("{}: vocabulary knows a stage: {line}", file.path) };
            assert!(name <= stage, "{}: {stage} comes before {name}: {line}", file.path);
        }
    }
    assert!(known > 50, "the paths are found: {known}");
}

#[test]
fn outputs_know_only_annotations_and_events() {
    for file in sources().iter().filter(|file| file.stage() == Some("report")) {
        for (name, line) in file.names() {
            let allowed = FOR_OUTPUTS.iter().any(|(path, words)| file.path == *path && line.ends_with(words));
            assert!(!STAGES.contains(&name) || name == "report" || allowed, "{}: an output knows {name}: {line}", file.path);
        }
    }
}

#[test]
fn no_path_escapes_the_eye() {
    for file in sources() {
        for line in file.code() {
            assert!(!line.contains("crate::{"), "{}: grouped over the stages: {line}", file.path);
            assert!(!line.contains("crate::*"), "{}: everything at once: {line}", file.path);
            // One `super` for the parent, one more in the tests of a file; a third would leave the stage unseen.
            assert!(!line.contains("super::super::super::"), "{}: too far up: {line}", file.path);
            let renamed = line.contains("use crate as") || line.contains("extern crate self");
            assert!(!renamed, "{}: another name for the crate: {line}", file.path);
        }
    }
}

#[test]
fn files_are_short_and_say_what_they_promise() {
    for file in sources() {
        let lines = file.text.lines().count();
        assert!(lines <= MOST_LINES, "{}: {lines} lines", file.path);
        assert!(file.path != "pipeline.rs" || lines <= MOST_LINES_OF_THE_PIPELINE, "the pipeline left its screen: {lines} lines");
        assert!(file.text.starts_with("//! "), "{}: does not begin with what it promises", file.path);
    }
}

#[test]
fn every_exception_has_a_reason() {
    let mut exceptions = 0;
    for file in sources() {
        for opening in ["#[allow(", "#![allow(", "#[expect("] {
            for rest in file.text.split(opening).skip(1) {
                exceptions += 1;
                let attribute = rest.split(")]").next().unwrap_or_default();
                assert!(attribute.contains("reason = \""), "{}: {attribute}", file.path);
            }
        }
    }
    assert!(exceptions > 0, "exceptions are found");
}
