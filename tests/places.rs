//! Promise: a secret is hidden wherever the place of a line is in doubt, and lines of unusual form are read as the programs read them.
#![allow(clippy::arithmetic_side_effects, clippy::as_conversions, reason = "numbers of a test, known to be small")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

mod support;

#[path = "places/bounds.rs"]
mod bounds;
#[path = "places/doubt.rs"]
mod doubt;
#[path = "places/forms.rs"]
mod forms;
#[path = "places/login.rs"]
mod login;

use ntp_sniff::peer::Peer;
use ntp_sniff::report::FORMATS;
use support::capture::Captured;
use support::capture::captured;
use support::capture::memory;
use support::collect;
use support::collect::Said;
use support::talk::talk;
use support::wire::Net;
use support::wire::Talk;

/// The secret of every case.
const SECRET: &str = "PASSW0RDX";
/// Its beginning: so much of it in an output is a leak.
const TELLING: &str = "PASSW0";

/// A login, and what follows it.
fn logged_in(text: &str) -> String {
    format!("C: < NTP/1.2 >< fast_login >\\n\nS: < NTP/1.2 >\\nUser :\\x20\nC: fm\\n\nS: Password :\\x20\nC: {SECRET}\\n\n{text}")
}

/// The frames of a dialogue. A step `C: …` of dots alone is bytes that are lost, as many as there are dots.
fn frames(text: &str, cut: usize) -> Vec<Captured> {
    let mut wire = Talk::new([u32::MAX - 30, 7]);
    wire.handshake();
    for step in talk(text) {
        if step.bytes.iter().all(|byte| *byte == b'.') {
            wire.lose(step.from, u32::try_from(step.bytes.len()).unwrap());
        } else {
            wire.say_all(&[step], &[cut]);
        }
    }
    wire.close();
    captured(Net::v4(1241).frames(&wire.packets), 300_000)
}

/// The messages of one side, the same for every cut, and nowhere the secret.
fn messages(text: &str, from: Peer) -> Vec<Said> {
    let whole = frames(text, 1460);
    for format in FORMATS {
        let output = collect::text(&mut memory(&whole), format.name, &collect::loud(), false);
        let shown: Vec<_> = output.lines().filter(|line| line.contains(TELLING)).collect();
        assert!(shown.is_empty(), "{}: {shown:#?}", format.name);
    }
    let said = collect::collect(&mut memory(&whole)).messages_of(from);
    for cut in [1, 7] {
        assert_eq!(collect::collect(&mut memory(&frames(text, cut))).messages_of(from), said, "cut at {cut}");
    }
    said
}

/// The names of the messages of one side behind the login.
fn names(text: &str, from: Peer) -> Vec<String> {
    messages(&logged_in(text), from).into_iter().skip(3).map(|said| said.name).collect()
}

/// A field of a message.
fn field<'a>(said: &'a Said, name: &str) -> Option<&'a str> {
    said.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}
