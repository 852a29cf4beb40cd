//! The Nessus Transfer Protocol (NTP 1.0 to 1.2) and its successor OTP: not the time protocol.
//!
//! # Wire
//!
//! Text over TCP, by default port 1241 (older 3001, OpenVAS 9390 and 9391), mostly inside TLS. The client speaks first.
//!
//! ```text
//! C: < NTP/1.2 >< options >⏎          version line
//! S: < NTP/1.2 >⏎User : Password :    prompts without line end
//! C: name⏎ secret⏎
//! S: SERVER <|> PLUGIN_LIST <|>⏎      block: opening line,
//!    id <|> name <|> …⏎                 body lines,
//!    <|> SERVER⏎                        end marker
//! C: CLIENT <|> LONG_ATTACK <|>⏎9⏎127.0.0.1     counted blob: no line end
//! S: SERVER <|> BYE <|> BYE <|> SERVER⏎         single line
//! ```
//!
//! A line ends in LF or NUL [seen captures/ntp]; `<|>` with a blank on each side separates fields, and nothing escapes it.
//! There are no lengths, no ids, no character set.

mod blob;
mod block;
mod counted;
mod dialogue;
mod draft;
mod escape;
mod keyword;
mod line;
mod login;
mod order;
mod phase;
mod place;
mod preference;
mod probe;
mod record;
mod result;
mod row;
mod said;
mod scan;
mod secret;
mod session;
mod upload;

use super::Dissector;
use super::Opening;
use super::Probe;
use super::Protocol;

/// NTP and OTP, on any port.
pub struct Ntp;

impl Protocol for Ntp {
    fn id(&self) -> &'static str {
        "nessus_ntp"
    }

    fn title(&self) -> &'static str {
        "Nessus Transfer Protocol 1.0-1.2 and OTP (not the time protocol)"
    }

    fn ports(&self) -> &'static [u16] {
        &[1241, 3001, 9390, 9391]
    }

    fn probe(&self, opening: &Opening<'_>) -> Probe {
        probe::probe(opening)
    }

    fn dissector(&self, whole: bool) -> Box<dyn Dissector> {
        Box::new(place::Session::new(whole))
    }
}
