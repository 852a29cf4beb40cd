//! Answers that were secrets, told by what is said of them: a login that failed or held was one, whatever language its prompt spoke.

use super::lines::Line;
use crate::peer::Peer;
use memchr::memmem;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Bytes of a reply that are looked at.
const LOOKED_AT: usize = 256;

/// What a reply speaks of, and how it judges that, in small letters.
const SUBJECTS: [&[u8]; 8] = [b"login", b"logon", b"log in", b"authentic", b"access", b"credential", b"permission", b"identif"];
const VERDICTS: [&[u8]; 14] = [
    b"incorrect",
    b"fail",
    b"denied",
    b"granted",
    b"invalid",
    b"wrong",
    b"succe",
    b"accept",
    b"refus",
    b"reject",
    b"welcome",
    b"last login",
    b"error",
    b"not correct",
];
/// What does both at once.
const BOTH: [&[u8]; 4] = [b"logged in", b"logged on", b"signed in", b"authenticated"];

/// What is remembered of a session.
#[derive(Default)]
struct Dialogue {
    /// The last that the server said asks for something.
    asked: bool,
    /// The line of the client that answered.
    answer: Option<usize>,
}

/// Lines of clients that answered a prompt, and of which the reply judges a login.
pub(super) fn judged(lines: &[Line<'_>]) -> BTreeSet<usize> {
    let mut judged = BTreeSet::new();
    let mut dialogues: BTreeMap<usize, Dialogue> = BTreeMap::new();
    for (place, line) in lines.iter().enumerate() {
        let dialogue = dialogues.entry(line.session).or_default();
        if line.from == Peer::Client {
            dialogue.answer = std::mem::take(&mut dialogue.asked).then_some(place);
            continue;
        }
        if judges(line.text()) {
            judged.extend(dialogue.answer);
        }
        dialogue.asked = line.last_of_turn && super::secret::is_prompt(line);
        if line.last_of_turn {
            dialogue.answer = None;
        }
    }
    judged
}

/// Whether a line judges a login.
fn judges(text: &[u8]) -> bool {
    let lower = text.get(..LOOKED_AT).unwrap_or(text).to_ascii_lowercase();
    let says = |words: &[&[u8]]| words.iter().any(|word| memmem::find(&lower, word).is_some());
    says(&BOTH) || (says(&VERDICTS) && says(&SUBJECTS))
}
