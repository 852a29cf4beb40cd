//! JSON Lines: every event as one JSON object on a line of its own, as [`super::record`] specifies them.

use super::Fields;
use super::Sink;
use super::Style;
use super::escape::JsonText;
use super::record::Line;
use super::record::Quick;
use super::record::Room;
use crate::event::Event;
use crate::event::EventKind;
use crate::row::Row;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde::Serialize as _;
use serde_json::Serializer;
use serde_json::Value;
use std::io;
use std::io::Write;

/// Records that are gathered go to the writer when they have so many bytes: a buffer behind it need not copy them again.
const GATHERED_BYTES: usize = 1 << 16;

/// Writes records as they come. Keeps nothing but the line at hand, or, where they may be gathered, so many lines.
struct JsonLines {
    writer: Box<dyn Write>,
    payload: bool,
    fields: Fields,
    /// Bytes to gather.
    most: usize,
    quick: Quick,
    lines: Room,
    /// What is not written quickly, on its way into the lines.
    record: Vec<u8>,
}

/// Makes the sink; each line reaches the writer in one piece, alone or with others.
pub(super) fn open(writer: Box<dyn Write>, style: &Style) -> Box<dyn Sink> {
    let (payload, fields, most) = (style.payload, style.fields, if style.gathered { GATHERED_BYTES } else { 0 });
    Box::new(JsonLines { writer, payload, fields, most, quick: Quick::default(), lines: Room::default(), record: Vec::new() })
}

impl JsonLines {
    /// Adds the record of an event; false when it has none.
    fn write(&mut self, event: &Event<'_>) -> io::Result<bool> {
        if let (Fields::Native, EventKind::MessageDecoded(message), false) = (self.fields, &event.kind, self.payload)
            && self.quick.message(event, message, &mut self.lines)?
        {
            return Ok(true);
        }
        if let EventKind::RowDecoded(row) = event.kind {
            return self.write_row(event, row);
        }
        self.record.clear();
        let written = match self.fields {
            Fields::Native => write_record(event, self.payload, &mut self.record)?,
            fields => write_mapped(event, self.payload, fields, &mut self.record)?,
        };
        self.lines.put(&self.record);
        Ok(written)
    }

    /// Adds the record of a row.
    fn write_row(&mut self, event: &Event<'_>, row: &Row<'_>) -> io::Result<bool> {
        if self.quick.row(event, row, &mut self.lines)? {
            return Ok(true);
        }
        let annotation = row.annotation();
        let message = row.message(&annotation);
        let kind = EventKind::MessageDecoded(&message);
        self.write(&Event { at: event.at, flow: event.flow, evidence: event.evidence.clone(), kind })
    }

    /// Hands over what was gathered.
    fn hand_over(&mut self) -> io::Result<()> {
        let written = self.writer.write_all(self.lines.written());
        self.lines.cut(0);
        written
    }
}

impl Sink for JsonLines {
    fn wants_rows(&self) -> bool {
        matches!(self.fields, Fields::Native) && !self.payload
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !self.write(event)? {
            return Ok(());
        }
        self.lines.word(b"\n");
        if self.lines.len() < self.most { Ok(()) } else { self.hand_over() }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_over()?;
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.flush()
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
