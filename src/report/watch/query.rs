//! What is searched and filtered for: some text anywhere in a line and its details, or `field:value`.

use super::entry::Entry;
use std::net::SocketAddr;

/// Names that every line has, beside the fields of messages.
const NAMES: [&str; 8] = ["event", "session", "client", "server", "protocol", "from", "name", "phase"];

/// Text that is looked for, whatever its case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// As it was typed.
    pub(super) typed: String,
    /// The field it must stand in.
    field: Option<String>,
    /// The text, in small letters.
    text: String,
}

impl Query {
    /// Reads what was typed; nothing where that is empty. Words before a colon that are no name of a field are text.
    pub(super) fn read(typed: &str) -> Option<Self> {
        let is_name = |name: &str| name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(is_of_name);
        let (field, text) = match typed.split_once(':') {
            Some((name, text)) if is_name(name) => (Some(name.to_owned()), text),
            _ => (None, typed),
        };
        (!typed.is_empty()).then(|| Self { typed: typed.to_owned(), field, text: text.to_lowercase() })
    }

    /// Whether a line is one that is looked for.
    pub(super) fn admits(&self, entry: &Entry) -> bool {
        match &self.field {
            Some(field) => self.field_admits(field, entry) || (!known(field, entry) && text_admits(&self.typed.to_lowercase(), entry)),
            None => text_admits(&self.text, entry),
        }
    }

    /// Whether the text is this end: with its port the whole of it, or else a part.
    fn names(&self, end: &str) -> bool {
        if self.text.parse::<SocketAddr>().is_ok() { *end == self.text } else { end.contains(&self.text) }
    }

    /// Whether one field holds the text; a session is told by its whole number.
    fn field_admits(&self, field: &str, entry: &Entry) -> bool {
        let own = |text: &str| text.to_lowercase().contains(&self.text);
        let session = entry.session.as_deref();
        match field {
            "event" => own(entry.event),
            "session" => session.is_some_and(|session| session.id.0.to_string() == self.text),
            "client" => session.is_some_and(|session| self.names(&session.client.to_string())),
            "server" => session.is_some_and(|session| self.names(&session.server.to_string())),
            "protocol" => session.is_some_and(|session| own(session.protocol)),
            "from" => entry.from.is_some_and(|from| own(from.name())),
            "phase" => entry.phase.as_deref().is_some_and(own),
            "name" if own(&entry.name) && !entry.name.is_empty() => true,
            _ => entry.fields.iter().any(|(name, value)| *name == field && own(value)),
        }
    }
}

/// Whether the text is anywhere.
fn text_admits(text: &str, entry: &Entry) -> bool {
    let holds = |other: &str| other.to_lowercase().contains(text);
    let ends = entry.session.as_deref().map(|session| format!("{} {} {}", session.client, session.server, session.protocol));
    holds(&entry.name)
        || holds(&entry.text())
        || entry.said.iter().any(|said| holds(said))
        || entry.fields.iter().any(|(_, value)| holds(value))
        || ends.is_some_and(|ends| holds(&ends))
}

/// What names are made of.
fn is_of_name(letter: char) -> bool {
    letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_'
}

/// Whether lines have such a field: all have some, this one has others.
fn known(field: &str, entry: &Entry) -> bool {
    NAMES.contains(&field) || entry.fields.iter().any(|(name, _)| *name == field)
}

#[cfg(test)]
mod tests {
    use super::super::entry::Tone;
    use super::*;
    use crate::evidence::Frames;
    use crate::time::Timestamp;

    fn entry() -> Entry {
        let mut entry = Entry::words(Timestamp::default(), "message_decoded", Tone::Message, Frames::default(), "USER: Jürg");
        entry.name = "user".to_owned();
        entry.fields = vec![("user", "Jürg".to_owned()), ("count", "3".to_owned())];
        entry
    }

    fn admits(typed: &str) -> bool {
        Query::read(typed).unwrap().admits(&entry())
    }

    #[test]
    fn text_is_found_anywhere_and_in_fields() {
        for typed in ["jürg", "user", "user:jü", "name:user", "event:message", "count:3", "USER: j"] {
            assert!(admits(typed), "{typed}");
        }
        for typed in ["bob", "user:3", "count:4", "session:1", "from:client", "name:jürg"] {
            assert!(!admits(typed), "{typed}");
        }
        assert_eq!(Query::read(""), None);
    }

    #[test]
    fn an_end_with_its_port_is_the_whole_end() {
        let query = |text: &str| Query { text: text.to_owned(), ..Query::default() };
        assert!(query("10.0.0.1:80").names("10.0.0.1:80"));
        assert!(!query("10.0.0.1:80").names("10.0.0.1:8080"));
        assert!(query("10.0.0.1").names("10.0.0.1:8080"));
        assert!(query(":80").names("10.0.0.1:8080"), "a part is a part");
        assert!(!query("[2001:db8::1]:80").names("[2001:db8::1]:8080"));
    }

    #[test]
    fn what_looks_like_a_field_and_is_none_is_text() {
        assert!(!admits("http://x"));
        let mut with_url = entry();
        with_url.said.push("see http://x".to_owned());
        assert!(Query::read("http://x").unwrap().admits(&with_url));
    }
}
