//! Lines of a login that are damaged: no byte of the password shows.

use crate::field;
use crate::messages;
use ntp_sniff::peer::Peer;

fn names(text: &str) -> Vec<String> {
    messages(text, Peer::Client).into_iter().map(|said| said.name).collect()
}

#[test]
fn a_damaged_line_end_of_the_user_hides_the_line() {
    for damage in ["\\x8a", "\\x0b", "\\x02", "\\x1a"] {
        let text = format!(
            "C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nUser :\\x20\nC: fm{damage}\nS: Password :\\x20\nC: PASSW0RDX\\n\nC: CLIENT <|> NESSUS_VERSION <|> CLIENT\\n\n"
        );
        assert_eq!(names(&text), ["version", "unplaced", "nessus_version"], "{damage}");
    }
}

#[test]
fn a_line_end_turned_into_a_letter_hides_the_line_behind_the_prompt() {
    for (behind, name) in [("CLIENT <|> NESSUS_VERSION <|> CLIENT\\n", Some("nessus_version")), ("\\n", Some("empty_line")), ("", None)] {
        let text = format!(
            "C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nUser :\\x20\nC: fmJ\nS: Password :\\x20\nC: PASSW0RDX\\n\nS: SERVER <|> PREFERENCES <|>\\n<|> SERVER\\n\nC: {behind}"
        );
        let said = names(&text);
        assert_eq!(said[0], "version");
        assert!(["unplaced", "partial_line"].contains(&said[1].as_str()), "{said:?}");
        assert_eq!(said.get(2).map(String::as_str), name, "{behind}");
    }
}

#[test]
fn a_damaged_line_end_of_the_version_hides_what_follows() {
    for damage in ["\\x8a", "J", "\\x0b", "*"] {
        let text = format!(
            "C: < NTP/1.2 >< fast_login >{damage}\nS: < NTP/1.2 >\\nUser :\\x20\nC: fm\\n\nS: Password :\\x20\nC: PASSW0RDX\\n\nC: CLIENT <|> NESSUS_VERSION <|> CLIENT\\n\n"
        );
        assert_eq!(names(&text), ["version", "unplaced", "nessus_version"], "{damage}");
        let both = format!("C: < NTP/1.2 >{damage}fm{damage}PASSW0RDX\\n\n");
        assert_eq!(names(&both), ["version"]);
    }
}

#[test]
fn version_lines_of_real_clients_are_none_of_these() {
    for (tail, options) in [
        ("", None),
        ("\\r", None),
        (" ", None),
        ("< plugins_version timestamps >", Some("plugins_version | timestamps")),
        ("< md5_caching plugins_cve_id plugins_version>", Some("md5_caching | plugins_cve_id")),
        (" < fast_login >\\r", Some("fast_login")),
    ] {
        let said = messages(&format!("C: < NTP/1.2 >{tail}\\nanna\\r\\nPASSW0RDX\\n\n"), Peer::Client);
        let names: Vec<_> = said.iter().map(|said| said.name.as_str()).collect();
        assert_eq!(names, ["version", "user", "password"], "{tail}");
        assert_eq!(field(&said[0], "options"), options, "{tail}");
        assert_eq!(field(&said[1], "user"), Some("anna"), "{tail}");
    }
}

#[test]
fn the_order_of_the_two_directions_does_not_matter() {
    let prompts = "S: < NTP/1.2 >\\nUser : Password :\\x20\n";
    let client = "C: < NTP/1.2 >\\n\nC: anna\\n\nC: PASSW0RDX\\n\nC: CLIENT <|> NESSUS_VERSION <|> CLIENT\\n\n";
    let said = messages(&format!("{client}{prompts}"), Peer::Client);
    assert_eq!(messages(&format!("{prompts}{client}"), Peer::Client), said);
    assert_eq!(field(&said[1], "user"), Some("anna"));
}

#[test]
fn the_end_of_an_over_long_user_name_is_the_password() {
    let user = "u".repeat(254);
    let said = messages(
        &format!("C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nUser :\\x20\nC: {user}PASSW0RDX\\n\nS: Password :\\x20\nC: PASSW0RDX\\n\n"),
        Peer::Client,
    );
    assert_eq!(said[1].name, "user");
    assert_eq!(field(&said[1], "user").map(str::len), Some(253));
    assert_eq!(said[2].name, "unplaced");
}

#[test]
fn a_user_line_like_an_order_is_hidden_when_no_password_follows() {
    for behind in ["", "C: ..........\nC: CLIENT <|> NESSUS_VERSION <|> CLIENT\\n\n"] {
        let text = format!(
            "C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nUser :\\x20\nS: Password :\\x20\nC: CLIENT <|> NEW_ATTACK <|> PASSW0RDX <|> CLIENT\\n\n{behind}"
        );
        assert!(!names(&text).contains(&"new_attack".to_owned()), "{behind}");
    }
}
