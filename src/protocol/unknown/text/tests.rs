//! Known text protocols, found again; and what they keep secret.

use crate::grammar::FramingKind;
use crate::grammar::Level;
use crate::peer::Peer;
use crate::peer::Transport;
use crate::protocol::unknown::testing::delimiter;
use crate::protocol::unknown::testing::inferred;
use crate::protocol::unknown::testing::service;
use crate::protocol::unknown::testing::sessions;
use crate::protocol::unknown::testing::shown;
use crate::protocol::unknown::testing::words;

const FTP: &str = r"
    S: 220 ftp.example.org ready.\r\n
    C: USER anna\r\n
    S: 331 Please specify the password.\r\n
    C: PASS s3cr3t-word\r\n
    S: 230 Login successful.\r\n
    C: SYST\r\n
    S: 215 UNIX Type: L8\r\n
    C: CWD pub\r\n
    S: 250 Directory successfully changed.\r\n
    C: TYPE I\r\n
    S: 200 Switching to Binary mode.\r\n
    C: RETR a.txt\r\n
    S: 150 Opening BINARY mode data connection for a.txt (12 bytes).\r\n226 Transfer complete.\r\n
    C: QUIT\r\n
    S: 221 Goodbye.\r\n
";

#[test]
fn ftp() {
    let service = sessions(&[FTP]);
    let inference = inferred(&service);
    let description = &inference.description;
    assert_eq!(description.grammar.terminators[0].text, "\\r\\n");
    assert_eq!(delimiter(description), " ");
    let words = words(description);
    for verb in ["USER", "PASS", "SYST", "CWD", "TYPE", "RETR", "QUIT", "220", "331", "230", "226", "221"] {
        assert!(words.contains(&verb), "{verb}: {words:?}");
    }
    assert!(!words.contains(&"anna"), "{words:?}");
    let shown = shown(&inference);
    assert!(!shown.contains("s3cr3t"), "{shown}");
    assert!(shown.contains("USER anna") && shown.contains("PASS *"), "{shown}");
    let names: Vec<&str> = description.grammar.message_types.iter().map(|kind| kind.name.as_str()).collect();
    assert!(names.contains(&"user") && names.contains(&"reply_331"), "{names:?}");
    let login = description.grammar.exchanges.iter().find(|exchange| exchange.count == 1).unwrap();
    assert_eq!(login.probability.parts(), 10_000);
}

#[test]
fn smtp_hides_what_logs_in() {
    let service = sessions(&[r"
        S: 220 mail.example.org ESMTP\r\n
        C: EHLO client.example.org\r\n
        S: 250-mail.example.org\r\n250-SIZE 10240000\r\n250-AUTH PLAIN LOGIN\r\n250 HELP\r\n
        C: AUTH LOGIN\r\n
        S: 334 VXNlcm5hbWU6\r\n
        C: YW5uYQ==\r\n
        S: 334 UGFzc3dvcmQ6\r\n
        C: aHVudGVyMg==\r\n
        S: 235 ok\r\n
        C: MAIL FROM:<anna@example.org>\r\n
        S: 250 ok\r\n
        C: RCPT TO:<bob@example.org>\r\n
        S: 250 ok\r\n
        C: DATA\r\n
        S: 354 go on\r\n
        C: Subject: hello\r\n\r\nText of it.\r\n.\r\n
        S: 250 queued\r\n
        C: QUIT\r\n
        S: 221 bye\r\n
    "]);
    let inference = inferred(&service);
    let words = words(&inference.description);
    for verb in ["EHLO", "MAIL", "RCPT", "DATA", "QUIT", "250", "354"] {
        assert!(words.contains(&verb), "{verb}: {words:?}");
    }
    let shown = shown(&inference);
    assert!(!shown.contains("aHVudGVyMg") && !shown.contains("YW5uYQ"), "{shown}");
    let json = serde_json::to_string(&inference.description).unwrap();
    assert!(!json.contains("aHVudGVyMg"), "{json}");
}

#[test]
fn lines_that_a_dot_ends_give_no_orders() {
    // Bodies in capitals, and of one line that is a verb elsewhere: sent when asked for, and behind an order in the same turn.
    let asked = r"
        S: 220 ready\r\n
        C: POST\r\n
        S: 340 send it\r\n
        C: HELLO everybody\r\nQUIT smoking today\r\nHELLO again\r\nBUY two\r\n.\r\n
        S: 240 posted\r\n
        C: POST\r\n
        S: 340 send it\r\n
        C: QUIT the day\r\nHELLO there\r\nBUY one\r\nBUY three\r\n.\r\n
        S: 240 posted\r\n
        C: LIST\r\n
        S: 215 groups follow\r\nSEA 3 1\r\nHILL 9 4\r\nSEA.BIRDS 7 4\r\nSEA 3 1\r\nSEA 3 1\r\n.\r\n
        C: QUIT\r\n
        S: 205 bye\r\n
    ";
    let service = sessions(&[asked]);
    let inference = inferred(&service);
    let words = words(&inference.description);
    for verb in ["POST", "LIST", "QUIT", "340", "215"] {
        assert!(words.contains(&verb), "{verb}: {words:?}");
    }
    for line in ["HELLO", "BUY", "SEA", "HILL"] {
        assert!(!words.contains(&line), "{line}: {words:?}");
    }
    let quit = inference.description.grammar.message_types.iter().find(|kind| kind.name == "quit").unwrap();
    assert_eq!(quit.count, 1, "a line of a body is no order, whatever it begins with");
}

#[test]
fn pop3() {
    let service = sessions(&[r"
        S: +OK ready\r\n
        C: CAPA\r\n
        S: +OK list follows\r\nUIDL\r\nTOP\r\n.\r\n
        C: USER anna\r\n
        S: +OK\r\n
        C: PASS tr0ub4dor\r\n
        S: +OK logged in\r\n
        C: STAT\r\n
        S: +OK 2 320\r\n
        C: LIST\r\n
        S: +OK 2 messages\r\n1 120\r\n2 200\r\n.\r\n
        C: RETR 1\r\n
        S: +OK 120 octets\r\nFrom: bob\r\n\r\nhello there\r\n.\r\n
        C: QUIT\r\n
        S: +OK bye\r\n
    "]);
    let inference = inferred(&service);
    assert_eq!(delimiter(&inference.description), " ");
    let words = words(&inference.description);
    for verb in ["CAPA", "USER", "PASS", "STAT", "LIST", "RETR", "QUIT", "+OK"] {
        assert!(words.contains(&verb), "{verb}: {words:?}");
    }
    assert!(!shown(&inference).contains("tr0ub4dor"));
}

#[test]
fn irc_is_divided_by_blanks() {
    let service = sessions(&[r"
        C: NICK anna\r\nUSER anna 0 * :Anna A\r\n
        S: :irc.example.org 001 anna :Welcome to the network anna\r\n:irc.example.org 002 anna :Your host is irc\r\n
        C: JOIN #rust\r\n
        S: :anna JOIN #rust\r\n
        C: PRIVMSG #rust :hello to all of you\r\n
        S: :bob PRIVMSG #rust :hello anna, good to see you\r\n
        C: PRIVMSG #rust :and good bye\r\n
        C: QUIT :gone for today\r\n
        S: ERROR :Closing Link\r\n
    "]);
    let inference = inferred(&service);
    assert_eq!(delimiter(&inference.description), " ");
    let words = words(&inference.description);
    for verb in ["NICK", "USER", "JOIN", "PRIVMSG", "QUIT"] {
        assert!(words.contains(&verb), "{verb}: {words:?}");
    }
}

#[test]
fn redis_counts_its_parts() {
    let service = sessions(&[r"
        C: *1\r\n$4\r\nPING\r\n
        S: +PONG\r\n
        C: *3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$12\r\nline\r\nbreaks\r\n
        S: +OK\r\n
        C: *2\r\n$3\r\nGET\r\n$3\r\nkey\r\n
        S: $12\r\nline\r\nbreaks\r\n
        C: *2\r\n$4\r\nAUTH\r\n$9\r\nsesame123\r\n
        S: -ERR no password is set\r\n
        C: *2\r\n$3\r\nGET\r\n$7\r\nmissing\r\n
        S: $-1\r\n
    "]);
    let inference = inferred(&service);
    let description = &inference.description;
    assert_eq!(description.grammar.framing.kind, FramingKind::LengthPrefix);
    let words = words(description);
    for verb in ["PING", "SET", "GET", "AUTH"] {
        assert!(words.contains(&verb), "{verb}: {words:?}");
    }
    assert_eq!(inference.units.len(), 10, "what counts says belongs together is one message");
    assert!(!shown(&inference).contains("sesame123"));
}

#[test]
fn headers_are_words_and_their_values_are_not() {
    let request = |path: &str, token: &str| {
        format!(
            "C: GET {path} HTTP/1.1\\r\\nHost: example.org\\r\\nUser-Agent: curl/8\\r\\nAuthorization: Bearer {token}\\r\\nAccept: */*\\r\\n\\r\\n\n"
        )
    };
    let response = "S: HTTP/1.1 200 OK\\r\\nServer: nginx\\r\\nContent-Type: text/plain\\r\\nContent-Length: 6\\r\\n\\r\\nhello\\n\n";
    let text =
        [request("/a", "topsecret1"), response.to_owned(), request("/b?password=hunter22", "topsecret1"), response.to_owned()].concat();
    let service = sessions(&[&text]);
    let inference = inferred(&service);
    assert_eq!(delimiter(&inference.description), ": ");
    let words = words(&inference.description);
    for word in ["GET", "Host", "User-Agent", "Content-Type", "Content-Length"] {
        assert!(words.contains(&word), "{word}: {words:?}");
    }
    let shown = shown(&inference);
    assert!(!shown.contains("topsecret1") && !shown.contains("hunter22"), "{shown}");
}

#[test]
fn what_is_typed_ahead_is_hidden_too() {
    let service = sessions(&[r"
        C: HELLO\n
        S: hello\n
        C: anna\nopensesame\n
        S: User : Password : 
        C: LIST\n
        S: one\ntwo\n
    "]);
    let shown = shown(&inferred(&service));
    assert!(!shown.contains("opensesame"), "{shown}");
}

/// Sentences as people write them, each with a secret in it.
const SENTENCES: [&str; 20] = [
    "Your session key is: Xy7Qumran",
    "session key is Xy7Qumran",
    "password for bob: Xy7Qumran",
    "The new password for account bob@example.org is Xy7Qumran",
    "the password was changed to Xy7Qumran",
    "note; password of bob = Xy7Qumran; bye",
    "API key: Xy7Qumran",
    "your access key was set to Xy7Qumran",
    "encryption_key=Xy7Qumran",
    "PIN: Xy7Qumran",
    "pin code is Xy7Qumran",
    "verification code: Xy7Qumran",
    "one-time code for bob is Xy7Qumran",
    "OTP is Xy7Qumran",
    "Bearer Xy7Qumran",
    "session id: Xy7Qumran",
    "sessionid=Xy7Qumran",
    "shared key `Xy7Qumran`",
    "the key is: Xy7Qumran",
    "login bob with Xy7Qumran as password",
];

#[test]
fn secrets_in_sentences_are_hidden() {
    for sentence in SENTENCES {
        // Divided at blanks, at signs, and not at all; said by either side; twice, so that it might pass for a word.
        for frame in ["NOTE {}", "NOTE <|> info <|> {} <|> NOTE", "{}", "note;{};x=1", "[INFO] - {}"] {
            let line = frame.replace("{}", sentence);
            for (asks, says) in [("C", "S"), ("S", "C")] {
                let talk = format!("{asks}: HELLO a\\r\\n\n{says}: {line}\\r\\n\n{asks}: LIST all of it\\r\\n\n{says}: {line}\\r\\n\n");
                let service = sessions(&[&talk, &talk]);
                let inference = inferred(&service);
                let json = serde_json::to_string(&inference.description).unwrap();
                let shown = shown(&inference);
                assert!(!shown.contains("Xy7Qumran"), "{says}: {line}: {shown}");
                assert!(!json.contains("Xy7Qumran") && !json.contains("5879375175"), "{says}: {line}: {json}");
            }
        }
    }
}

#[test]
fn a_login_behind_a_tag_is_hidden() {
    let service = sessions(&[r"
        S: * OK ready\r\n
        C: a1 CAPABILITY\r\n
        S: * CAPABILITY IDLE\r\na1 OK\r\n
        C: a2 LOGIN anna Xy7Qumran\r\n
        S: a2 OK\r\n
        C: a3 SELECT box\r\n
        S: a3 OK\r\n
        C: a4 FETCH 1 all\r\n
        S: a4 OK\r\n
        C: a5 FETCH 2 all\r\n
        S: a5 OK\r\n
        C: a6 FETCH 3 all\r\n
        S: a6 OK\r\n
    "]);
    let inference = inferred(&service);
    let shown = shown(&inference);
    assert!(!shown.contains("Xy7Qumran"), "{shown}");
    assert!(shown.contains("a6 FETCH 3 all"), "what is no login is told: {shown}");
}

#[test]
fn sentences_without_a_secret_stay_readable() {
    let service = sessions(&[r"
        S: 220 ready\r\n
        C: SIZE key\r\n
        S: 213 the keyboard is connected: 5 monkeys\r\n
        C: PIN\r\n
        S: 227 Entering Passive Mode: 10,0,0,1\r\n
        C: QUIT\r\n
        S: 221 spinning down: opinions noted\r\n
    "]);
    let shown = shown(&inferred(&service));
    for said in ["5 monkeys", "10,0,0,1", "opinions noted"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
}

#[test]
fn a_password_that_looks_like_a_word_is_no_word() {
    let login =
        |password: &str| format!("S: Login: \nC: ANNA\\n\nS: Password: \nC: {password}\\n\nS: WELCOME\\n\nC: LIST all\\n\nS: ITEM a\\n\n");
    let (one, two) = (login("SESAME"), login("SESAME"));
    let service = sessions(&[&one, &two]);
    let inference = inferred(&service);
    let json = serde_json::to_string(&inference.description).unwrap();
    assert!(!json.contains("SESAME") && !shown(&inference).contains("SESAME"), "{json}");
    assert!(words(&inference.description).contains(&"Password: "));
}

#[test]
fn lower_case_words_need_several_hosts() {
    let talk =
        |name: &str| format!("C: get {name}\\n\nS: value of {name}\\n\nC: put {name} 1\\n\nS: done\\n\nC: get {name}x\\n\nS: none\\n\n");
    let alone = talk("apple");
    let service = sessions(&[&alone]);
    assert!(!words(&inferred(&service).description).contains(&"get"), "one host: it may be data");
    let many = ["apple", "pear", "plum", "quince", "peach"].map(talk);
    let service = sessions(&many.each_ref().map(String::as_str));
    let inference = inferred(&service);
    let words = words(&inference.description);
    assert!(words.contains(&"get") && words.contains(&"put"), "{words:?}");
    assert!(!words.contains(&"apple"), "{words:?}");
}

const LOGIN: &str = r"
    S: 220 ready\r\n
    C: HELO a\r\n
    S: 250 ok\r\n
    S: Password:\r\n
    C: hunter2secret\r\n
    S: 230 in\r\n
    C: LIST\r\n
    S: 200 a b\r\n
";

#[test]
fn the_rest_of_a_line_is_hidden_behind_a_hole() {
    let mut service = sessions(&[LOGIN, LOGIN]);
    let turns = &mut service.sessions[1].turns;
    let place = turns.iter().position(|turn| turn.bytes.starts_with(b"hunter2")).unwrap();
    turns[place].bytes.drain(..3);
    turns[place].span.start += 3;
    turns[place].gap_before = 3;
    // What was put together late stands behind the answer to it.
    turns.swap(place, place + 1);
    let shown = shown(&inferred(&service));
    assert!(!shown.contains("ter2secret"), "{shown}");
    assert!(shown.contains("LIST"), "what follows is shown: {shown}");
}

#[test]
fn what_stands_behind_a_name_is_hidden_whatever_the_blank() {
    for line in [r"NOTE,password\thunter2", r"NOTE,passwort hunter2", r"NOTE,psk hunter2", r"hunter2 password hunter2"] {
        let script = format!("C: HELO a\\r\\n\nS: 250 ok\\r\\n\nC: {line}\\r\\n\nS: 250 ok\\r\\n\nC: QUIT a\\r\\n\nS: 221 bye\\r\\n\n");
        let shown = shown(&inferred(&sessions(&[&script])));
        assert!(!shown.ends_with("hunter2") && !shown.contains("password hunter2") && !shown.contains("t hunter2"), "{line}: {shown}");
        assert!(!shown.contains("\thunter2") && !shown.contains("psk hunter2"), "{line}: {shown}");
    }
}

#[test]
fn the_first_line_of_a_client_joined_midway_is_hidden() {
    let mut service = sessions(&[LOGIN]);
    let seen = &mut service.sessions[0];
    let place = seen.turns.iter().position(|turn| turn.bytes.starts_with(b"hunter2")).unwrap();
    (seen.whole, seen.turns) = (false, seen.turns.split_off(place));
    let shown = shown(&inferred(&service));
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("LIST"), "{shown}");
}

#[test]
fn datagrams_of_lines_say_what_ends_these() {
    let ask = |number: u8| format!("FETCH box:{number} BX/1\r\nFrom: <a@host>\r\nSize: 9\r\n\r\none\ntwo\nend").into_bytes();
    let answer = |number: u8| format!("BX/1 200 Well\r\nFrom: <b@host>\r\nSeen: {number}\r\n\r\n").into_bytes();
    let session = |host: u8| (host, (0..4).flat_map(|number| [(Peer::Client, ask(number)), (Peer::Server, answer(number))]).collect());
    let service = service(Transport::Udp, &[session(10), session(11), session(12)]);
    let grammar = inferred(&service).description.grammar;
    assert_eq!(grammar.framing.kind, FramingKind::Datagram);
    let ends: Vec<_> = grammar.terminators.iter().map(|end| (end.text.as_str(), end.level, end.count)).collect();
    assert_eq!(ends, [("\\r\\n", Level::Line, 24)]);
}
