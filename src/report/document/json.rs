//! The document as JSON: one object, its sessions written as they end.

use super::Messages;
use super::Writer;
use super::model::Document;
use super::model::Session;
use crate::report::Sink;
use crate::report::Style;
use crate::report::escape::JsonText;
use serde::Serialize;
use serde_json::Serializer;
use std::io;
use std::io::Write;

/// Makes the sink.
pub(in crate::report) fn open(writer: Box<dyn Write>, style: &Style) -> Box<dyn Sink> {
    super::sink(Json { out: writer, piece: Vec::new(), sessions: 0 }, style)
}

/// Writes JSON as it comes: a session, and a message, are a line each.
struct Json {
    out: Box<dyn Write>,
    piece: Vec<u8>,
    sessions: u64,
}

/// The members of [`Document`] in front of the sessions.
#[derive(Serialize)]
struct Head<'a> {
    document: &'a str,
    schema_version: &'a str,
    generator: &'a super::model::Generator,
    redaction: &'a super::model::Redaction,
    legend: &'a [super::model::LegendEntry],
}

/// Those behind them.
#[derive(Serialize)]
struct Rest<'a> {
    inputs: &'a [super::model::Input],
    protocols: &'a [crate::grammar::Description],
    services: &'a [super::model::Serving],
    connections: &'a [super::model::Connection],
    stories: &'a [serde_json::Value],
    anomalies: &'a [super::model::Anomaly],
    account: &'a super::model::Account,
    statistics: &'a super::model::Statistics,
    limitations: &'a [crate::grammar::Limitation],
}

impl Json {
    /// Makes the JSON of a piece, without so many bytes of its end.
    fn make(&mut self, piece: &impl Serialize, without: usize) -> io::Result<()> {
        self.piece.clear();
        piece.serialize(&mut Serializer::with_formatter(&mut self.piece, JsonText))?;
        self.piece.truncate(self.piece.len().saturating_sub(without));
        Ok(())
    }
}

impl Writer for Json {
    fn begin(&mut self, head: &Document) -> io::Result<()> {
        let Document { document, schema_version, generator, redaction, legend, .. } = head;
        self.make(&Head { document, schema_version, generator, redaction, legend }, "}".len())?;
        self.out.write_all(&self.piece)?;
        self.out.write_all(b",\n\"sessions\":[")
    }

    fn session(&mut self, session: &Session, messages: &mut Messages<'_>) -> io::Result<()> {
        // The messages are its last member, and empty.
        self.make(session, "]}".len())?;
        self.out.write_all(if self.sessions > 0 { b",\n" } else { b"\n" })?;
        self.sessions = self.sessions.saturating_add(1);
        self.out.write_all(&self.piece)?;
        let mut between: &[u8] = b"\n";
        while let Some(message) = messages.next_json()? {
            self.out.write_all(between)?;
            self.out.write_all(message)?;
            between = b",\n";
        }
        self.out.write_all(b"]}")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self, rest: &Document) -> io::Result<()> {
        let Document { inputs, protocols, services, connections, stories, anomalies, account, statistics, limitations, .. } = rest;
        let rest = Rest { inputs, protocols, services, connections, stories, anomalies, account, statistics, limitations };
        self.make(&rest, 0)?;
        self.out.write_all(b"],\n")?;
        self.out.write_all(self.piece.get(1..).unwrap_or_default())?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }
}
