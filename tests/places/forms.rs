//! Lines that are longer, shorter or more than a line.

use crate::field;
use crate::logged_in;
use crate::messages;
use crate::names;
use crate::support::collect::Said;
use ntp_sniff::peer::Peer;

/// The messages of an OTP server behind the version line.
fn otp(text: &str) -> Vec<Said> {
    messages(&format!("C: < OTP/2.0 >\\n\nS: < OTP/2.0 >\\n\n{text}"), Peer::Server).into_iter().skip(1).collect()
}

#[test]
fn results_of_the_first_version_are_port_and_text() {
    let said = messages(
        "C: < NTP/1.0 >\\nfm\\nPASSW0RDX\\n\nS: < NTP/1.0 >\\nUser : Password : SERVER <|> PLUGIN_LIST <|>\\n<|> SERVER\\n\n\
         S: SERVER <|> HOLE <|> 10.0.0.1 <|> 8080:proxy <|> separator inside the text <|> SERVER\\\\nBID (80/tcp) <|> SERVER\\n\n\
         S: SERVER <|> INFO <|> 10.0.0.1 <|> -1:a/b (80/tcp) <|> SERVER\\n\n\
         S: SERVER <|> PORT <|> 10.0.0.1 <|> 80 <|> SERVER\\n\n",
        Peer::Server,
    );
    let results: Vec<_> = said.iter().skip(5).map(|said| (field(said, "port"), field(said, "text"))).collect();
    assert_eq!(
        results,
        [
            (Some("Integer(8080)"), Some(r"proxy <|> separator inside the text <|> SERVER\\nBID (80/tcp)")),
            (Some("Integer(-1)"), Some("a/b (80/tcp)")),
            (Some("Count(80)"), None),
        ]
    );
}

#[test]
fn the_first_versions_form_is_known_where_the_version_is_not() {
    let said = messages(&logged_in("S: SERVER <|> HOLE <|> 10.0.0.1 <|> 0:text <|> more <|> SERVER\\n\n"), Peer::Server);
    assert_eq!(field(&said[3], "text"), Some("text <|> more"));
}

#[test]
fn empty_lines_in_blocks_are_empty_lines() {
    let server = "S: SERVER <|> PLUGIN_LIST <|>\\n\\n<|> SERVER\\nSERVER <|> PREFERENCES <|>\\n\\r\\n<|> SERVER\\n\n";
    assert_eq!(names(server, Peer::Server), ["plugin_list", "empty_line", "block_end", "preferences", "empty_line", "block_end"]);
    let client = "C: CLIENT <|> RULES <|>\\n\\ndefault accept\\n<|> CLIENT\\nCLIENT <|> PREFERENCES <|>\\n\\n<|> CLIENT\\n\n";
    let wanted = ["rules", "empty_line", "rule", "block_end", "preferences", "empty_line", "block_end"];
    assert_eq!(names(client, Peer::Client), wanted);
}

#[test]
fn a_clients_block_ends_where_it_does_for_the_server() {
    let unended = "C: CLIENT <|> PREFERENCES <|>\\nmax_hosts <|> 20\\n <|> CLIENTCLIENT <|> NEW_ATTACK <|> 10.0.0.1 <|> CLIENT\\n\n";
    assert_eq!(names(unended, Peer::Client), ["preferences", "preference", "block_end", "new_attack"]);
    let inside = "C: CLIENT <|> PREFERENCES <|>\\nname <|> a <|> CLIENT b\\nCLIENT <|> SESSIONS_LIST <|> CLIENT\\nmax <|> PASSW0RDX\\n\n";
    assert_eq!(names(inside, Peer::Client), ["preferences", "preference", "sessions_list", "unplaced"]);
}

#[test]
fn a_line_that_the_server_cut_ends_where_it_was_cut() {
    let long = "x".repeat(65_533 - "10330 <|> ".len());
    let text = format!("S: SERVER <|> PLUGIN_LIST <|>\\n10330 <|> {long}10335 <|> n <|> infos <|> c <|> d <|> s <|> f\\n<|> SERVER\\n\n");
    let said = messages(&logged_in(&text), Peer::Server);
    let lengths: Vec<_> = said.iter().skip(3).map(|said| (said.name.as_str(), said.span.1 - said.span.0)).collect();
    assert_eq!(lengths[1], ("plugin_record", 65_533));
    assert_eq!(lengths[2].0, "plugin_record");
    assert_eq!(field(&said[5], "plugin_id"), Some("10335"));
    assert_eq!(lengths[3].0, "block_end");
}

#[test]
fn a_result_may_have_several_lines() {
    let said = otp(
        "S: SERVER <|> ALARM <|> 10.0.0.9 <|> 80/tcp <|> one\\n\\ntwo <|> 3\\nthree <|> 1.3.6.1 <|> SERVER\\nSERVER <|> BYE <|> BYE <|> SERVER\\n\n",
    );
    assert_eq!(said.iter().map(|said| said.name.as_str()).collect::<Vec<_>>(), ["alarm", "bye"]);
    assert_eq!(field(&said[0], "text"), Some(r"one\n\ntwo <|> 3\nthree"));
    assert_eq!(field(&said[0], "plugin_id"), Some("1.3.6.1"));
}

#[test]
fn a_message_ends_a_result_that_does_not_end() {
    let said = otp("S: SERVER <|> LOG <|> 10.0.0.9 <|> 80/tcp <|> one\\ntwo\\nSERVER <|> BYE <|> BYE <|> SERVER\\n\n");
    assert_eq!(said.iter().map(|said| said.name.as_str()).collect::<Vec<_>>(), ["log", "unplaced", "bye"]);
    assert_eq!(field(&said[0], "text"), Some("one"));
}

#[test]
fn escapes_are_turned_back_only_when_they_were_asked_for() {
    let hole = "S: SERVER <|> HOLE <|> 10.0.0.1 <|> ssh (22/tcp) <|> a\\\\nb <|> 10330 <|> SERVER\\n\n";
    let asked = "C: CLIENT <|> PREFERENCES <|>\\nntp_escape_crlf <|> no\\n<|> CLIENT\\n\n";
    let said = messages(&logged_in(&format!("{hole}{asked}{hole}")), Peer::Server);
    let plain: Vec<_> = said.iter().skip(3).map(|said| field(said, "plain_text")).collect();
    assert_eq!(plain, [None, Some(r"a\nb")]);
}

#[test]
fn a_count_that_swallows_more_than_targets_shows_nothing_of_it() {
    let order = |blob: &str| format!("C: CLIENT <|> LONG_ATTACK <|>\\n{}\\n{blob}\n", blob.replace("\\n", "n").len());
    let targets = |blob: &str| field(&messages(&logged_in(&order(blob)), Peer::Client)[3], "targets").map(str::to_owned);
    assert_eq!(targets("10.0.0.1,10.0.0.2").as_deref(), Some("10.0.0.1,10.0.0.2"));
    assert_ne!(targets("10.0.0.1\\nhunter2"), Some(r"10.0.0.1\nhunter2".to_owned()));
    assert_ne!(targets("CLIENT <|> x <|> hunter2").as_deref(), Some("CLIENT <|> x <|> hunter2"));
}

#[test]
fn a_part_of_what_a_count_swallowed_shows_nothing() {
    messages(
        &logged_in(
            "C: CLIENT <|> LONG_ATTACK <|>\\n200\\n10.0.0.1\nC: ..........\nC: PASSW0RDX\nC: ..........\nC: CLIENT <|> BYE <|> ACK\\n\n",
        ),
        Peer::Client,
    );
}
