//! The steps of the dialogue, in the order and with the explanations people know from Frank4DD's analysis.

use crate::event::Phase;
use std::borrow::Cow;

pub(super) const VERSION_OFFER: u16 = 1;
pub(super) const VERSION_ANSWER: u16 = 2;
pub(super) const USER_PROMPT: u16 = 3;
pub(super) const USER: u16 = 4;
pub(super) const PASSWORD: u16 = 5;
pub(super) const DUMP: u16 = 6;
pub(super) const LOGIN_FAILED: u16 = 7;
pub(super) const ORDERS: u16 = 8;
pub(super) const SCAN_SETUP: u16 = 9;
pub(super) const SCAN_ORDER: u16 = 10;
pub(super) const SCAN: u16 = 11;
pub(super) const GOODBYE: u16 = 12;

const fn step(ordinal: u16, title: &'static str, sentence: &'static str) -> Phase {
    Phase { ordinal, title: Cow::Borrowed(title), sentence: Cow::Borrowed(sentence) }
}

/// The phases by ordinal; 0 is the TCP handshake, which every protocol has.
static PHASES: [Phase; 12] = [
    step(
        VERSION_OFFER,
        "Version offer",
        "The client speaks first: it names the protocol version it wants, and may ask for options behind it. The line ends in a newline.",
    ),
    step(
        VERSION_ANSWER,
        "Version answer",
        "The server answers with the version it will speak, ended by a newline. It never offers another one; an unknown version gets no answer.",
    ),
    step(USER_PROMPT, "User prompt", "The server asks for the user name: seven bytes that end in a blank, without a newline."),
    step(USER, "User name", "The client sends the user name and a newline, which may travel in a packet of its own."),
    step(
        PASSWORD,
        "Password",
        "The server asks for the password in eleven bytes without a newline; the client answers in clear text, ended by a newline.",
    ),
    step(
        DUMP,
        "Login accepted, configuration dump",
        "The login is complete. Without being asked the server sends what the client's options call for: its plugins, its preferences, its rules, the dependencies of plugins. Each block has an opening line, body lines and an end marker.",
    ),
    step(
        LOGIN_FAILED,
        "Login refused",
        "Instead of the plugin list the server sends one line and ends the connection: user and password do not match, or there is no such user. It does not say which.",
    ),
    step(ORDERS, "Orders", "The session is idle until the client gives an order; the server answers those that have an answer."),
    step(
        SCAN_SETUP,
        "Scan configuration",
        "The client sends back how to scan: preferences (the plugins to run are the preference plugin_set), files and rules. The server answers with the preferences it could not take; an empty list means none.",
    ),
    step(SCAN_ORDER, "Scan order", "The client names the targets and so starts the scan."),
    step(
        SCAN,
        "Scan",
        "The server reports as it goes, the hosts interleaved: how far it is, which ports are open, what it found, and when a host is finished.",
    ),
    step(GOODBYE, "End of scan", "The server says BYE: all hosts are done. Unless the client asked to keep the connection, it closes now."),
];

/// The phase of that ordinal.
pub(super) fn phase(ordinal: u16) -> Option<&'static Phase> {
    PHASES.get(usize::from(ordinal).checked_sub(1)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_are_places() {
        for ordinal in VERSION_OFFER..=GOODBYE {
            assert_eq!(phase(ordinal).unwrap().ordinal, ordinal);
        }
        assert!(phase(0).is_none());
        assert!(phase(GOODBYE.saturating_add(1)).is_none());
    }
}
