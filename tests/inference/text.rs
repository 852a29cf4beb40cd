//! Scores of text protocols: terminator and delimiter exactly, verbs against those of the specification that occur.

use super::run::Run;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

/// How often a verb must occur to be looked for.
const OFTEN: usize = 3;

pub(crate) fn score(name: &str, run: &Run) -> Vec<(&'static str, i64)> {
    let (folder, name) = super::folder(name);
    let text = fs::read_to_string(folder.join("words.txt")).unwrap();
    let row = text.lines().map(|line| line.split(' ').collect::<Vec<_>>()).find(|cells| cells[0] == name).unwrap();
    let first = |list: &str| run.grammar[list][0]["text"].as_str().unwrap_or("-").replace(' ', "\\x20");
    let exact = |found: &str, wanted: &str| if found == wanted { 1000 } else { 0 };
    let mut scores = Vec::new();
    if row[1] != "-" {
        scores.push(("terminator", exact(&first("terminators"), row[1])));
    }
    if row[2] != "-" {
        scores.push(("delimiter", exact(&first("delimiters"), row[2])));
    }
    if row[3] == "-" {
        return scores;
    }
    // These specifications do not tell great letters from small ones, but memcached's, which has small ones only.
    let known: BTreeSet<String> = row[3..].iter().map(|word| word.to_ascii_uppercase()).collect();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for message in run.messages.iter().filter(|message| message.key.1 == 'c') {
        let words = message.bytes.split(|byte| !byte.is_ascii_alphabetic() && *byte != b'-').filter(|word| !word.is_empty());
        // IMAP has a tag in front.
        let mut words = words.take(2).map(|word| String::from_utf8_lossy(word).to_ascii_uppercase());
        if let Some(word) = words.find(|word| known.contains(word)) {
            *seen.entry(word).or_default() += 1;
        }
    }
    let occurring: BTreeSet<&str> = seen.iter().filter(|(_, count)| **count >= OFTEN).map(|(word, _)| word.as_str()).collect();
    let words = run.grammar["keywords"].as_array().map_or(&[][..], Vec::as_slice);
    let commands = |refused: bool| -> BTreeSet<String> {
        let of = words.iter().filter(|word| word["kind"] == "command" && word["direction"] != "server");
        of.filter(|word| refused || word["refused"] != true).map(|word| word["text"].as_str().unwrap().to_ascii_uppercase()).collect()
    };
    // Precise is what is called an order of the protocol; found are also those that the document says this server does not know.
    let (commands, found) = (commands(false), commands(true));
    let thousandths = |part: usize, whole: usize| i64::try_from(1000 * part / whole.max(1)).unwrap();
    scores.push(("verbs_precision", thousandths(commands.iter().filter(|word| known.contains(*word)).count(), commands.len())));
    scores.push(("verbs_recall", thousandths(occurring.iter().filter(|word| found.contains(**word)).count(), occurring.len())));
    scores
}
