//! A session of a document, checked while its messages come.

use super::Check;
use super::canonical;
use super::grammar::Names;
use super::message;
use super::number_pair;
use crate::report::document::message::to_u64;
use crate::report::document::model;
use std::collections::BTreeMap;
use std::fmt::Display;

/// What was seen of a session.
pub(super) struct Session {
    place: u64,
    /// The number of its connection, as its messages have it.
    flow: Option<u64>,
    numbers: Vec<u64>,
    /// Phases that messages name, and where first.
    phases: BTreeMap<String, String>,
    names: Names,
    seen: u64,
}

impl Session {
    pub(super) fn new(place: u64) -> Self {
        Self { place, flow: None, numbers: Vec::new(), phases: BTreeMap::new(), names: Names::default(), seen: 0 }
    }

    /// The path of something in it.
    pub(super) fn path(&self, of: &dyn Display) -> String {
        format!("sessions[{}].{of}", self.place)
    }

    /// The path of the message that comes next.
    pub(super) fn next(&self) -> String {
        self.path(&format!("messages[{}]", self.seen))
    }

    /// Takes a message: all that can be said without the rest of the session. Nothing of one that could not be read.
    pub(super) fn message(&mut self, message: Option<&model::Message>, check: &mut Check) {
        let path = self.next();
        self.seen = self.seen.saturating_add(1);
        check.done.messages = check.done.messages.saturating_add(1);
        let Some(message) = message else { return };
        check.bytes = check.bytes.saturating_add(message.length);
        check.redacted = check.redacted.saturating_add(to_u64(message.tokens.iter().filter(|token| token.redacted).count()));
        let Some((flow, number)) = number_pair(&message.id, "m") else {
            return check.fault(format!("{path}.id"), format!("{} is no id of a message", message.id));
        };
        if *self.flow.get_or_insert(flow) != flow {
            check.fault(format!("{path}.id"), format!("{} is of another session than the messages before", message.id));
        }
        if let Some(request) = &message.response_to {
            let answered = number_pair(request, "m").filter(|(of, _)| *of == flow);
            if answered.is_none_or(|(_, number)| self.numbers.binary_search(&number).is_err()) {
                check.fault(format!("{path}.response_to"), format!("{request} is no message before this one"));
            }
        }
        match self.numbers.last() {
            Some(last) if *last >= number => check.fault(format!("{path}.id"), format!("{} does not follow m{flow}.{last}", message.id)),
            _ => self.numbers.push(number),
        }
        if let Some(phase) = &message.phase {
            self.phases.entry(phase.clone()).or_insert_with(|| format!("{path}.phase"));
        }
        self.names.message(message, &path);
        message::check(message, &path, check);
    }

    /// All of it came.
    pub(super) fn finish(self, session: &model::Session, check: &mut Check) {
        check.done.sessions = check.done.sessions.saturating_add(1);
        let flow = session.id.strip_prefix('s').and_then(canonical);
        let Some(flow) = flow else {
            return check.fault(self.path(&"id"), format!("{} is no id of a session", session.id));
        };
        if self.flow.is_some_and(|of| of != flow) {
            check.fault(self.path(&"messages"), format!("are not of session {}", session.id));
        }
        for (name, time) in [("start", &session.start), ("end", &session.end)] {
            if !message::is_time(time) {
                check.fault(self.path(&name), format!("{time} is no time"));
            }
        }
        self.check_phases(session, flow, check);
        for (phase, path) in &self.phases {
            if !session.phases.iter().any(|known| known.id == *phase) {
                check.fault(path, format!("{phase} is no phase of its session"));
            }
        }
        if check.messages.contains_key(&flow) {
            check.fault(self.path(&"id"), format!("{} comes twice", session.id));
        }
        let path = self.path(&"protocol");
        check.named.entry(session.protocol.clone()).or_insert_with(|| Names::at(path)).join(self.names);
        check.messages.insert(flow, self.numbers);
    }

    fn check_phases(&self, session: &model::Session, flow: u64, check: &mut Check) {
        for (index, phase) in session.phases.iter().enumerate() {
            let path = self.path(&format!("phases[{index}]"));
            let number = to_u64(index).saturating_add(1);
            if number_pair(&phase.id, "p") != Some((flow, number)) {
                check.fault(format!("{path}.id"), format!("is {}, not p{flow}.{number}", phase.id));
            }
            for (name, message) in [("first_message", &phase.first_message), ("last_message", &phase.last_message)] {
                let Some(id) = message else { continue };
                let found = number_pair(id, "m").filter(|(of, number)| *of == flow && self.numbers.binary_search(number).is_ok());
                if found.is_none() {
                    check.fault(format!("{path}.{name}"), format!("{id} is no message of its session"));
                }
            }
        }
    }
}
