//! The protocol document: sessions, phases, messages and the role of every byte, with the grammar of every protocol. JSON and HTML are
//! two ways to write it; exports and checks read it.
//!
//! ```text
//! Event ──► Builder ──► model ──► Writer: json, html …
//!             └ spool: messages of open sessions, on disk
//! ```
//!
//! # Adding a way to write it
//!
//! A [`Writer`] gets the model of [`model`] in pieces: the head once, each session when it is over, the rest once. Nothing of it need be
//! kept: a session's messages are lent one by one, since it may have millions of them. The sink is [`sink`] over the writer, and its
//! entry in [`super::FORMATS`] is
//!
//! ```text
//! fn open(out: Box<dyn io::Write>, style: &Style) -> Box<dyn Sink> { document::sink(Html::new(out), style) }
//! ```
//!
//! What a writer gets is redacted as the user wants it, but not escaped for any target: it holds text of the wire.

mod builder;
pub mod check;
mod dialogue;
mod ends;
pub(super) mod html;
pub(super) mod json;
mod kinds;
mod learned;
mod limitations;
mod message;
pub mod model;
mod spool;
mod stories;
mod without_data;

pub use spool::Messages;

use super::Sink;
use super::Style;
use super::jsonl::without_null;
use builder::Builder;
use model::Document;
use model::Session;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use std::io;

/// Writes a document, piece by piece. Calls come in this order: `begin`, any number of `session`, `finish`.
pub trait Writer {
    /// The document begins: of `head`, the members up to `legend` are filled, all others are empty.
    ///
    /// # Errors
    ///
    /// What the writer below says; so for all of them.
    fn begin(&mut self, head: &Document) -> io::Result<()>;

    /// A session is over. `session.messages` is empty: they are in `messages`, in order. Whatever is not taken out of it is dropped.
    ///
    /// # Errors
    ///
    /// As [`Self::begin`], and when the messages cannot be read back.
    fn session(&mut self, session: &Session, messages: &mut Messages<'_>) -> io::Result<()>;

    /// What was written so far may go to its reader.
    ///
    /// # Errors
    ///
    /// As [`Self::begin`].
    fn flush(&mut self) -> io::Result<()>;

    /// Everything but the sessions, whose list is empty: closes what is open and flushes.
    ///
    /// # Errors
    ///
    /// As [`Self::begin`].
    fn finish(&mut self, rest: &Document) -> io::Result<()>;
}

/// The sink that makes a document of events and hands it to a writer.
#[must_use]
pub fn sink(writer: impl Writer + 'static, style: &Style) -> Box<dyn Sink> {
    Box::new(Builder::new(writer, style))
}

/// The JSON Schema (draft 2020-12) of a document, indented, ending with a line feed.
///
/// Made from the types that are written, so that the two cannot disagree.
#[must_use]
pub fn schema() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize().with_transform(RecursiveTransform(without_null));
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "ntp-sniff protocol document".into());
    format!("{:#}\n", schema.as_value())
}
