//! TLS, as far as it can be known without keys: that it is there, which version is offered, and to whom.

use super::Dissector;
use super::Notes;
use super::Opening;
use super::Probe;
use super::Progress;
use super::Protocol;
use super::View;
use crate::event::Session;
use crate::layer::recognise::record;
use crate::layer::recognise::side;
use crate::peer::Peer;
use std::borrow::Cow;

/// SSLv2 hello to TLS 1.3, on any port.
pub struct Tls;

/// Names the session from its first record, then has nothing more to say.
struct Greeting;

impl Protocol for Tls {
    fn id(&self) -> &'static str {
        "tls"
    }

    fn title(&self) -> &'static str {
        if cfg!(feature = "tls") { "TLS, opened with --keylog or --rsa-key" } else { "TLS: named, not opened" }
    }

    fn ports(&self) -> &'static [u16] {
        &[443]
    }

    fn probe(&self, opening: &Opening<'_>) -> Probe {
        match (record(opening.client, opening.whole), record(opening.server, opening.whole)) {
            (Some(true), _) => Probe::Match { server: side(opening.client).map(Peer::other) },
            (_, Some(true)) => Probe::Match { server: side(opening.server) },
            (None, _) | (_, None) => Probe::NeedMore,
            (Some(false), Some(false)) => Probe::NoMatch,
        }
    }

    fn dissector(&self, _whole: bool) -> Box<dyn Dissector> {
        Box::new(Greeting)
    }
}

impl Dissector for Greeting {
    fn data(&mut self, from: Peer, view: View<'_>, notes: &mut Notes<'_>) -> Progress {
        let hello = match (from, view.bytes) {
            (Peer::Client, [22, _, _, high, low, body @ ..]) => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if body.len() < length && !view.full {
                    return Progress::Consumed(0);
                }
                body.get(..length).unwrap_or(body)
            }
            _ => &[],
        };
        let options = server_name(hello).map(|name| Cow::Owned([b"sni=", name].concat())).into_iter().collect();
        notes.session(&Session {
            protocol: "tls",
            version: version(view.bytes, hello),
            options,
            matched: "record header",
            description: None,
            contrasts: &[],
        });
        Progress::Finished
    }

    fn gap(&mut self, _from: Peer, rest: View<'_>, _missing: u64, notes: &mut Notes<'_>) {
        if !rest.bytes.is_empty() {
            let version = version(rest.bytes, &[]);
            notes.session(&Session {
                protocol: "tls",
                version,
                options: Vec::new(),
                matched: "record header, cut",
                description: None,
                contrasts: &[],
            });
        }
    }
}

/// The highest version offered or in use, as far as these bytes say.
fn version(record: &[u8], hello: &[u8]) -> Option<Cow<'static, [u8]>> {
    let offered =
        extension(hello, 43).and_then(|list| list.get(1..)).map(|list| list.chunks_exact(2).filter(|pair| pair.first() == Some(&3)));
    let highest = offered.and_then(|pairs| pairs.filter_map(|pair| pair.get(1).copied()).filter(|minor| *minor <= 4).max());
    let minor = highest.or_else(|| hello.get(5).copied()).or_else(|| record.get(2).copied().filter(|_| record.get(1) == Some(&3)));
    let name = match minor? {
        0 => "SSL 3.0",
        1 => "1.0",
        2 => "1.1",
        3 => "1.2",
        4 => "1.3",
        _ => return None,
    };
    Some(Cow::Borrowed(name.as_bytes()))
}

/// The server name of a `ClientHello`.
fn server_name(hello: &[u8]) -> Option<&[u8]> {
    let list = extension(hello, 0)?;
    let length = usize::from(u16::from_be_bytes([*list.get(3)?, *list.get(4)?]));
    list.get(5..)?.get(..length)
}

/// The body of an extension of a `ClientHello`, which begins with its handshake header.
fn extension(hello: &[u8], wanted: u16) -> Option<&[u8]> {
    let rest = hello.get(38..)?;
    let rest = skip(rest, 1)?;
    let rest = skip(rest, 2)?;
    let mut rest = skip(rest, 1)?.get(2..)?;
    while let [high, low, length_high, length_low, body @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
        let value = body.get(..length)?;
        if u16::from_be_bytes([*high, *low]) == wanted {
            return Some(value);
        }
        rest = body.get(length..)?;
    }
    None
}

/// What follows a vector with a length of one or two bytes.
fn skip(bytes: &[u8], length_bytes: usize) -> Option<&[u8]> {
    let (length, rest) = bytes.split_at_checked(length_bytes)?;
    let length = length.iter().fold(0_usize, |sum, byte| sum.saturating_mul(256).saturating_add(usize::from(*byte)));
    rest.get(length..)
}
