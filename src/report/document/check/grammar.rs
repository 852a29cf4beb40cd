//! The grammars of a document: ids that are there once, and everything that names one.

use super::Check;
use crate::grammar::Description;
use crate::grammar::Field;
use crate::grammar::Location;
use crate::report::document::model::Message;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// What sessions name of a protocol, and where first.
#[derive(Default)]
pub(super) struct Names {
    path: String,
    types: BTreeMap<String, String>,
    /// By type, or of messages without one, and by field.
    fields: BTreeMap<(Option<String>, String), String>,
}

impl Names {
    /// Of a protocol that is named here first.
    pub(super) fn at(path: String) -> Self {
        Self { path, ..Self::default() }
    }

    /// What a message names.
    pub(super) fn message(&mut self, message: &Message, path: &str) {
        if let Some(of) = message.message_type.as_ref().filter(|of| !self.types.contains_key(*of)) {
            self.types.insert(of.clone(), format!("{path}.type"));
        }
        for (index, token) in message.tokens.iter().enumerate() {
            let Some(field) = &token.field else { continue };
            let key = (message.message_type.clone(), field.clone());
            self.fields.entry(key).or_insert_with(|| format!("{path}.tokens[{index}].field"));
        }
    }

    /// Adds what another session names.
    pub(super) fn join(&mut self, other: Self) {
        for (of, path) in other.types {
            self.types.entry(of).or_insert(path);
        }
        for (field, path) in other.fields {
            self.fields.entry(field).or_insert(path);
        }
    }
}

impl Check {
    /// Checks the grammars, and what sessions name of them.
    pub(super) fn grammars(&mut self) {
        let protocols = std::mem::take(&mut self.protocols);
        let mut named = std::mem::take(&mut self.named);
        let mut ids = BTreeSet::new();
        for (place, description) in protocols.iter().enumerate() {
            let path = format!("protocols[{place}]");
            if !ids.insert(&description.id) {
                self.fault(format!("{path}.id"), format!("{} comes twice", description.id));
            }
            self.grammar(description, &path);
            if let Some(names) = named.remove(&description.id) {
                self.resolve(description, names);
            }
        }
        for (protocol, names) in named {
            self.fault(names.path, format!("{protocol} is no protocol of this document"));
        }
    }

    /// What sessions name must be there.
    fn resolve(&mut self, description: &Description, names: Names) {
        let grammar = &description.grammar;
        let header: BTreeSet<&str> = ids(&grammar.header_fields).collect();
        let types: BTreeMap<&str, BTreeSet<&str>> =
            grammar.message_types.iter().map(|of| (of.id.as_str(), ids(&of.fields).collect())).collect();
        for (of, path) in names.types {
            if !types.contains_key(of.as_str()) {
                self.fault(path, format!("{of} is no message type of {}", description.id));
            }
        }
        for ((of, field), path) in names.fields {
            let own = of.as_deref().and_then(|of| types.get(of));
            if !header.contains(field.as_str()) && own.is_none_or(|fields| !fields.contains(field.as_str())) {
                self.fault(path, format!("{field} is no field of its type"));
            }
        }
    }

    /// What a grammar names of itself, and of messages.
    fn grammar(&mut self, description: &Description, path: &str) {
        let grammar = &description.grammar;
        let path = format!("{path}.grammar");
        let mut types = BTreeSet::new();
        let mut fields: BTreeSet<&str> = BTreeSet::new();
        let mut named: Vec<(String, &str, Of)> = Vec::new();
        let all = grammar.message_types.iter().flat_map(|of| &of.fields).chain(&grammar.header_fields);
        for field in all {
            if !fields.insert(&field.id) {
                self.fault(&path, format!("field {} comes twice", field.id));
            }
            if let Location::After { after, size_from, .. } = &field.location {
                named.extend(after.iter().chain(size_from).map(|id| (format!("{path}: location of {}", field.id), id.as_str(), Of::Field)));
            }
        }
        for (index, of) in grammar.message_types.iter().enumerate() {
            let path = format!("{path}.message_types[{index}]");
            if !types.insert(of.id.as_str()) {
                self.fault(format!("{path}.id"), format!("{} comes twice", of.id));
            }
            named.extend(of.examples.iter().map(|id| (format!("{path}.examples"), id.as_str(), Of::Message)));
            named.extend(of.matches.iter().map(|of| (format!("{path}.match"), of.field.as_str(), Of::Field)));
        }
        for framing in [Some(&grammar.framing), grammar.server_framing.as_ref()].into_iter().flatten() {
            named.extend(framing.exceptions.iter().map(|id| (format!("{path}.framing.exceptions"), id.as_str(), Of::Type)));
        }
        for (index, exchange) in grammar.exchanges.iter().enumerate() {
            let path = format!("{path}.exchanges[{index}]");
            named.push((format!("{path}.request"), &exchange.request, Of::Type));
            named.push((format!("{path}.response"), &exchange.response, Of::Type));
            named.extend(exchange.correlated_by.iter().map(|id| (format!("{path}.correlated_by"), id.as_str(), Of::Field)));
        }
        for (index, relation) in grammar.relations.iter().enumerate() {
            let from_and_to = std::iter::once(&relation.from).chain(&relation.to);
            named.extend(from_and_to.map(|id| (format!("{path}.relations[{index}]"), id.as_str(), Of::FieldOrType)));
        }
        self.machine(description, &path, &mut named);
        let start = description.encryption.iter().filter_map(|encryption| encryption.starts_at_message.as_ref());
        named.extend(start.map(|id| ("encryption.starts_at_message".to_owned(), id.as_str(), Of::Message)));
        for (path, id, of) in named {
            let there = match of {
                Of::Type => types.contains(id),
                Of::Field => fields.contains(id),
                Of::FieldOrType => types.contains(id) || fields.contains(id),
                Of::Message => self.has_message(id),
            };
            if !there {
                self.fault(path, format!("{id} is not there"));
            }
        }
    }

    /// States and the steps between them.
    fn machine<'d>(&mut self, description: &'d Description, path: &str, named: &mut Vec<(String, &'d str, Of)>) {
        let Some(machine) = &description.grammar.state_machine else { return };
        let path = format!("{path}.state_machine");
        let mut states: BTreeSet<&str> = BTreeSet::new();
        for state in &machine.states {
            if !states.insert(&state.id) {
                self.fault(format!("{path}.states"), format!("{} comes twice", state.id));
            }
        }
        if !states.contains(machine.initial.as_str()) {
            self.fault(format!("{path}.initial"), format!("{} is not there", machine.initial));
        }
        for (index, step) in machine.transitions.iter().enumerate() {
            let path = format!("{path}.transitions[{index}]");
            for end in [&step.from, &step.to] {
                if !states.contains(end.as_str()) {
                    self.fault(&path, format!("{end} is not there"));
                }
            }
            named.push((format!("{path}.on"), &step.on, Of::Type));
        }
    }
}

/// What a name is to be the name of.
#[derive(Clone, Copy)]
enum Of {
    Type,
    Field,
    FieldOrType,
    Message,
}

/// The ids of fields.
fn ids(fields: &[Field]) -> impl Iterator<Item = &str> {
    fields.iter().map(|field| field.id.as_str())
}
