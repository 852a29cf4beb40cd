//! JSON Lines: every event as one JSON object on a line of its own, as [`super::record`] specifies them.

use super::Fields;
use super::Sink;
use super::Style;
use super::escape::JsonText;
use super::record::Line;
use super::record::Quick;
use crate::event::Event;
use crate::event::EventKind;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde::Serialize as _;
use serde_json::Serializer;
use serde_json::Value;
use std::io;
use std::io::Write;

/// Writes records as they come. Keeps nothing but the buffer of the line at hand.
struct JsonLines {
    writer: Box<dyn Write>,
    payload: bool,
    fields: Fields,
    line: Vec<u8>,
    quick: Quick,
}

/// Makes the sink; each line reaches the writer in one piece.
pub(super) fn open(writer: Box<dyn Write>, style: &Style) -> Box<dyn Sink> {
    Box::new(JsonLines { writer, payload: style.payload, fields: style.fields, line: Vec::new(), quick: Quick::default() })
}

impl Sink for JsonLines {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.line.clear();
        let written = match (self.fields, &event.kind) {
            (Fields::Native, EventKind::MessageDecoded(message)) if !self.payload => {
                self.quick.message(event, message, &mut self.line)?;
                true
            }
            (Fields::Native, _) => write_record(event, self.payload, &mut self.line)?,
            (fields, _) => write_mapped(event, self.payload, fields, &mut self.line)?,
        };
        if !written {
            return Ok(());
        }
        self.line.push(b'\n');
        self.writer.write_all(&self.line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Appends the record of an event, without a line end; false when it has none. `payload` says whether messages carry their bytes.
///
/// # Errors
///
/// None that depends on the event.
pub(crate) fn write_record(event: &Event<'_>, payload: bool, out: &mut Vec<u8>) -> io::Result<bool> {
    let Some(line) = Line::of(event, payload) else { return Ok(false) };
    line.serialize(&mut Serializer::with_formatter(out, JsonText))?;
    Ok(true)
}

/// The same under other names.
fn write_mapped(event: &Event<'_>, payload: bool, fields: Fields, out: &mut Vec<u8>) -> io::Result<bool> {
    let Some(line) = Line::of(event, payload) else { return Ok(false) };
    let Value::Object(record) = serde_json::to_value(&line)? else { return Ok(false) };
    fields.write(record, event.at, out)?;
    Ok(true)
}

/// The JSON Schema (draft 2020-12) of one line of JSON Lines, indented, ending with a line feed.
///
/// Made from the types that are written, so that the two cannot disagree.
#[must_use]
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(RecursiveTransform(without_null));
    let mut schema = settings.into_generator().into_root_schema_for::<Line<'static>>();
    schema.insert("title".to_owned(), "One line of ntp-sniff's JSON Lines output".into());
    format!("{:#}\n", schema.as_value())
}

/// Takes `null` out of the types of an optional field: what is absent is left out.
pub(super) fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
    }
    let is_null = |of: &Value| of.get("type").is_some_and(|name| name == "null");
    if let Some(Value::Array(of)) = schema.get_mut("anyOf") {
        of.retain(|of| !is_null(of));
    }
}
