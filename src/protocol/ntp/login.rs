//! The lines of the login, which are known by their place and not by their form.

use super::draft::Draft;
use super::keyword;
use super::line;
use super::record::Dialect;
use crate::annotation::Value;
use crate::peer::Peer;
use std::borrow::Cow;

/// What a version line settles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Agreement {
    /// `nessus_ntp` or `nessus_otp`
    pub(super) protocol: &'static str,
    pub(super) number: String,
    pub(super) options: Vec<Vec<u8>>,
    /// What it tells about plugin records.
    pub(super) dialect: Dialect,
    /// Whether user and password are asked for.
    pub(super) asks_login: bool,
    /// Whether more stands in the line than a version: then the next line may be any.
    pub(super) damaged: bool,
}

/// Name and sentence of a login line.
pub(super) type Login = (&'static str, &'static str);

/// Reads a version line, the client's offer or the server's answer.
pub(super) fn version(draft: &mut Draft<'_>, from: Peer) -> Option<(Agreement, Login)> {
    let version = line::version(draft.line)?;
    let is_otp = version.protocol == b"OTP";
    let number = String::from_utf8_lossy(version.number).into_owned();
    let head = draft.line.len().saturating_sub(version.tail.len());
    draft.keyword(0..head, "version");
    draft.note("protocol", Value::text(version.protocol));
    draft.note("version", Value::text(version.number));
    let damaged = from == Peer::Client && !line::is_clean_tail(version.tail);
    let words = if damaged { Vec::new() } else { line::options(version.tail) };
    let options: Vec<&[u8]> = words.iter().map(|range| version.tail.get(range.clone()).unwrap_or_default()).collect();
    for word in &words {
        draft.token(head.saturating_add(word.start)..head.saturating_add(word.end), crate::annotation::Role::Data, "option", false);
    }
    if damaged {
        draft.secret(head..draft.line.len(), "text");
    }
    if !options.is_empty() {
        draft.note("options", Value::List(options.iter().map(|option| Cow::Borrowed(*option)).collect()));
    }
    let number_is_one = number.starts_with("1.");
    let agreement = Agreement {
        protocol: if is_otp { "nessus_otp" } else { "nessus_ntp" },
        // OTP dropped the login with 2.0 [spec ntp-otp 1.3].
        asks_login: !is_otp || number_is_one,
        number,
        options: options.iter().map(|option| option.to_vec()).collect(),
        damaged,
        dialect: match (is_otp, number_is_one) {
            (false, _) if damaged => Dialect::Unknown,
            (false, _) => Dialect::ntp(&options),
            (true, true) => Dialect::Otp1,
            (true, false) => Dialect::Otp2,
        },
    };
    let login = match (from, options.is_empty()) {
        (Peer::Client, _) if damaged => (
            "version",
            "The client wants to speak {protocol}/{version}. What follows in the line has no place there: it counts as a secret.",
        ),
        (Peer::Client, true) => ("version", "The client wants to speak {protocol}/{version}, without options."),
        (Peer::Client, false) => ("version", "The client wants to speak {protocol}/{version} and asks for {options}."),
        (Peer::Server, _) => ("version", "The server agrees to speak {protocol}/{version}."),
    };
    Some((agreement, login))
}

/// Whether a prompt stands at the start of what the server sends next.
pub(super) enum Prompt {
    /// This one.
    Is(&'static [u8], Login),
    /// It may still become one.
    Begins,
    /// None.
    No,
}

/// Looks for a prompt.
pub(super) fn prompt(rest: &[u8]) -> Prompt {
    const LOGINS: [Login; 2] = [
        ("user_prompt", "The server asks for the user name; there is no line end, a blank is the last byte."),
        ("password_prompt", "The server asks for the password; there is no line end, a blank is the last byte."),
    ];
    for (prompt, login) in line::PROMPTS.into_iter().zip(LOGINS) {
        if rest.starts_with(prompt) {
            return Prompt::Is(prompt, login);
        }
        if !rest.is_empty() && prompt.starts_with(rest) {
            return Prompt::Begins;
        }
    }
    Prompt::No
}

/// The line without the CR that some clients send before the LF: part of the line end here.
fn without_cr(text: &[u8]) -> usize {
    text.strip_suffix(b"\r").unwrap_or(text).len()
}

/// Bytes of a user name that a server takes at once. It loses the next one, and reads on as the password.
///
/// # Wire
///
/// [spec ntp-otp 1.3]
const USER_BYTES: usize = 253;

/// Whether a line is longer than a user name may be, so that its end is the password.
pub(super) fn holds_password(text: &[u8]) -> bool {
    text.len() > USER_BYTES
}

/// Whether a line holds only what a user name may hold; with other bytes its line end may be the damaged one, and the password in it.
pub(super) fn is_name(text: &[u8]) -> bool {
    text.get(..without_cr(text)).unwrap_or_default().iter().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Longest line of a login. The servers read 1023 bytes of the first one and fewer of the others.
const LINE_BYTES: usize = 1023;

/// Whether the line that ends at `end` was the user name although the password was asked for before it was whole: then the password
/// is the next line. If that is an order, the password was in this one. `None`: more must come.
pub(super) fn is_followed(rest: &[u8], end: usize) -> Option<bool> {
    let next = rest.get(end.saturating_add(1)..).unwrap_or_default();
    if end > LINE_BYTES {
        return Some(false);
    }
    let Some(stop) = memchr::memchr2(b'\n', 0, next) else { return (next.len() > LINE_BYTES).then_some(false) };
    let text = next.get(..stop).unwrap_or_default();
    let is_order = line::envelope(text).is_some_and(|envelope| keyword::find(envelope.who, envelope.word).is_some());
    Some(stop <= LINE_BYTES && !is_order && !text.trim_ascii().is_empty())
}

/// The user name: by its place the second line of the client, whatever it holds.
pub(super) fn user(draft: &mut Draft<'_>) -> Login {
    let end = without_cr(draft.line);
    if holds_password(draft.line) {
        draft.text(0..USER_BYTES, "user");
        draft.secret(USER_BYTES..draft.line.len(), "password");
        return ("user", "The client gives a user name that is too long: the server takes what is behind it for the password.");
    }
    draft.text(0..end, "user");
    ("user", "The client gives the user name {user}.")
}

/// The password: by its place the third line of the client.
pub(super) fn password(draft: &mut Draft<'_>) -> Login {
    let end = without_cr(draft.line);
    draft.secret(0..end, "password");
    ("password", "The client gives the password, in clear text.")
}

/// The refusal, if this line is it.
pub(super) fn refusal(draft: &mut Draft<'_>) -> Option<Login> {
    let end = without_cr(draft.line);
    if draft.line.get(..end) != Some(line::LOGIN_FAILED) {
        return None;
    }
    draft.keyword(0..end, "refusal");
    Some(("login_failed", "The server refuses the login: wrong password or unknown user, it does not say which."))
}
