//! A protocol of the page: what it is, its grammar in tables, its dialogue as a picture and a table.

use super::Markup;
use super::machine::Picture;
use super::rendered;
use super::text;
use crate::grammar::Description;
use crate::grammar::Exchange;
use crate::grammar::Field;
use crate::grammar::Framing;
use crate::grammar::FramingKind;
use crate::grammar::LengthForm;
use crate::grammar::Level;
use crate::grammar::Location;
use crate::grammar::MessageType;
use crate::grammar::RelationKind;
use crate::grammar::StateMachine;
use crate::limits::HTML_ROWS;
use askama::Template;
use askama::filters::Safe;
use std::collections::BTreeMap;
use std::io;

/// Values of a field that are named, examples of a message type, and rows of one protocol's table of fields.
const VALUES: usize = 6;
const EXAMPLES: usize = 3;

/// A protocol.
#[derive(Template)]
#[template(path = "protocol.html", config = "src/report/document/html/askama.toml")]
struct Shown<'a> {
    protocol: &'a Description,
    anchor: String,
    ports: String,
    encoding: String,
    entropy: Option<String>,
    framing: Vec<(&'static str, String)>,
    types: Vec<Type<'a>>,
    machine: Option<Machine<'a>>,
    names: Names<'a>,
    anchors: &'a text::Anchors,
    most: usize,
}

/// A message type, and where it stands.
struct Type<'a> {
    of: &'a MessageType,
    anchor: String,
    length: String,
    matches: String,
}

/// A dialogue's states.
struct Machine<'a> {
    of: &'a StateMachine,
    picture: Option<Markup>,
    accepted: Option<String>,
}

/// The picture of a dialogue.
#[derive(Template)]
#[template(path = "machine.svg", config = "src/report/document/html/askama.toml")]
struct MachinePicture<'a> {
    picture: Picture,
    anchor: &'a str,
}

/// What message types are called.
struct Names<'a>(BTreeMap<&'a str, &'a str>);

impl Names<'_> {
    /// The name of a type, with its id.
    fn of(&self, id: &str) -> String {
        self.0.get(id).map_or_else(|| text::cut(id, 20), |name| text::cut(name, 40))
    }

    /// A kind of exchange in words.
    fn exchange(&self, exchange: &Exchange) -> [String; 2] {
        [self.of(&exchange.request), self.of(&exchange.response)]
    }
}

/// Where a drawn protocol and its message types can be linked to.
pub(super) fn anchors(protocol: &Description) -> impl Iterator<Item = String> {
    let types = protocol.grammar.message_types.iter().take(HTML_ROWS).map(|of| text::anchor(&["protocol", &protocol.id, &of.id]));
    types.chain([text::anchor(&["protocol", &protocol.id])])
}

/// Draws a protocol.
pub(super) fn draw(protocol: &Description, anchors: &text::Anchors) -> io::Result<String> {
    let anchor = text::anchor(&["protocol", &protocol.id]);
    let grammar = &protocol.grammar;
    let names = Names(grammar.message_types.iter().map(|of| (of.id.as_str(), of.name.as_str())).collect());
    let machine = grammar.state_machine.as_ref().map(|machine| machine_of(machine, &names, &anchor)).transpose()?;
    let types = grammar.message_types.iter().take(HTML_ROWS).map(|of| Type {
        anchor: text::anchor(&["protocol", &protocol.id, &of.id]),
        length: if of.length.min == of.length.max {
            text::grouped(of.length.min)
        } else {
            format!("{}–{}", text::grouped(of.length.min), text::grouped(of.length.max))
        },
        matches: of
            .matches
            .iter()
            .take(VALUES)
            .map(|check| format!("{} = {}", text::cut(&check.field, 20), text::scalar(&check.equals)))
            .collect::<Vec<_>>()
            .join(", "),
        of,
    });
    let mut framing = vec![("", framing_words(&grammar.framing))];
    if let Some(server) = &grammar.server_framing {
        framing = vec![("client: ", framing_words(&grammar.framing)), ("server: ", framing_words(server))];
    }
    let encodings = [("", Some(protocol.encoding)), ("client ", protocol.client_encoding), ("server ", protocol.server_encoding)];
    let encoding = encodings.into_iter().filter_map(|(who, encoding)| Some(format!("{who}{}", encoding?.name().replace('_', " "))));
    let shown = Shown {
        protocol,
        ports: protocol.server_ports.iter().take(20).map(u16::to_string).collect::<Vec<_>>().join(", "),
        encoding: encoding.collect::<Vec<_>>().join("; "),
        entropy: protocol
            .encryption
            .as_ref()
            .map(|encryption| format!("{}.{:03}", encryption.entropy_millibits / 1000, encryption.entropy_millibits % 1000)),
        framing,
        types: types.collect(),
        machine,
        names,
        anchors,
        anchor,
        most: HTML_ROWS,
    };
    Ok(rendered(&shown)?.0)
}

/// The states of a dialogue, drawn where they can be.
fn machine_of<'a>(of: &'a StateMachine, names: &Names<'_>, anchor: &str) -> io::Result<Machine<'a>> {
    let picture = Picture::of(of, &|id| names.of(id)).map(|picture| rendered(&MachinePicture { picture, anchor })).transpose()?;
    Ok(Machine { of, picture, accepted: of.held_out_acceptance.map(|share| text::percent(share.parts())) })
}

/// How messages end, in words.
fn framing_words(framing: &Framing) -> String {
    let mut words = vec![match framing.kind {
        FramingKind::Terminator => "certain bytes end a message".to_owned(),
        FramingKind::LengthPrefix => "a field says how long a message is".to_owned(),
        FramingKind::Fixed => "all messages have one length".to_owned(),
        FramingKind::Datagram => "a datagram is a message".to_owned(),
        FramingKind::Tlv => "a message is a chain of tag, length and value".to_owned(),
        FramingKind::Http => "a head ends with an empty line, and says how long the body behind it is".to_owned(),
        FramingKind::Turn => "a message is what one side says before the other answers".to_owned(),
        FramingKind::Unknown => "unknown where a message ends".to_owned(),
    }];
    words.extend(framing.terminator.as_ref().map(|hex| format!("bytes {}", text::cut(hex, 40))));
    words.extend(framing.length_field.as_ref().map(text::location));
    words.extend(framing.length_form.map(|LengthForm::Ber| "written as lengths of BER".to_owned()));
    words.extend(framing.byte_order.map(|order| format!("{order:?}-endian").to_lowercase()));
    words.extend(framing.length_addend.filter(|addend| *addend != 0).map(|addend| format!("plus {addend}")));
    words.extend(framing.size.map(|size| text::count(size, "byte")));
    let known = text::known(framing.confidence);
    words.extend((!known.is_empty()).then(|| format!("{known} of the streams")));
    words.extend(
        (!framing.exceptions.is_empty()).then(|| {
            format!("except {}", framing.exceptions.iter().take(VALUES).map(|id| text::cut(id, 20)).collect::<Vec<_>>().join(", "))
        }),
    );
    words.join(", ")
}

/// The values of a field: its commonest, or its range.
fn values(field: &Field) -> String {
    let mut words: Vec<String> =
        field.values.iter().take(VALUES).map(|value| format!("{} ×{}", text::scalar(&value.value), text::grouped(value.count))).collect();
    if field.values.len() > VALUES {
        words.push("…".to_owned());
    }
    if let Some(range) = field.range.as_ref().filter(|_| words.is_empty()) {
        words.extend(range.min.zip(range.max).map(|(min, max)| if min == max { min.to_string() } else { format!("{min} … {max}") }));
        let least = if range.at_least { "at least " } else { "" };
        words.push(format!("{least}{}", text::count(range.distinct, "value")));
    }
    words.join(", ")
}

/// Where a field is, with its byte order.
fn place(field: &Field) -> String {
    let order = field.byte_order.filter(|_| matches!(field.location, Location::Bytes { size: 2.., .. }));
    format!("{}{}", text::location(&field.location), order.map(|order| format!(", {order:?}-endian").to_lowercase()).unwrap_or_default())
}

/// The class of a role in the style sheet.
fn class(field: &Field) -> &'static str {
    use crate::annotation::Role;
    match field.role {
        Role::Control => "c",
        Role::Keyword => "k",
        Role::Data => "d",
        Role::Unknown => "u",
    }
}

/// What a pattern divides.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "templates lend what they hand over")]
fn level(level: &Level) -> &'static str {
    match level {
        Level::Record => "records",
        Level::Line => "lines",
        Level::Field => "fields",
        Level::List => "items of a list",
        Level::Pair => "name and value",
    }
}

/// How fields depend on each other.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "templates lend what they hand over")]
fn relation(kind: &RelationKind) -> &'static str {
    match kind {
        RelationKind::LengthOf => "length of",
        RelationKind::CountOf => "count of",
        RelationKind::OffsetOf => "offset of",
        RelationKind::ChecksumOver => "checksum over",
        RelationKind::Echoes => "echoes",
        RelationKind::Increments => "increments",
        RelationKind::SelectsType => "selects the type",
    }
}

/// Who sends it.
fn sender(direction: Option<&String>) -> String {
    direction.map_or_else(|| "both".to_owned(), |direction| text::cut(direction, 10))
}

/// A table of fields.
#[derive(Template)]
#[template(path = "fields.html", config = "src/report/document/html/askama.toml")]
struct Fields<'a> {
    fields: &'a [Field],
    label: &'a str,
}

/// Draws the fields of a message type.
fn fields(fields: &[Field], label: &str) -> Result<Markup, askama::Error> {
    Fields { fields, label }.render().map(Safe)
}
