//! What may be a login among binary bytes: nothing names a secret there, so the first that a client says fails closed.

use super::Typed;
use super::Unit;
use super::text;
use crate::peer::Peer;
use crate::peer::Transport;
use std::collections::BTreeMap;

/// First messages of a client that may be its login: a greeting, and what answers the server's.
const FIRST: u64 = 3;
/// Bytes that can be typed and make a text.
const SHORTEST_TEXT: usize = 3;

/// Hides what stands behind the name of a secret in text among binary bytes, all of it: where such a value ends, nothing tells. And in the
/// first messages of a connection's client all behind their first text: who logs in says a name, then a secret.
pub(super) fn hide(transport: Transport, units: &[Unit<'_>], typed: &mut [Typed]) {
    let mut said: BTreeMap<usize, u64> = BTreeMap::new();
    for (unit, typed) in units.iter().zip(typed) {
        let named = text::secret_within(unit.bytes);
        let mut begin = named;
        if unit.from == Peer::Client && transport == Transport::Tcp {
            let said = said.entry(unit.session).or_default();
            *said = said.saturating_add(1);
            if *said <= FIRST {
                begin = named.into_iter().chain(behind_first_text(unit.bytes)).min();
            }
        }
        if let Some(begin) = begin {
            typed.tokens.iter_mut().filter(|token| token.end > begin).for_each(|token| token.secret = true);
        }
    }
}

/// Where the second text begins.
fn behind_first_text(bytes: &[u8]) -> Option<usize> {
    let (mut at, mut texts) = (0_usize, 0_usize);
    for run in bytes.split(|byte| !byte.is_ascii_graphic() && *byte != b' ') {
        if run.len() >= SHORTEST_TEXT {
            texts = texts.saturating_add(1);
            if texts == 2 {
                return Some(at);
            }
        }
        at = at.saturating_add(run.len()).saturating_add(1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_text_is_behind_the_first() {
        assert_eq!(behind_first_text(b"\x10\x04MQTT\x04\x02\0\x04anna\0\x06secret"), Some(10));
        assert_eq!(behind_first_text(b"\x01\x02only\x03"), None);
        assert_eq!(behind_first_text(b"\x01a\x02b\x03"), None, "single letters are numbers");
    }
}
