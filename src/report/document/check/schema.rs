//! What the JSON Schema says of a value, in the words of it that our own schemas use: as strict as any other reader of the schema.

use serde_json::Map;
use serde_json::Value;
use std::fmt;
use std::sync::LazyLock;

/// How deep schemas may lead to others without going into the value: none of ours does more than twice.
const DEPTH: usize = 16;

/// Where a value is in another: written down only where something is wrong.
#[derive(Clone, Copy)]
enum Path<'a> {
    Root,
    Member(&'a Path<'a>, &'a str),
    Item(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Member(Self::Root, name) => f.write_str(name),
            Self::Member(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, place) => write!(f, "{of}[{place}]"),
        }
    }
}

/// What is wrong with a value, and where in it.
pub(super) type Faults = Vec<(String, String)>;

/// The schema of documents, as the program prints it: made once.
static SCHEMA: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(&crate::report::document::schema()).unwrap_or_default());

/// The schema of documents.
pub(super) struct Schema(&'static Value);

impl Schema {
    /// That of this version.
    pub(super) fn of_documents() -> Self {
        Self(&SCHEMA)
    }

    /// What is wrong with a value that a definition is for, each with its path from there.
    pub(super) fn faults_of(&self, definition: &str, value: &Value) -> Faults {
        let mut faults = Vec::new();
        if let Some(schema) = self.0.get("$defs").and_then(|all| all.get(definition)) {
            self.look(schema, value, &Path::Root, DEPTH, &mut faults);
        }
        faults
    }

    /// The same of a member of the document.
    pub(super) fn faults_of_member(&self, member: &str, value: &Value) -> Faults {
        let mut faults = Vec::new();
        if let Some(schema) = self.0.get("properties").and_then(|all| all.get(member)) {
            self.look(schema, value, &Path::Root, DEPTH, &mut faults);
        }
        faults
    }

    fn fits(&self, schema: &Value, value: &Value, depth: usize) -> bool {
        let mut faults = Vec::new();
        self.look(schema, value, &Path::Root, depth, &mut faults);
        faults.is_empty()
    }

    fn look(&self, schema: &Value, value: &Value, path: &Path<'_>, depth: usize, faults: &mut Faults) {
        let Value::Object(rules) = schema else { return };
        let Some(depth) = depth.checked_sub(1) else { return };
        if let Some(Value::String(of)) = rules.get("$ref")
            && let Some(other) = of.strip_prefix("#/$defs/").and_then(|name| self.0.get("$defs")?.get(name))
        {
            self.look(other, value, path, depth, faults);
        }
        let mut fault = |problem: &str| faults.push((path.to_string(), problem.to_owned()));
        if !has_type(rules, value) {
            return fault(&format!("is not {}", wanted(rules)));
        }
        if !has_value(rules, value) {
            fault("is none of the values it may have");
        }
        if !is_within(rules, value) {
            fault("is out of bounds");
        }
        let fitting = |name: &str| {
            let choices = rules.get(name).and_then(Value::as_array)?;
            Some(choices.iter().filter(|one| self.fits(one, value, depth)).count())
        };
        if fitting("anyOf") == Some(0) || fitting("oneOf").is_some_and(|fitting| fitting != 1) {
            fault("has none of the forms it may have");
        }
        match value {
            Value::Object(members) => self.members(rules, members, path, faults),
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    if let Some(of) = rules.get("items") {
                        self.look(of, item, &Path::Item(path, place), DEPTH, faults);
                    }
                }
            }
            _ => {}
        }
    }

    fn members(&self, rules: &Map<String, Value>, members: &Map<String, Value>, path: &Path<'_>, faults: &mut Faults) {
        let required = rules.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !members.contains_key(*name)) {
            faults.push((Path::Member(path, name).to_string(), "is missing".to_owned()));
        }
        let known = rules.get("properties").and_then(Value::as_object);
        for (name, member) in members {
            let of = known.and_then(|known| known.get(name)).or_else(|| rules.get("additionalProperties"));
            match of {
                Some(Value::Bool(false)) => faults.push((Path::Member(path, name).to_string(), "is not to be there".to_owned())),
                Some(of) => self.look(of, member, &Path::Member(path, name), DEPTH, faults),
                None => {}
            }
        }
    }
}

/// The types a schema lets a value have.
fn types(rules: &Map<String, Value>) -> Vec<&str> {
    match rules.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn wanted(rules: &Map<String, Value>) -> String {
    types(rules).join(" or ")
}

fn has_type(rules: &Map<String, Value>, value: &Value) -> bool {
    let types = types(rules);
    let is = |name: &str| match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => true,
    };
    types.is_empty() || types.into_iter().any(is)
}

/// Whether it is the constant, or one of the words.
fn has_value(rules: &Map<String, Value>, value: &Value) -> bool {
    let one_of = rules.get("enum").and_then(Value::as_array).is_none_or(|words| words.contains(value));
    one_of && rules.get("const").is_none_or(|constant| constant == value)
}

/// Whether a number, or the length of a list, is within its bounds.
fn is_within(rules: &Map<String, Value>, value: &Value) -> bool {
    let bound = |name: &str| rules.get(name).and_then(Value::as_f64);
    if let Some(number) = value.as_f64() {
        return bound("minimum").is_none_or(|least| number >= least) && bound("maximum").is_none_or(|most| number <= most);
    }
    let count = |name: &str| rules.get(name).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let items = value.as_array().map_or(0, Vec::len);
    !value.is_array() || (count("minItems").is_none_or(|least| items >= least) && count("maxItems").is_none_or(|most| items <= most))
}
