//! Reads a document member by member, and its sessions message by message, without keeping them.

use super::Check;
use super::session::Session;
use crate::report::document::model;
use serde::Deserialize;
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

/// Reads a value for its form alone.
fn form<'de, T: Deserialize<'de>, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<T>().map(drop)
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
                "generator" => form::<model::Generator, A>(&mut map)?,
                "redaction" => form::<model::Redaction, A>(&mut map)?,
                "legend" => form::<Vec<model::LegendEntry>, A>(&mut map)?,
                "sessions" => map.next_value_seed(Sessions(check))?,
                "inputs" => check.inputs_there = map.next_value()?,
                "protocols" => check.protocols = map.next_value()?,
                "services" => form::<Vec<model::Serving>, A>(&mut map)?,
                "connections" => form::<Vec<model::Connection>, A>(&mut map)?,
                "stories" => form::<Vec<Map<String, Value>>, A>(&mut map)?,
                "anomalies" => form::<Vec<model::Anomaly>, A>(&mut map)?,
                "account" => form::<model::Account, A>(&mut map)?,
                "statistics" => check.statistics = map.next_value()?,
                "limitations" => form::<Vec<crate::grammar::Limitation>, A>(&mut map)?,
                _ => form::<IgnoredAny, A>(&mut map)?,
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
                members.insert(name, map.next_value()?);
            } else {
                form::<IgnoredAny, A>(&mut map)?;
            }
        }
        match serde_path_to_error::deserialize::<_, model::Session>(Value::Object(members)) {
            Ok(whole) => session.finish(&whole, self.check),
            Err(error) => self.check.fault(session.path(error.path()), error.inner().to_string()),
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
        while let Some(message) = seq.next_element::<model::Message>()? {
            session.message(&message, check);
        }
        Ok(())
    }
}
