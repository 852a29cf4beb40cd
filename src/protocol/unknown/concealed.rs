//! What is hidden of text that tells its secrets only as a whole: keys over many lines, and answers that a later reply judges.

use super::testing::inferred;
use super::testing::sessions;
use super::testing::shown;

/// What is shown of a session.
fn seen(text: &str) -> String {
    shown(&inferred(&sessions(&[text])))
}

#[test]
fn a_private_key_is_hidden_from_its_beginning_to_its_end() {
    for key in ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"] {
        let text = format!(
            "C: STORE it\\r\\n-----BEGIN {key}-----\\r\\nProc-Type: 4,ENCRYPTED\\r\\n\\r\\nMIIEpAIB\\r\\nQUJDREVG\\r\\n-----END {key}-----\\r\\nLIST all\\r\\n
             S: 200 stored\\r\\n201 all\\r\\n"
        );
        let shown = seen(&text.repeat(5).replace("\\r\\nC:", "\\r\\n\nC:"));
        for part in ["MIIEpAIB", "QUJDREVG", "ENCRYPTED,", "4,ENCR"] {
            assert!(!shown.contains(part), "{key}: {shown}");
        }
        assert!(shown.contains("STORE it") && shown.contains("LIST ") && shown.contains("200 stored"), "{key}: {shown}");
    }
}

#[test]
fn a_private_key_in_one_line_is_hidden_and_a_public_one_is_not() {
    let shown = seen("C: STORE -----BEGIN EC PRIVATE KEY-----MHcCAQEEIB+abc=-----END EC PRIVATE KEY----- now\\n\nS: 200 ok\\n");
    assert!(!shown.contains("MHcC") && shown.contains("STORE"), "{shown}");
    let shown = seen("C: STORE it\\n-----BEGIN PUBLIC KEY-----\\nMFkwEwYH\\n-----END PUBLIC KEY-----\\nLIST all\\n\nS: 200 ok\\n");
    assert!(shown.contains("MFkwEwYH"), "{shown}");
}

#[test]
fn a_key_without_an_end_hides_what_its_side_says_and_no_other() {
    let shown = seen("C: PUT\\n-----BEGIN PRIVATE KEY-----\\nMIIEpAIB\\n\nS: 200 go on\\n\nC: QUJDREVG\\n\nS: 201 go on\\n");
    assert!(!shown.contains("MIIE") && !shown.contains("QUJD") && shown.contains("201 go on"), "{shown}");
}

#[test]
fn a_word_that_logs_in_is_no_tag_and_whoever_says_pass_logs_in() {
    let shown = seen(
        "C: AUTH2 bob hunter2x\r\n
S: ok\r\n",
    );
    assert!(!shown.contains("hunter2x"), "{shown}");
    let shown = seen(
        "S: PASS hunter2x\r\n
C: 230 ok\r\n",
    );
    assert!(!shown.contains("hunter2x"), "{shown}");
}

#[test]
fn a_login_is_hidden_though_other_bytes_end_messages_than_its_line() {
    // Nearly all lines end with both bytes, so that a newline alone ends none.
    let others = "C: STAT x\\r\\n\nS: +OK x\\r\\n\n".repeat(20);
    for login in ["PASS hunter2x", "PASS hunter2x y", "a1 LOGIN anna hunter2x", "xa LOGIN anna hunter2x", "AUTH\\nhunter2x"] {
        let text = format!("C: LIST all\\n{login}\\r\\n\nS: bye\\nfriend\\r\\n\n{others}");
        let shown = seen(&text);
        assert!(!shown.contains("hunter2x") && shown.contains("STAT x") && shown.contains("friend"), "{login}: {shown}");
    }
    let shown = seen(&format!("C: LIST\\r\\n\nS: +OK\\nPASS hunter2x\\nmore\\r\\n\n{others}"));
    assert!(!shown.contains("hunter2x") && shown.contains("+OK\nPASS "), "{shown}");
}

#[test]
fn what_answers_a_login_inside_of_a_message_is_hidden() {
    let others = "C: STAT x\\r\\n\nS: +OK x\\r\\n\n".repeat(20);
    for dialogue in [
        "C: LIST all\\nAUTH LOGIN\\r\\n\nS: 334 x\\r\\n\nC: aHVudGVyMng=\\r\\n\n",
        "C: LIST\\nAUTH LOGIN\\r\\n\nS: 334 VXNlcm5hbWU6\\r\\n\nC: YW5uYQ==\\r\\n\nS: 334 UGFzc3dvcmQ6\\r\\n\nC: aHVudGVyMng=\\r\\n\n",
        "C: HELLO all\\nLOGIN anna\\r\\n\nS: next\\r\\n\nC: aHVudGVyMng=\\r\\n\n",
    ] {
        for text in [format!("{dialogue}{others}"), format!("{others}{dialogue}"), format!("{others}{dialogue}{others}")] {
            let shown = seen(&text);
            assert!(!shown.contains("aHVud") && shown.contains("STAT x"), "{text}: {shown}");
        }
    }
}

#[test]
fn what_a_reply_judges_to_be_a_login_is_hidden() {
    for verdict in ["Login incorrect", "Access denied.", "You are logged in", "-ERR login failed", "Last login: Monday"] {
        for answer in ["SESAME", "hunter2x"] {
            let text =
                format!("S: Navn: \n C: bob\\r\\n\n S: Kodeord: \n C: {answer}\\r\\n\n S: {verdict}\\r\\n\n C: LIST\\r\\n\n S: ok\\r\\n");
            let shown = seen(&text);
            assert!(!shown.contains(answer) && shown.contains("bob") && shown.contains("LIST"), "{verdict}: {shown}");
        }
    }
    let shown = seen("S: > \n C: STATUS\\n\n S: 3 jobs done\\n> \n C: QUIT\\n\n S: bye\\n");
    assert!(shown.contains("STATUS") && shown.contains("QUIT"), "other replies judge nothing: {shown}");
}
