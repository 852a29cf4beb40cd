//! The schema: it is stable, and has what the reference schema asks for, or a reason why not.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn schema() -> Value {
    serde_json::from_str(&ntp_sniff::report::document::schema()).unwrap()
}

#[test]
fn it_is_stable() {
    insta::assert_snapshot!("schema", ntp_sniff::report::document::schema());
}

#[test]
fn it_is_a_schema() {
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(jsonschema::meta::is_valid(&schema()));
}

/// Definitions of the reference that are named otherwise here, or not there, and why.
const OTHERWISE: [(&str, &str); 10] = [
    ("count", "an unsigned integer has its own schema"),
    ("sha256", "a string"),
    ("hex", "a string; `check` looks at it"),
    ("id", "a string; `check` looks at it"),
    ("time", "a string; `check` looks at it"),
    ("seconds", "a string; `check` looks at it"),
    ("confidence", "a number from 0 to 1, in place"),
    ("direction", "`client` or `server`, as everywhere in the program"),
    ("statistics", "found"),
    ("jsonl_record", "JSON Lines has records of its own"),
];

#[test]
fn it_has_the_definitions_of_the_reference() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference/protocol-document.schema.json");
    let Ok(text) = fs::read_to_string(&path) else {
        assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", path.display());
        return;
    };
    let reference: Value = serde_json::from_str(&text).unwrap();
    let own = schema();
    let names = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<BTreeSet<String>>();
    let (ours, theirs) = (names(&own["$defs"]), names(&reference["$defs"]));
    for name in &theirs {
        let reason = OTHERWISE.iter().any(|(known, _)| known == name);
        assert!(ours.contains(name) || reason, "{name} has no counterpart: {ours:?}");
    }
    // The words of both: kinds of tokens, kinds of framing, codes of limitations.
    for name in ["kind", "role"] {
        assert_eq!(words(&own["$defs"][name]), words(&reference["$defs"][name]), "{name}");
    }
    let framing = &reference["$defs"]["grammar"]["properties"]["framing"]["properties"]["kind"];
    // The API is framed as HTTP, which the reference had no word for.
    let ours: BTreeSet<String> = words(&own["$defs"]["framing_kind"]).into_iter().filter(|word| word != "http").collect();
    assert_eq!(ours, words(framing));
    let codes = &reference["$defs"]["limitation"]["properties"]["code"];
    assert_eq!(words(&own["$defs"]["limitation_code"]), words(codes));
}

/// The words of an enumeration, however the schema puts them.
fn words(schema: &Value) -> BTreeSet<String> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let constants = schema["oneOf"].as_array().into_iter().flatten().flat_map(|one| {
        let several = one["enum"].as_array().into_iter().flatten();
        several.chain(one.get("const"))
    });
    listed.chain(constants).map(|word| word.as_str().unwrap().to_owned()).collect()
}
