//! Scores of binary protocols: types by V-measure, boundaries by precision, recall and false positives.

use super::run::Message;
use super::run::Run;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;

/// A message as tshark tells it.
struct Truth {
    key: (String, char, u64),
    length: usize,
    name: String,
    edges: BTreeSet<usize>,
}

fn truth(name: &str) -> Vec<Truth> {
    let text = fs::read_to_string(super::file(name, "truth", "txt")).unwrap();
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(' ').collect();
        Truth {
            key: (cells[0].to_owned(), cells[1].chars().next().unwrap(), cells[2].parse().unwrap()),
            length: cells[3].parse().unwrap(),
            name: cells[4].to_owned(),
            edges: cells[5].split(',').filter_map(|edge| edge.parse().ok()).collect(),
        }
    };
    text.lines().map(line).collect()
}

fn thousandths(share: f64) -> i64 {
    format!("{:.0}", share * 1000.0).parse().unwrap()
}

fn share(part: usize, whole: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap());
    if whole == 0 { 0.0 } else { float(part) / float(whole) }
}

fn entropy<T: Ord>(values: impl Iterator<Item = T>) -> f64 {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_default() += 1);
    let all = counts.values().sum();
    counts.values().map(|count| share(*count, all)).map(|share| -share * share.ln()).sum()
}

/// Harmonic mean of homogeneity and completeness.
fn v_measure(pairs: &[(&str, &str)]) -> f64 {
    let (true_types, found) = (entropy(pairs.iter().map(|pair| pair.0)), entropy(pairs.iter().map(|pair| pair.1)));
    let both = true_types + found - entropy(pairs.iter());
    let part = |of: f64| if of == 0.0 { 1.0 } else { both / of };
    let (homogeneity, completeness) = (part(true_types), part(found));
    if homogeneity + completeness <= 0.0 { 0.0 } else { 2.0 * homogeneity * completeness / (homogeneity + completeness) }
}

/// Messages cut right; V-measure of types; of boundaries between bytes that are not both constant: precision, recall, false positives.
pub(crate) fn score(name: &str, run: &Run) -> [(&'static str, i64); 5] {
    let truth = truth(name);
    let by: BTreeMap<_, &Message> = run.messages.iter().map(|message| (&message.key, message)).collect();
    let found: Vec<Option<&Message>> =
        truth.iter().map(|wanted| by.get(&wanted.key).copied().filter(|message| message.bytes.len() == wanted.length)).collect();
    let pairs: Vec<(&str, &str)> =
        truth.iter().zip(&found).map(|(wanted, message)| (wanted.name.as_str(), message.map_or("", |message| &message.name))).collect();
    let mut values: BTreeMap<usize, BTreeSet<u8>> = BTreeMap::new();
    for (at, byte) in found.iter().flatten().flat_map(|message| message.bytes.iter().enumerate()) {
        values.entry(at).or_default().insert(*byte);
    }
    let constant = |at: usize| values[&at].len() == 1;
    // Right, wrong, missed, rightly none.
    let mut counts = [0_usize; 4];
    for (wanted, message) in truth.iter().zip(&found).filter_map(|(wanted, message)| Some((wanted, (*message)?))) {
        for at in (1..wanted.length).filter(|at| !(constant(*at) && constant(*at - 1))) {
            let case = match (message.edges.contains(&at), wanted.edges.contains(&at)) {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => 2,
                (false, false) => 3,
            };
            counts[case] += 1;
        }
    }
    let [right, wrong, missed, none] = counts;
    [
        ("cut", thousandths(share(found.iter().flatten().count(), truth.len()))),
        ("types_v", thousandths(v_measure(&pairs))),
        ("precision", thousandths(share(right, right + wrong))),
        ("recall", thousandths(share(right, right + missed))),
        ("fpr", thousandths(share(wrong, wrong + none))),
    ]
}
