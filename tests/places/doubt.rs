//! Lines of a client's blocks behind a loss, sizes of blobs, and names of preferences: in doubt a value is a secret.

use crate::field;
use crate::logged_in;
use crate::messages;
use crate::names;
use ntp_sniff::peer::Peer;

#[test]
fn behind_a_loss_only_well_known_preferences_are_shown() {
    let said = messages(
        &logged_in(
            "C: CLIENT <|> PREFERENCES <|>\\nmax_hosts <|> 20\\n\nC: ..........\nC: rest\\nalice <|> PASSW0RDX\\nplugin_set <|> 10330;\\n\
             SSH[entry]:User : <|> root\\nSSH[sshlogin]:Key <|> PASSW0RDX\\nSSH[entry]:Passphrase <|> PASSW0RDX\\nPASSW0RDX\\n<|> CLIENT\\n\
             CLIENT <|> PREFERENCES <|>\\nalice <|> 1\\n<|> CLIENT\\n\n",
        ),
        Peer::Client,
    );
    let shown: Vec<_> = said.iter().skip(4).map(|said| (said.name.as_str(), field(said, "value").unwrap_or("-"))).collect();
    assert_eq!(
        shown,
        [
            ("preference", "20"),
            ("partial_line", "-"),
            ("unplaced", "-"),
            ("preference", "10330;"),
            ("preference", "root"),
            ("unplaced", "-"),
            ("preference", "Redacted(9)"),
            ("unplaced", "-"),
            ("block_end", "-"),
            ("preferences", "-"),
            ("preference", "1"),
            ("block_end", "-"),
        ]
    );
}

#[test]
fn a_line_that_begins_behind_a_loss_and_is_cut_again_is_hidden() {
    names("C: CLIENT <|> PREFERENCES <|>\\nmax\nC: .....\nC: x\\nalice <|> PASSW0RDX\nC: ....\nC: y\\n\n", Peer::Client);
}

#[test]
fn rules_behind_a_loss_and_lines_that_are_no_rules_are_hidden() {
    let block = "CLIENT <|> RULES <|>\\ndefault accept\\nreject !10.0.0.0/8\\nn:*;\\ny:*.lab.example;\\naccept client_ip/32\\n\
                 PASSW0RDX\\naccept two PASSW0RDX\\ndefault PASSW0RDX\\n";
    let rules = ["rules", "rule", "rule", "rule", "rule", "rule", "unplaced", "unplaced", "unplaced"];
    assert_eq!(names(&format!("C: {block}<|> CLIENT\\n\n"), Peer::Client), [&rules[..], &["block_end"]].concat());
    let lost = names("C: CLIENT <|> RULES <|>\\ndefault acc\nC: ...\nC: x\\ndefault accept\\n\n", Peer::Client);
    assert_eq!(lost, ["rules", "partial_line", "partial_line", "unplaced"]);
}

#[test]
fn sizes_are_read_as_the_servers_read_them() {
    let body = "CLIENT <|> TOKEN <|> PASSW0RDX <|> CLIENT\\nCLIENT <|> PREFERENCES <|>\\nalice <|> PASSW0RDX\\n";
    for size in ["89 bytes", " +89", "089", "89x"] {
        let text = format!(
            "C: CLIENT <|> ATTACHED_FILE\\nname: k\\ncontent: octet/stream\\nbytes: {size}\\n{body}CLIENT <|> SESSIONS_LIST <|> CLIENT\\n\n"
        );
        let said = messages(&logged_in(&text), Peer::Client);
        assert_eq!(said.iter().skip(3).map(|said| said.name.as_str()).collect::<Vec<_>>(), ["attached_file", "sessions_list"], "{size}");
        assert_eq!(field(&said[3], "size_bytes"), Some("Count(89)"), "{size}");
    }
    for size in ["0x10", "-5", "4294967296", "99999999999999999999", "", "x"] {
        let text = format!("C: CLIENT <|> LONG_ATTACK <|>\\n{size}\\nCLIENT <|> SESSIONS_LIST <|> CLIENT\\n\n");
        assert_eq!(names(&text, Peer::Client), ["long_attack", "sessions_list"], "{size}");
    }
}

#[test]
fn names_that_tell_a_secret_hide_the_value() {
    for name in [
        "Foo [radio]:x[password]:Key",
        "SSH[Password]:Key",
        "Lab[password] :Key",
        "Lab [v2][password]:Key",
        "X[1]:y[PASSWORD]:Zz",
        "1.2.3:77:Password:Key",
        "1.2.3:password:Zz",
        "SMTP[entry]:passwd",
        "key_file_pw",
        "HTTP[entry]:Cookie",
        "SNMP[entry]:Auth key",
        "ssh[entry]:PIN",
        "ssh[entry]:Key-phrase :",
        "SSH[Entry]:Passphrase",
        "HTTP login page[entry]:Login form fields :",
    ] {
        let text = format!("C: CLIENT <|> PREFERENCES <|>\\n{name} <|> PASSW0RDX\\n<|> CLIENT\\n\n");
        assert_eq!(names(&text, Peer::Client), ["preferences", "preference", "block_end"], "{name}");
    }
    for name in ["Nmap[entry]:Ping hosts", "Spinner[entry]:Spin", "SSH[entry]:Key", "opwat", "X[Checkbox]:Try empty passwords"] {
        let said = messages(&logged_in(&format!("C: CLIENT <|> PREFERENCES <|>\\n{name} <|> shown\\n<|> CLIENT\\n\n")), Peer::Client);
        assert_eq!(field(&said[4], "value"), Some("shown"), "{name}");
    }
}

#[test]
fn what_stands_behind_a_nul_in_a_password_is_hidden() {
    let names = names("C: CLIENT <|> PREFERENCES <|>\\nSSH[password]:Key <|> part\\0PASSW0RDX\\n<|> CLIENT\\n\n", Peer::Client);
    assert_eq!(names, ["preferences", "preference", "unplaced", "block_end"]);
    let names =
        crate::names("C: CLIENT <|> PREFERENCES <|>\\nSSH[password]:Key <|> part\\0rest <|> PASSW0RDX\\n<|> CLIENT\\n\n", Peer::Client);
    assert_eq!(names, ["preferences", "preference", "unplaced", "block_end"]);
}

#[test]
fn a_loss_to_the_end_of_a_blob_tells_the_place_wherever_the_parts_were_cut() {
    for (seen, lost) in [(65_536, 1000), (65_537, 999)] {
        let text = format!(
            "C: CLIENT <|> ATTACHED_FILE\\nname: k\\ncontent: octet/stream\\nbytes: 66536\\n\nC: {}\nC: {}\nC: CLIENT <|> STOP_WHOLE_TEST <|> CLIENT\\n\n",
            "x".repeat(seen),
            ".".repeat(lost)
        );
        assert_eq!(names(&text, Peer::Client).last().map(String::as_str), Some("stop_whole_test"), "{lost}");
    }
}
