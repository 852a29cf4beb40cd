//! The plain bytes of a body, read as what its head says it is: fields, secrets, findings, and a hash of all.

use super::findings::Findings;
use super::form::Form;
use super::gather::Gather;
use super::json::Json;
use super::marks::Kind;
use crate::annotation::Field;
use crate::annotation::Value;
use sha2::Digest as _;
use sha2::Sha256;
use std::borrow::Cow;
use std::io;
use std::io::Write;

/// The unpacked bytes of one body, as they come. Holds no more of them than one value.
pub(super) struct Content {
    reader: Reader,
    pub(super) gather: Gather,
    hash: Sha256,
    bytes: u64,
}

enum Reader {
    Json(Json),
    Form(Form),
    /// An export in the `.nessus` format.
    Export(Box<Findings>),
    /// Findings in another format: no secret, and not read.
    Report,
    /// Anything else: it may hold a secret. Its first bytes.
    Opaque(Vec<u8>),
}

impl Content {
    /// A body of this type, of a request or a response of this operation.
    pub(super) fn new(content_type: Option<&[u8]>, operation: &str, is_response: bool) -> Self {
        let kind = content_type.unwrap_or_default().to_ascii_lowercase();
        let is = |part: &[u8]| memchr::memmem::find(&kind, part).is_some();
        let download = is_response && operation == "export.download";
        let reader = if operation == "ui.api_token" || is(b"multipart") {
            Reader::Opaque(Vec::new())
        } else if is(b"x-www-form-urlencoded") {
            Reader::Form(Form::default())
        } else if download && (is(b"csv") || is(b"html") || is(b"pdf")) {
            Reader::Report
        } else if download && !is(b"json") {
            Reader::Export(Box::default())
        } else if is(b"json") || kind.is_empty() {
            Reader::Json(Json::new(is_response))
        } else {
            Reader::Opaque(Vec::new())
        };
        Self { reader, gather: Gather::new(operation, is_response), hash: Sha256::new(), bytes: 0 }
    }

    /// Reads on, and says what each run of bytes is.
    pub(super) fn take(&mut self, bytes: &[u8], mark: &mut dyn FnMut(usize, Kind)) {
        // curl calls whatever it is given a form.
        if self.bytes == 0 && bytes.first() == Some(&b'{') && matches!(self.reader, Reader::Form(_)) {
            self.reader = Reader::Json(Json::new(self.gather.is_response));
        }
        self.hash.update(bytes);
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        match &mut self.reader {
            Reader::Json(json) => json.take(bytes, &mut self.gather, mark),
            Reader::Form(form) => form.take(bytes, &mut self.gather, mark),
            Reader::Export(findings) => {
                findings.take(bytes);
                mark(bytes.len(), Kind::WITHHELD);
            }
            Reader::Report => mark(bytes.len(), Kind::WITHHELD),
            Reader::Opaque(first) => {
                let room = FIRST_BYTES.saturating_sub(first.len());
                first.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
                mark(bytes.len(), Kind::WITHHELD);
            }
        }
    }

    /// The body is over, whole or not.
    pub(super) fn end(&mut self) {
        match &mut self.reader {
            Reader::Json(json) => json.end(&mut self.gather),
            Reader::Form(form) => form.end(&mut self.gather),
            Reader::Export(findings) => {
                findings.end();
                if !findings.is_broken {
                    let fields = &mut self.gather.fields;
                    fields.push(Field::new("report_hosts", Value::Count(findings.hosts)));
                    for (name, count) in SEVERITIES.iter().zip(findings.severities).rev() {
                        fields.push(Field::new(name, Value::Count(count)));
                    }
                    if let Some(report) = findings.report.take() {
                        fields.push(Field::new("report", Value::Text(Cow::Owned(report))));
                    }
                }
            }
            Reader::Report | Reader::Opaque(_) => {}
        }
        self.gather.end();
    }

    /// Whether it is the page of a server that wants TLS.
    pub(super) fn wants_tls(&self) -> bool {
        matches!(&self.reader, Reader::Opaque(first) if memchr::memmem::find(first, WANTS_TLS).is_some())
    }

    /// Bytes so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it is not what its head says, although all of it was read.
    pub(super) fn is_unreadable(&self) -> bool {
        match &self.reader {
            Reader::Json(json) => !json.is_whole(),
            Reader::Export(findings) => findings.is_broken && self.bytes > 0,
            Reader::Form(_) | Reader::Report | Reader::Opaque(_) => false,
        }
    }

    /// The hash of all of it.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.hash.clone().finalize().into()
    }

    /// Whether all the secrets in it are known by now, if it was read to its end.
    pub(super) fn is_searched(&self) -> bool {
        match &self.reader {
            Reader::Json(json) => json.is_whole(),
            Reader::Form(_) => true,
            // The response to an upload says but what the file is called.
            _ => self.bytes == 0 || self.gather.is_upload(),
        }
    }

    /// Bytes of a text, marked as no secret, that may turn out to quote one of the request when its end comes.
    pub(super) fn unfinished(&self) -> usize {
        match &self.reader {
            Reader::Json(json) if self.gather.is_response && !self.gather.secrets.is_empty() => json.unfinished(),
            _ => 0,
        }
    }

    /// Whether a secret may be in it: so its hash is one, too.
    pub(super) fn may_hold_secret(&self) -> bool {
        match &self.reader {
            Reader::Json(json) => json.holds_secret() || !json.is_whole(),
            Reader::Form(form) => form.holds_secret(),
            Reader::Export(findings) => findings.holds_secret || findings.is_broken,
            Reader::Report => false,
            Reader::Opaque(_) => self.bytes > 0,
        }
    }
}

/// First bytes kept of a page.
const FIRST_BYTES: usize = 1024;

/// What a server that wants TLS says to plain HTTP.
///
/// # Wire
///
/// [seen captures/http `http_on_tls_port`]
const WANTS_TLS: &[u8] = b"speaking plain HTTP to an SSL-enabled server port";

/// Names of the severities 0 to 4.
const SEVERITIES: [&str; 5] = ["info", "low", "medium", "high", "critical"];

impl Write for Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes, &mut |_, _| ());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
