//! Promise: a secret that is planted in what nobody reads is in no output of the inference, and in no program made of it: neither as text,
//! nor in hex, in base64 or as a number, whatever form it has and whoever else says it.
#![allow(clippy::arithmetic_side_effects, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "planted/forms.rs"]
mod forms;
#[path = "planted/outputs.rs"]
mod outputs;
#[path = "planted/search.rs"]
mod search;
mod support;

use forms::BINARY;
use forms::Form;
use forms::TEXT;
use forms::Way;
use ntp_sniff::report::document::model::RedactionPolicy;
use outputs::Outputs;
use proptest::prelude::*;
use search::found;

/// Secrets that look like words, like orders, like numbers, like nothing.
fn secret() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Z][a-z0-9]{3}[A-Z][a-z0-9]{5,9}", "[A-Z]{9,14}", "[a-z]{9,14}", "[1-9][0-9]{10,15}", "[A-Z][a-z]{3}[!#%&*+][a-z0-9]{5}"]
}

fn way() -> impl Strategy<Value = Way> {
    let datagrams = prop_oneof![3 => Just(false), 1 => Just(true)];
    (1_usize..4, any::<bool>(), datagrams, any::<bool>(), prop::sample::select(vec!["\n", "\r\n", ""]))
        .prop_map(|(sessions, shared, datagrams, busy, end)| Way { sessions, shared, datagrams, busy, end })
}

/// What each output holds of the secrets that were planted.
fn leaks(form: &Form, way: &Way, secret: &str, policy: RedactionPolicy) -> Vec<String> {
    let (service, secrets) = form.service(way, secret);
    let outputs = Outputs::of(&service, policy);
    secrets.iter().flat_map(|secret| outputs.all().filter_map(|(name, text)| Some(format!("{name}: {}", found(text, secret)?)))).collect()
}

fn all() -> impl Iterator<Item = &'static Form> {
    TEXT.iter().chain(&BINARY)
}

#[test]
fn no_form_of_a_secret_is_shown() {
    let mut wrong = Vec::new();
    for form in all() {
        for (sessions, shared, datagrams, busy, end) in [
            (1, true, false, false, "\n"),
            (3, true, false, true, "\r\n"),
            (3, true, false, false, ""),
            (2, false, false, true, "\n"),
            (3, true, true, false, ""),
        ] {
            let way = Way { sessions, shared, datagrams, busy, end };
            let said = leaks(form, &way, "Xy7Qumran5", RedactionPolicy::Credentials);
            wrong.extend(said.first().map(|first| format!("{} {way:?}: {first} ({} in all)", form.name, said.len())));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), all().count() * 5, wrong.join("\n"));
}

#[test]
fn what_is_looked_for_is_found_when_it_is_shown() {
    for form in all() {
        let way = Way { sessions: 2, shared: true, datagrams: false, busy: true, end: "\n" };
        let shown = leaks(form, &way, "Xy7Qumran5", RedactionPolicy::None);
        assert!(shown.len() >= 2, "{}: {shown:?}", form.name);
    }
}

#[test]
fn without_data_none_is_left_in_a_grammar_either() {
    for form in all() {
        let way = Way { sessions: 3, shared: true, datagrams: false, busy: true, end: "\n" };
        let said = leaks(form, &way, "Xy7Qumran5", RedactionPolicy::Data);
        assert!(said.is_empty(), "{}: {said:?}", form.name);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_secret_is(form in prop::sample::select(all().collect::<Vec<_>>()), way in way(), secret in secret()) {
        let said = leaks(form, &way, &secret, RedactionPolicy::Credentials);
        prop_assert!(said.is_empty(), "{}: {said:?}", form.name);
    }
}

#[test]
fn a_secret_in_capitals_without_line_ends_is_hidden() {
    let form = all().find(|form| form.name == "asked for by pin").unwrap();
    let way = Way { sessions: 1, shared: false, datagrams: false, busy: true, end: "" };
    let said = leaks(form, &way, "AAPJUJSTP", RedactionPolicy::Credentials);
    assert!(said.is_empty(), "{said:?}");
}
