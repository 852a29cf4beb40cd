//! Reads a document member by member, and its sessions message by message, without keeping them.

use super::Check;
use super::schema::Faults;
use super::session::Session;
use super::value::Whole;
use crate::report::document::model;
use serde::de::DeserializeOwned;
use serde::de::DeserializeSeed;
use serde::de::Deserializer;
use serde::de::Error as _;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::Map;
use serde_json::Value;
use std::fmt;

/// What a document has.
pub(super) const MEMBERS: &[&str] = &[
    "document",
    "schema_version",
    "generator",
    "redaction",
    "legend",
    "sessions",
    "inputs",
    "protocols",
    "services",
    "connections",
    "stories",
    "anomalies",
    "account",
    "statistics",
    "limitations",
];

/// Members of a session that are kept until all of it came.
const OF_A_SESSION: &[&str] = &[
    "id",
    "protocol",
    "version",
    "community_id",
    "transport",
    "client",
    "server",
    "roles_from",
    "matched",
    "vlans",
    "start",
    "end",
    "closed_by",
    "client_packets",
    "server_packets",
    "client_bytes",
    "server_bytes",
    "tls",
    "phases",
    "messages_omitted",
    "contrasts",
];

/// A value as the model has it, if it is as schema and model say; else what is wrong is told, and where.
fn taken<T: DeserializeOwned>(check: &mut Check, path: &str, (Whole(value), faults): (Whole, Faults)) -> Option<T> {
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(taken) => {
            for (inside, problem) in faults {
                check.fault(joined(path, &inside), problem);
            }
            Some(taken)
        }
        Err(error) => {
            let inside = error.path().to_string();
            check.fault(joined(path, if inside == "." { "" } else { &inside }), error.inner().to_string());
            None
        }
    }
}

/// The path of something in something.
fn joined(path: &str, inside: &str) -> String {
    match inside {
        "" => path.to_owned(),
        item if item.starts_with('[') => format!("{path}{item}"),
        member => format!("{path}.{member}"),
    }
}

/// Takes a member of the document.
fn member<'de, T: DeserializeOwned, A: MapAccess<'de>>(check: &mut Check, name: &str, map: &mut A) -> Result<Option<T>, A::Error> {
    let value: Whole = map.next_value()?;
    let faults = check.schema.faults_of_member(name, &value.0);
    Ok(taken(check, name, (value, faults)))
}

/// The whole.
pub(super) struct Document<'c>(pub(super) &'c mut Check);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a protocol document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let check = self.0;
        while let Some(name) = map.next_key::<String>()? {
            if MEMBERS.contains(&name.as_str()) && !check.members.insert(name.clone()) {
                return Err(A::Error::custom(format!("{name} comes twice")));
            }
            match name.as_str() {
                "document" => {
                    let document: String = map.next_value()?;
                    if document != model::DOCUMENT {
                        check.fault(name.as_str(), "this is no protocol document");
                    }
                }
                "schema_version" => {
                    let version: String = map.next_value()?;
                    if version.split_once('.').is_none_or(|(major, minor)| major != "1" || super::canonical(minor).is_none()) {
                        check.fault(name.as_str(), "is not 1 and a minor number: this program does not know that version");
                    }
                }
                "generator" => _ = member::<model::Generator, A>(check, &name, &mut map)?,
                "redaction" => _ = member::<model::Redaction, A>(check, &name, &mut map)?,
                "legend" => _ = member::<Vec<model::LegendEntry>, A>(check, &name, &mut map)?,
                "sessions" => map.next_value_seed(Sessions(check))?,
                "inputs" => check.inputs_there = member(check, &name, &mut map)?.unwrap_or_default(),
                "protocols" => check.protocols = member(check, &name, &mut map)?.unwrap_or_default(),
                "services" => _ = member::<Vec<model::Serving>, A>(check, &name, &mut map)?,
                "connections" => _ = member::<Vec<model::Connection>, A>(check, &name, &mut map)?,
                "stories" => _ = member::<Vec<Map<String, Value>>, A>(check, &name, &mut map)?,
                "anomalies" => _ = member::<Vec<model::Anomaly>, A>(check, &name, &mut map)?,
                "account" => _ = member::<model::Account, A>(check, &name, &mut map)?,
                "statistics" => check.statistics = member(check, &name, &mut map)?.unwrap_or_default(),
                "limitations" => _ = member::<Vec<crate::grammar::Limitation>, A>(check, &name, &mut map)?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        Ok(())
    }
}

/// The list of sessions.
struct Sessions<'c>(&'c mut Check);

impl<'de> DeserializeSeed<'de> for Sessions<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Sessions<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sessions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let check = self.0;
        let mut place = 0_u64;
        while seq.next_element_seed(One { check, place })?.is_some() {
            place = place.saturating_add(1);
        }
        Ok(())
    }
}

/// One session.
struct One<'c> {
    check: &'c mut Check,
    place: u64,
}

impl<'de> DeserializeSeed<'de> for One<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for One<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut members = Map::new();
        let mut session = Session::new(self.place);
        while let Some(name) = map.next_key::<String>()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom(format!("{name} comes twice")));
            }
            if name == "messages" {
                map.next_value_seed(Messages(self.check, &mut session))?;
                members.insert(name, Value::Array(Vec::new()));
            } else if OF_A_SESSION.contains(&name.as_str()) {
                let Whole(value) = map.next_value()?;
                members.insert(name, value);
            } else {
                _ = map.next_value::<IgnoredAny>()?;
            }
        }
        let (check, members) = (self.check, Value::Object(members));
        let faults = check.schema.faults_of("session", &members);
        if let Some(whole) = taken::<model::Session>(check, &format!("sessions[{}]", self.place), (Whole(members), faults)) {
            session.finish(&whole, check);
        }
        Ok(())
    }
}

/// The messages of a session.
struct Messages<'c>(&'c mut Check, &'c mut Session);

impl<'de> DeserializeSeed<'de> for Messages<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Messages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Self(check, session) = self;
        while let Some(value) = seq.next_element::<Whole>()? {
            let faults = check.schema.faults_of("message", &value.0);
            let message = taken::<model::Message>(check, &session.next(), (value, faults));
            session.message(message.as_ref(), check);
        }
        Ok(())
    }
}
