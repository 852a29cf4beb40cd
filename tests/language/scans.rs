//! Whole dialogues: which message answers which, which phase follows which, and guesses of passwords over several connections.

use crate::hear::Heard;
use crate::hear::hear;
use crate::hear::hear_source;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use std::net::SocketAddr;

const DIALOGUE: &str = r"
C: < NTP/1.2 >< md5_caching timestamps >\n
S: < NTP/1.2 >\nUser :\x20
C: anna\n
S: Password :\x20
C: zQ7x-Jw9vKqZ-XkW4\n
S: SERVER <|> PLUGINS_MD5 <|> 0cc175b9c0f1b6a831c399e269772661 <|> SERVER\n
C: CLIENT <|> SEND_PLUGINS_MD5 <|> CLIENT\n
S: SERVER <|> PLUGINS_MD5\n1 <|> 92eb5ffee6ae2fec3ad71c777531578f\n<|> SERVER\n
C: CLIENT <|> PLUGIN_INFO <|> 1 <|> CLIENT\nCLIENT <|> COMPLETE_LIST <|> CLIENT\n
S: 1 <|> n <|> infos <|> c <|> d <|> s <|> f\nSERVER <|> PLUGIN_LIST <|>\n<|> SERVER\n
C: CLIENT <|> GO ON <|> CLIENT\n
S: SERVER <|> PREFERENCES <|>\nmax_hosts <|> 16\n<|> SERVER\nSERVER <|> RULES <|>\n<|> SERVER\n
C: CLIENT <|> SESSIONS_LIST <|> CLIENT\nCLIENT <|> NESSUS_VERSION <|> CLIENT\n
S: SERVER <|> SESSIONS_LIST\n<|> SERVER\nSERVER <|> NESSUS_VERSION <|> 2.2.5 <|> SERVER\n
C: CLIENT <|> PREFERENCES <|>\nntp_keep_communication_alive <|> yes\n<|> CLIENT\n
C: CLIENT <|> ATTACHED_FILE\nname: a\ncontent: octet/stream\nbytes: 1\nxCLIENT <|> ATTACHED_FILE\nname: b\ncontent: octet/stream\nbytes: 1\ny
S: SERVER <|> PREFERENCES_ERRORS <|>\n<|> SERVER\nSERVER <|> FILE_ACCEPTED <|> SERVER\nSERVER <|> FILE_ACCEPTED <|> SERVER\n
C: CLIENT <|> LONG_ATTACK <|>\n3\na,b
S: SERVER <|> TIME <|> SCAN_START <|> Thu Jan  6 10:15:00 2005 <|> SERVER\nSERVER <|> STATUS <|> a <|> attack <|> 2/9 <|> SERVER\nSERVER <|> STA
C: CLIENT <|> STOP_ATTACK <|> b <|> CLIENT\nCLIENT <|> STOP_ATTACK <|> a <|> CLIENT\nCLIENT <|> SESSIONS_LIST <|> CLIENT\n
S: TUS <|> b <|> attack <|> 2/9 <|> SERVER\nSERVER <|> FINISHED <|> a <|> SERVER\nSERVER <|> SESSIONS_LIST\n<|> SERVER\nSERVER <|> FINISHED <|> b <|> SERVER\nSERVER <|> FINISHED <|> c <|> SERVER\n
S: SERVER <|> BYE <|> BYE <|> SERVER\n
C: CLIENT <|> BYE <|> ACK\nCLIENT <|> NEW_ATTACK <|> a <|> CLIENT\n
S: SERVER <|> HOLE <|> a <|> ssh (22/tcp) <|> t <|> 1 <|> SERVER\nSERVER <|> BYE <|> BYE <|> SERVER\n
";

/// `answer ← question` for every message that answers one, with a count where a name is there several times.
fn answers(heard: &Heard) -> Vec<String> {
    let label = |number: u64| {
        let message = heard.messages.iter().find(|message| message.number == number).unwrap();
        let same =
            |other: &&crate::hear::Message| other.name == message.name && other.from == message.from && other.number <= message.number;
        format!("{} {}", message.name, heard.messages.iter().filter(same).count())
    };
    let answered = |message: &crate::hear::Message| Some(format!("{} <- {}", label(message.number), label(message.answers?)));
    heard.messages.iter().filter_map(answered).collect()
}

#[test]
fn answers_name_their_questions_and_phases_follow_each_other() {
    let heard = hear(DIALOGUE);
    assert_eq!(heard.unread(), Vec::<String>::new());
    assert!((1..).zip(&heard.messages).all(|(number, message): (u64, _)| number == message.number));
    assert_eq!(
        answers(&heard),
        [
            "version 1 <- version 1",
            "user 1 <- user_prompt 1",
            "password 1 <- password_prompt 1",
            "plugins_md5 1 <- password 1",
            "plugins_md5 2 <- send_plugins_md5 1",
            "plugin_record 1 <- plugin_info 1",
            "plugin_list 1 <- complete_list 1",
            "preferences 1 <- go_on 1",
            "sessions_list 1 <- sessions_list 1",
            "nessus_version 1 <- nessus_version 1",
            "preferences_errors 1 <- preferences 1",
            "file_accepted 1 <- attached_file 1",
            "file_accepted 2 <- attached_file 2",
            "finished 1 <- stop_attack 2",
            "sessions_list 2 <- sessions_list 2",
            "finished 2 <- stop_attack 1",
            "bye 1 <- long_attack 1",
            "bye 1 <- bye 1",
            "bye 2 <- new_attack 1",
        ]
    );
    // Handshake, version, answer, user asked, user, password, dump, orders, setup, order, scan, goodbye, order, scan, goodbye.
    assert_eq!(heard.phases, [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 10, 11, 12]);
    assert_eq!(heard.logins, [("anna".to_owned(), true, 1, 0, 1)]);
}

#[test]
fn an_order_in_mid_scan_starts_nothing() {
    let heard = hear(
        r"C: < NTP/1.2 >< fast_login >\n
        S: < NTP/1.2 >\nUser :\x20
        C: anna\n
        S: Password :\x20
        C: zQ7x-Jw9vKqZ-XkW4\n
        C: CLIENT <|> NEW_ATTACK <|> a <|> CLIENT\n
        S: s:p:a:1:9\n
        C: CLIENT <|> LONG_ATTACK <|>\n1\nbCLIENT <|> PREFERENCES <|>\n<|> CLIENT\nCLIENT <|> RULES <|>\n<|> CLIENT\n
        S: SERVER <|> PREFERENCES_ERRORS <|>\n<|> SERVER\ns:p:a:9:9\nSERVER <|> BYE <|> BYE <|> SERVER\n",
    );
    assert_eq!(heard.phases, [0, 1, 2, 3, 4, 5, 10, 11, 12]);
    assert_eq!(heard.unread(), Vec::<String>::new());
    assert_eq!(heard.messages.last().map(|message| message.name.as_str()), Some("bye"));
}

/// A connection of its own client port.
fn connection(port: u16, steps: &str) -> Vec<Vec<u8>> {
    let net = Net { client: SocketAddr::from(([10, 0, 0, 1], port)), ..Net::v4(1241) };
    net.frames(&Talk::whole([7 * u32::from(port), 9 * u32::from(port)], &talk(steps), &[1460]).packets)
}

fn attempt(user: &str, password: &str, answer: &str) -> String {
    format!("C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nUser :\\x20\nC: {user}\\n\nS: Password :\\x20\nC: {password}\\n\nS: {answer}\\n\n")
}

#[test]
fn guesses_are_counted_over_connections() {
    let refused = "Bad login attempt !";
    let mut frames = Vec::new();
    for (port, user) in (40_001..).zip(["root", "admin", "root", "nessus", "anna"]) {
        frames.extend(connection(port, &attempt(user, &format!("guess-{port}"), refused)));
    }
    frames.extend(connection(40_100, &attempt("anna", "right-one", "SERVER <|> PLUGIN_LIST <|>\\n<|> SERVER")));
    let heard = hear_source(memory(&captured(frames, 1000)));
    let judged = |user: &str, accepted, attempt, refused, users| (user.to_owned(), accepted, attempt, refused, users);
    assert_eq!(
        heard.logins,
        [
            judged("root", false, 1, 1, 1),
            judged("admin", false, 2, 2, 2),
            judged("root", false, 3, 3, 2),
            judged("nessus", false, 4, 4, 3),
            judged("anna", false, 5, 5, 4),
            judged("anna", true, 6, 5, 4),
        ]
    );
    assert_eq!(heard.sessions.len(), 6);
    assert_eq!(heard.unread(), Vec::<String>::new());
    // Wrong guesses are secrets too.
    assert!(heard.messages.iter().filter(|message| message.name == "password").all(|message| message.fields[0].1.starts_with("***")));
    // A refused login ends its dialogue in the phase of that name.
    assert_eq!(heard.phases[..7], [0, 1, 2, 3, 4, 5, 7]);
}

#[test]
fn a_login_without_a_dump_is_accepted_by_the_first_answer() {
    let text = attempt("anna", "zQ7x-Jw9vKqZ-XkW4", "SERVER <|> NESSUS_VERSION <|> 2.2.5 <|> SERVER");
    assert_eq!(hear(&text).logins, [("anna".to_owned(), true, 1, 0, 1)]);
    // Hydra-like: the same user again in a dialogue that was refused is not judged twice.
    let text = attempt("anna", "zQ7x-Jw9vKqZ-XkW4", "Bad login attempt !") + "S: Bad login attempt !\\n\n";
    assert_eq!(hear(&text).logins, [("anna".to_owned(), false, 1, 1, 1)]);
}
