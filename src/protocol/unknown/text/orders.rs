//! Words that give orders though they are not in capitals: the few that begin what clients say where nobody asked and nobody logs in.

use super::lines::Line;
use super::secret;
use crate::peer::Peer;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Bytes of an order.
const MOST_BYTES: usize = 32;
/// Sessions that must give it.
const FEWEST_SESSIONS: usize = 3;

/// A word at the beginning of what clients say.
#[derive(Default)]
struct Seen {
    sessions: usize,
    last: Option<usize>,
}

/// Where a session is.
#[derive(Default)]
struct Dialogue {
    /// Whether the server waits for an answer.
    asked: bool,
    /// Lines of the client that may belong to a login.
    login: u8,
}

/// Finds the orders. Nearly all that clients begin with must be names of letters, and few different ones; what stands behind a word that logs
/// in or answers a question is none, wherever else it stands.
pub(super) fn find<'a>(lines: &[Line<'a>]) -> BTreeSet<&'a [u8]> {
    let mut seen: BTreeMap<&[u8], Seen> = BTreeMap::new();
    let mut answers: BTreeSet<&[u8]> = BTreeSet::new();
    let (mut all, mut names) = (0_usize, 0_usize);
    let mut dialogues: BTreeMap<usize, Dialogue> = BTreeMap::new();
    for line in lines {
        let dialogue = dialogues.entry(line.session).or_default();
        if line.from == Peer::Server {
            dialogue.asked |= !line.is_ended() || secret::asks(line);
            continue;
        }
        let word = line.column(line.first_column());
        let asked = std::mem::take(&mut dialogue.asked);
        let in_login = dialogue.login > 0;
        dialogue.login = dialogue.login.saturating_sub(1);
        if secret::begins_login(word) {
            dialogue.login = secret::LOGIN_LINES;
            answers.extend((1..line.columns.len()).map(|column| line.column(column)));
        }
        if asked || in_login {
            // An order may stand there, too, but with more than one word it is no answer.
            if line.columns.len() == 1 && asked {
                answers.insert(word);
            }
            continue;
        }
        if !line.first_of_turn || !line.first {
            continue;
        }
        all = all.saturating_add(1);
        names = names.saturating_add(usize::from(is_name(word)));
        let seen = seen.entry(word).or_default();
        if seen.last != Some(line.session) {
            seen.last = Some(line.session);
            seen.sessions = seen.sessions.saturating_add(1);
        }
    }
    if names.saturating_mul(10) < all.saturating_mul(9) || seen.len().saturating_mul(4) > all {
        return BTreeSet::new();
    }
    let is_order = |word: &[u8], seen: &Seen| is_name(word) && seen.sessions >= FEWEST_SESSIONS && !answers.contains(word);
    seen.into_iter().filter(|(word, seen)| is_order(word, seen)).map(|(word, _)| word).collect()
}

/// Whether these are letters, with signs between them.
fn is_name(word: &[u8]) -> bool {
    let of_name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
    (2..=MOST_BYTES).contains(&word.len()) && word.first().is_some_and(u8::is_ascii_alphabetic) && word.iter().all(of_name)
}

#[cfg(test)]
mod tests {
    use crate::protocol::unknown::testing::inferred;
    use crate::protocol::unknown::testing::sessions;
    use crate::protocol::unknown::testing::shown;
    use crate::protocol::unknown::testing::words;

    /// Sessions of orders in small letters; `login` stands in front of those of every third.
    fn of(login: &str) -> (Vec<String>, String) {
        let orders = "C: halt\\n\nS: ok\\n\nC: look north\\n\nS: ok\\n\nC: shine\\n\nS: ok\\n\nC: look south\\n\nS: ok\\n\n";
        let texts: Vec<String> = (0..9).map(|session| format!("{}{orders}", if session % 3 == 0 { login } else { "" })).collect();
        let service = sessions(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let inference = inferred(&service);
        (words(&inference.description).into_iter().map(str::to_owned).collect(), shown(&inference))
    }

    #[test]
    fn orders_behind_a_login_are_no_secrets() {
        let (words, shown) = of("C: password hunter2word\\n\nS: error: incorrect password\\n\nC: look up\\n\nS: ok\\n\n");
        for verb in ["halt", "look", "shine"] {
            assert!(words.iter().any(|word| word == verb), "{verb}: {words:?}");
        }
        assert!(!shown.contains("hunter2") && shown.contains("look north"), "{shown}");
    }

    #[test]
    fn an_order_that_answers_a_question_is_hidden() {
        let (words, shown) = of("S: Password: \nC: halt\\n\nS: ok\\n\n");
        assert!(!words.iter().any(|word| word == "halt"), "{words:?}");
        assert!(!shown.contains("halt"), "{shown}");
        let (words, shown) = of("C: password shine\\n\nS: ok\\n\n");
        assert!(!words.iter().any(|word| word == "shine") && !shown.contains("shine"), "{words:?} {shown}");
    }
}
