//! Words in front of orders that name the order rather than give it: another one in each, which the answers repeat or which counts up.

use super::lines::Line;
use super::lines::Split;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Bytes of a tag.
const MOST_BYTES: usize = 32;
/// Orders with a tag that show it.
const FEWEST: usize = 12;
/// Digits of a tag that counts up.
const MOST_DIGITS: usize = 9;

/// What is seen of the first two words of a client's lines.
#[derive(Default)]
struct Seen<'a> {
    lines: usize,
    /// Lines whose first word no earlier one of their session has.
    new: usize,
    /// Lines whose first word counts up from that of the line before.
    counted: usize,
    /// Lines with one before them in their session.
    steps: usize,
    /// Lines whose first word a line of the server repeats before the client speaks again.
    echoed: usize,
    first: BTreeSet<&'a [u8]>,
    second: BTreeSet<&'a [u8]>,
    /// Lines whose second word is letters.
    words: usize,
}

/// What the client of a session said.
#[derive(Default)]
struct Said<'a> {
    all: BTreeSet<&'a [u8]>,
    last: Option<&'a [u8]>,
    /// Said since the server spoke last, and not repeated yet.
    open: BTreeSet<&'a [u8]>,
}

/// Finds whether clients put tags in front of their orders: there, and in the answers, the second column is the first that counts.
pub(super) fn find(lines: &mut [Line<'_>]) {
    let mut said: BTreeMap<usize, Said<'_>> = BTreeMap::new();
    let seen = look(lines, &mut said);
    if !seen.shows() {
        return;
    }
    for line in lines.iter_mut().filter(|line| line.lead == 0 && line.columns.len() > 1 && line.split != Split::Counted) {
        let word = line.column(0);
        let known = || said.get(&line.session).is_some_and(|said| said.all.contains(word));
        // A sign stands where no order is answered.
        let is_sign = line.from == Peer::Server && matches!(word, [sign] if sign.is_ascii_punctuation());
        line.lead = usize::from(is_sign || known());
    }
}

fn look<'a>(lines: &[Line<'a>], said: &mut BTreeMap<usize, Said<'a>>) -> Seen<'a> {
    let mut seen = Seen::default();
    for line in lines {
        let said = said.entry(line.session).or_default();
        let (word, verb) = (line.column(0), line.column(1));
        if line.from == Peer::Server {
            seen.echoed = seen.echoed.saturating_add(usize::from(line.columns.len() > 1 && said.open.remove(word)));
            continue;
        }
        if line.first_of_turn {
            said.open.clear();
        }
        if !is_tag(word) || verb.is_empty() || line.split == Split::Counted {
            continue;
        }
        seen.lines = seen.lines.saturating_add(1);
        seen.new = seen.new.saturating_add(usize::from(said.all.insert(word)));
        if let Some(last) = said.last.replace(word) {
            seen.steps = seen.steps.saturating_add(1);
            seen.counted = seen.counted.saturating_add(usize::from(counts(last, word)));
        }
        said.open.insert(word);
        seen.first.insert(word);
        seen.second.insert(verb);
        seen.words =
            seen.words.saturating_add(usize::from(verb.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_'))));
    }
    seen
}

impl Seen<'_> {
    /// Whether the first word is a tag: no two of a session are the same, though they count up or answers repeat them; and the second one
    /// is a word of which there are few.
    fn shows(&self) -> bool {
        let most = |part: usize, whole: usize| part.saturating_mul(10) >= whole.saturating_mul(9);
        let counts = self.steps >= FEWEST / 2 && most(self.counted, self.steps);
        let echoes = most(self.echoed, self.lines) && self.first.len().saturating_mul(2) >= self.lines;
        let few = self.second.len().saturating_mul(4) <= self.lines && most(self.words, self.lines);
        self.lines >= FEWEST && self.new.saturating_mul(20) >= self.lines.saturating_mul(19) && few && (counts || echoes)
    }
}

/// Whether a word may name an order: letters, digits and few signs.
fn is_tag(word: &[u8]) -> bool {
    let of_tag = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'#');
    (1..=MOST_BYTES).contains(&word.len()) && word.iter().all(of_tag)
}

/// Whether a word is another one whose number at the end is one more.
fn counts(last: &[u8], word: &[u8]) -> bool {
    let apart = |word: &[u8]| {
        let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count().min(MOST_DIGITS);
        let (name, digits) = word.split_at_checked(word.len().saturating_sub(digits))?;
        Some((name.to_vec(), std::str::from_utf8(digits).ok()?.parse::<u64>().ok()?))
    };
    matches!((apart(last), apart(word)), (Some((name, one)), Some((other, two))) if name == other && one.checked_add(1) == Some(two))
}

#[cfg(test)]
mod tests {
    use crate::protocol::unknown::testing::inferred;
    use crate::protocol::unknown::testing::sessions;
    use crate::protocol::unknown::testing::shown;
    use crate::protocol::unknown::testing::words;

    /// Sessions in which each order has a tag, and what it is answered.
    fn tagged(tag: fn(usize, usize) -> String) -> Vec<String> {
        let orders = ["HELLO me", "LOGIN anna hunter2word", "LOOK here", "LOOK there", "CLOSE now", "BYE now"];
        let session = |session: usize| {
            let say = |(place, order): (usize, &&str)| {
                let tag = tag(session, place);
                format!("C: {tag} {order}\\r\\n\nS: * {place} more\\r\\n{tag} DONE well\\r\\n\n")
            };
            orders.iter().enumerate().map(say).collect::<String>()
        };
        (0..4).map(session).collect()
    }

    fn of(texts: &[String]) -> (Vec<String>, String) {
        let service = sessions(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let inference = inferred(&service);
        (words(&inference.description).into_iter().map(str::to_owned).collect(), shown(&inference))
    }

    #[test]
    fn verbs_stand_behind_tags() {
        let counting = |_, place: usize| format!("a{:03}", place + 1);
        let echoed = |session: usize, place: usize| {
            let letter = |number: usize| char::from(b'b' + u8::try_from(number % 20).unwrap());
            format!("{}{}", letter(session * 7 + place), letter(place * 3 + session))
        };
        for texts in [tagged(counting), tagged(echoed)] {
            let (words, shown) = of(&texts);
            for verb in ["HELLO", "LOGIN", "LOOK", "CLOSE", "BYE", "DONE"] {
                assert!(words.iter().any(|word| word == verb), "{verb}: {words:?}");
            }
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }

    #[test]
    fn verbs_that_answers_repeat_are_no_tags() {
        let orders = ["HELLO", "OPEN", "LOOK", "CLOSE"];
        let say = |order: &&str| format!("C: {order} box\\r\\n\nS: {order} done\\r\\n\n");
        let session: String = orders.iter().map(say).collect();
        let (words, _) = of(&vec![session; 5]);
        assert!(orders.iter().all(|verb| words.iter().any(|word| word == verb)), "{words:?}");
        assert!(!words.iter().any(|word| word == "box"), "{words:?}");
    }
}
