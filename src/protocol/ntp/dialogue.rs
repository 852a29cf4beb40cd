//! The dialogue as two tables: which message leads from which state to which, and which request gets which answer.
//!
//! Apart from the parsing on purpose: a message is read the same way in every state, and a capture joined midway, or a
//! peer that does not keep to the order, changes the state and nothing else.

use super::phase;
use crate::event::Reference;
use crate::peer::Peer;
use crate::peer::Peer::Client;
use crate::peer::Peer::Server;
use std::collections::VecDeque;

/// Requests waiting for their answer at once; a client that asks more and more pushes the oldest out.
const MOST_OPEN: usize = 64;

/// Where the dialogue is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was said, or the beginning was not seen.
    Start,
    /// The client named its version.
    Offered,
    /// The server answered with the version.
    Agreed,
    /// The server asked for the user.
    UserAsked,
    /// The client named the user.
    UserGiven,
    /// The server asked for the password.
    PasswordAsked,
    /// The client gave the password.
    PasswordGiven,
    /// The server sends its configuration.
    Dump,
    /// The login failed.
    Refused,
    /// Logged in; the client may give orders.
    Idle,
    /// The client sends the configuration of a scan.
    Setup,
    /// The client ordered a scan.
    Ordered,
    /// The server scans.
    Scan,
    /// The scan is over.
    Over,
}

use State::Agreed;
use State::Dump;
use State::Idle;
use State::Offered;
use State::Ordered;
use State::Over;
use State::PasswordAsked;
use State::PasswordGiven;
use State::Refused;
use State::Scan;
use State::Setup;
use State::Start;
use State::UserAsked;
use State::UserGiven;

impl State {
    /// The phase people see.
    pub(super) fn phase(self) -> u16 {
        match self {
            Start | Offered => phase::VERSION_OFFER,
            Agreed => phase::VERSION_ANSWER,
            UserAsked => phase::USER_PROMPT,
            UserGiven => phase::USER,
            PasswordAsked | PasswordGiven => phase::PASSWORD,
            Dump => phase::DUMP,
            Refused => phase::LOGIN_FAILED,
            Idle => phase::ORDERS,
            Setup => phase::SCAN_SETUP,
            Ordered => phase::SCAN_ORDER,
            Scan => phase::SCAN,
            Over => phase::GOODBYE,
        }
    }
}

/// A row: in one of these states, when this side says one of these, that is the next state; none: it stays.
struct Row {
    from: &'static [State],
    sender: Peer,
    says: &'static [&'static str],
    next: Option<State>,
}

const fn row(from: &'static [State], sender: Peer, says: &'static [&'static str], next: State) -> Row {
    Row { from, sender, says, next: Some(next) }
}

const fn stay(from: &'static [State], sender: Peer, says: &'static [&'static str]) -> Row {
    Row { from, sender, says, next: None }
}

/// States of somebody who is logged in.
const INSIDE: &[State] = &[Agreed, PasswordGiven, Dump, Idle, Setup, Ordered, Scan, Over];
/// What a client sends before it orders a scan.
const CONFIGURES: &[&str] = &["preferences", "rules", "attached_file", "attached_plugin"];
/// What a client asks when no scan runs.
const ASKS: &[&str] = &["sessions_list", "session_delete", "detached_sessions_list", "stop_detached", "nvt_info"];
const ATTACKS: &[&str] = &["new_attack", "long_attack", "session_restore"];
/// What a server sends without being asked after the login.
const DUMPS: &[&str] = &["plugin_list", "preferences", "rules", "plugins_dependencies", "plugins_md5", "nvt_info"];
/// What a client says in the md5 phase of the dump.
const FETCHES: &[&str] = &["complete_list", "send_plugins_md5", "go_on"];
const REPORTS: &[&str] = &[
    "status",
    "stat",
    "short_status",
    "port",
    "note",
    "info",
    "hole",
    "log",
    "debug",
    "alarm",
    "errmsg",
    "time",
    "finished",
    "plugins_order",
];

/// The table. The first row that fits counts.
#[rustfmt::skip]
const TRANSITIONS: &[Row] = &[
    row(&[Start],                                     Client, &["version"],            Offered),
    row(&[Start, Offered],                            Server, &["version"],            Agreed),
    row(&[Agreed, Offered, Start],                    Server, &["user_prompt"],        UserAsked),
    row(&[UserAsked, Agreed, Offered],                Client, &["user"],               UserGiven),
    row(&[UserGiven, UserAsked, Start],               Server, &["password_prompt"],    PasswordAsked),
    row(&[PasswordAsked, UserGiven],                  Client, &["password"],           PasswordGiven),
    // A client that does not wait for the prompts gets them all the same.
    stay(&[UserGiven],                                Server, &["version", "user_prompt"]),
    stay(&[PasswordGiven, Idle, Setup, Ordered],      Server, &["version", "user_prompt", "password_prompt"]),
    row(&[PasswordGiven, Agreed, Start, Idle, Setup, Ordered], Server, &["login_failed"], Refused),
    row(&[PasswordGiven, Agreed, Start, Dump, Idle],  Server, DUMPS,                   Dump),
    stay(&[Setup, Ordered, Scan],                     Server, DUMPS),
    row(&[PasswordGiven, Agreed, Dump, Idle],         Client, FETCHES,                 Dump),
    // In mid-scan orders and questions change nothing.
    stay(&[Scan, Ordered],                            Client, CONFIGURES),
    stay(&[Scan, Ordered],                            Client, ASKS),
    stay(&[Scan, Ordered],                            Server, &["preferences_errors"]),
    stay(&[Scan],                                     Client, ATTACKS),
    row(INSIDE,                                       Client, CONFIGURES,              Setup),
    row(INSIDE,                                       Server, &["preferences_errors"], Setup),
    row(INSIDE,                                       Client, ATTACKS,                 Ordered),
    row(INSIDE,                                       Client, ASKS,                    Idle),
    row(&[Ordered, Scan],                             Server, REPORTS,                 Scan),
    row(&[Ordered, Scan],                             Server, &["bye"],                Over),
];

/// Where a message leads. What no row names may be said in any state; what no row expects here leads where it usually
/// leads, since a capture may have missed what came before.
pub(super) fn next(state: State, sender: Peer, name: &str) -> State {
    let mut rows = TRANSITIONS.iter().filter(|row| row.sender == sender && row.says.contains(&name));
    let usual = rows.clone().find_map(|row| row.next).unwrap_or(state);
    rows.find(|row| row.from.contains(&state)).map_or(usual, |row| row.next.unwrap_or(state))
}

/// A request and what answers it.
struct Answer {
    asks: Peer,
    request: &'static str,
    answers: &'static [&'static str],
}

const fn answer(asks: Peer, request: &'static str, answers: &'static [&'static str]) -> Answer {
    Answer { asks, request, answers }
}

/// # Wire
///
/// [spec ntp-otp 5] answer by answer; [seen captures/ntp 12, 16, 17] the md5 phase, files and sessions.
const ANSWERS: &[Answer] = &[
    answer(Client, "version", &["version"]),
    answer(Server, "user_prompt", &["user"]),
    answer(Server, "password_prompt", &["password"]),
    answer(Client, "password", &["login_failed", "plugin_list", "plugins_md5"]),
    answer(Client, "complete_list", &["plugin_list"]),
    answer(Client, "send_plugins_md5", &["plugins_md5"]),
    answer(Client, "plugin_info", &["plugin_record"]),
    answer(Client, "go_on", &["preferences"]),
    answer(Client, "nvt_info", &["nvt_info"]),
    answer(Client, "preferences", &["preferences_errors"]),
    answer(Client, "attached_file", &["file_accepted"]),
    answer(Client, "attached_plugin", &["plugin_accepted", "plugin_denied"]),
    answer(Client, "new_attack", &["bye"]),
    answer(Client, "long_attack", &["bye"]),
    answer(Client, "session_restore", &["bye"]),
    answer(Client, "stop_attack", &["finished"]),
    answer(Client, "sessions_list", &["sessions_list"]),
    answer(Client, "detached_sessions_list", &["detached_sessions_list"]),
    answer(Client, "nessus_version", &["nessus_version"]),
    answer(Client, "openvas_version", &["openvas_version"]),
    answer(Client, "openvassd_version", &["openvas_version"]),
    answer(Client, "certificates", &["certificates"]),
    answer(Server, "bye", &["bye"]),
    answer(Server, "ping", &["pong"]),
];

/// Requests whose answer has not come, oldest first.
#[derive(Debug, Default)]
pub(super) struct Open {
    requests: VecDeque<(&'static Answer, Reference, Vec<u8>)>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.request)
    }
}

impl Open {
    /// The request a message answers, which is then no longer open. `about` tells answers of one name apart: the host that was
    /// to be stopped.
    pub(super) fn answered_by(&mut self, sender: Peer, name: &str, about: Option<&[u8]>) -> Option<Reference> {
        let answers = |(row, _, subject): &(&Answer, Reference, Vec<u8>)| {
            row.asks != sender && row.answers.contains(&name) && (subject.is_empty() || about == Some(subject))
        };
        let place = self.requests.iter().position(answers)?;
        self.requests.remove(place).map(|(_, reference, _)| reference)
    }

    /// Remembers a request, if it is one.
    pub(super) fn ask(&mut self, sender: Peer, name: &str, about: Option<&[u8]>, reference: Reference) {
        let Some(row) = ANSWERS.iter().find(|row| row.asks == sender && row.request == name) else { return };
        if self.requests.len() >= MOST_OPEN {
            self.requests.pop_front();
        }
        let about = if name == "stop_attack" { about.unwrap_or_default().to_vec() } else { Vec::new() };
        self.requests.push_back((row, reference, about));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FrameId;

    /// Walks a dialogue: the state after each message.
    fn walk(says: &[(Peer, &str)]) -> Vec<String> {
        let mut state = Start;
        let step = |(sender, name): &(Peer, &str)| {
            state = next(state, *sender, name);
            format!("{state:?}")
        };
        says.iter().map(step).collect()
    }

    #[test]
    fn a_login_and_two_scans() {
        let scan = [
            (Client, "preferences"),
            (Server, "preferences_errors"),
            (Client, "long_attack"),
            (Server, "time"),
            (Server, "hole"),
            (Server, "bye"),
        ];
        let login = [(Client, "version"), (Server, "version"), (Server, "user_prompt"), (Client, "user"), (Server, "password_prompt")];
        assert_eq!(walk(&login), ["Offered", "Agreed", "UserAsked", "UserGiven", "PasswordAsked"]);
        let mut all = login.to_vec();
        all.extend([
            (Client, "password"),
            (Server, "plugin_list"),
            (Server, "rules"),
            (Client, "sessions_list"),
            (Server, "sessions_list"),
        ]);
        all.extend(scan);
        all.extend(scan);
        let states = walk(&all);
        assert_eq!(states[5..10], ["PasswordGiven", "Dump", "Dump", "Idle", "Idle"]);
        assert_eq!(states[10..16], ["Setup", "Setup", "Ordered", "Scan", "Scan", "Over"]);
        assert_eq!(states[16..], states[10..16]);
    }

    #[test]
    fn type_ahead_does_not_go_back() {
        let says = [
            (Client, "version"),
            (Client, "user"),
            (Client, "password"),
            (Server, "version"),
            (Server, "user_prompt"),
            (Server, "login_failed"),
        ];
        assert_eq!(walk(&says), ["Offered", "UserGiven", "PasswordGiven", "PasswordGiven", "PasswordGiven", "Refused"]);
    }

    #[test]
    fn a_scan_goes_on_whatever_the_client_asks() {
        let says = [
            (Server, "status"),
            (Client, "stop_attack"),
            (Client, "preferences"),
            (Client, "long_attack"),
            (Server, "finished"),
            (Server, "bye"),
        ];
        assert_eq!(walk(&says), ["Scan", "Scan", "Scan", "Scan", "Scan", "Over"]);
    }

    #[test]
    fn what_comes_out_of_order_leads_where_it_usually_leads() {
        assert_eq!(walk(&[(Client, "version"), (Server, "bye"), (Server, "empty_line")]), ["Offered", "Over", "Over"]);
    }

    #[test]
    fn answers_find_their_requests() {
        let at = |number| Reference { number, frame: FrameId::default() };
        let mut open = Open::default();
        open.ask(Client, "stop_attack", Some(b"10.0.0.1"), at(1));
        open.ask(Client, "stop_attack", Some(b"10.0.0.2"), at(2));
        open.ask(Client, "rules", None, at(3));
        assert_eq!(open.answered_by(Server, "finished", Some(b"10.0.0.2")), Some(at(2)));
        assert_eq!(open.answered_by(Server, "finished", Some(b"10.0.0.3")), None);
        assert_eq!(open.answered_by(Client, "finished", Some(b"10.0.0.1")), None);
        for number in 0..200 {
            open.ask(Client, "sessions_list", None, at(number));
        }
        assert_eq!(open.answered_by(Server, "sessions_list", None), Some(at(136)));
    }
}
