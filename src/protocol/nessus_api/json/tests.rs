//! What is heard of a body, and what of it is hidden, however it is cut.

use super::Json;
use super::Listener;
use super::State;

#[derive(Default)]
struct Heard(Vec<String>);

impl Listener for Heard {
    fn begins(&mut self, _path: &str) {}

    fn value(&mut self, path: &str, raw: &[u8], secret: bool) {
        self.0.push(format!("{path}={}{}", if secret { "!" } else { "" }, String::from_utf8_lossy(raw)));
    }
}

/// What was heard, the body with secrets as stars, and whether it was whole.
fn read(body: &[u8], cut: usize, is_response: bool) -> (Vec<String>, String, bool) {
    let (mut json, mut heard, mut kinds) = (Json::new(is_response), Heard::default(), Vec::new());
    for piece in body.chunks(cut) {
        json.take(piece, &mut heard, &mut |bytes, kind| kinds.extend(std::iter::repeat_n(kind, bytes)));
    }
    json.end(&mut heard);
    assert_eq!(kinds.len(), body.len());
    let shown = body.iter().zip(&kinds).map(|(byte, kind)| if kind.secret { '*' } else { char::from(*byte) }).collect();
    (heard.0, shown, json.is_whole() && !(json.state == State::Broken))
}

#[test]
fn values_have_paths_and_secrets_are_hidden_however_it_is_cut() {
    let body = br#"{"username":"a","password":"p\"w","list":[1,{"x":null,"credentials":{"add":{"SSH":[{"u":"r","n":12,"f":true}]}}}],"token" : 5}"#;
    let whole = read(body, body.len(), true);
    let heard = [
        "username=\"a\"",
        "password=!\"p\\\"w\"",
        "list[]=1",
        "list[].x=null",
        "list[].credentials.add.SSH[].u=!\"r\"",
        "list[].credentials.add.SSH[].n=!12",
        "list[].credentials.add.SSH[].f=true",
        "token=!5",
    ];
    assert_eq!(whole.0, heard);
    let shown =
        r#"{"username":"a","password":"****","list":[1,{"x":null,"credentials":{"add":{"SSH":[{"u":"*","n":**,"f":true}]}}}],"token" : *}"#;
    assert_eq!((whole.1.as_str(), whole.2), (shown, true));
    for cut in 1..body.len() {
        assert_eq!(read(body, cut, true), whole, "{cut}");
    }
}

#[test]
fn what_is_no_json_is_withheld_from_there_on() {
    for (body, shown) in [
        (&b"{\"a\":1 \"b\":2}"[..], "{\"a\":1 ******"),
        (b"secret", "******"),
        (b"nullGET", "null***"),
        (b"<html>", "******"),
        (b"[1}", "[**"),
        (b"{} x", "{} *"),
        (b"\"abc\"", "\"***\""),
        (b"123", "***"),
        (b"{\"p\\u0061ssword\":\"x\"}", "{\"p\\u0061ssword\":\"*\"}"),
    ] {
        assert_eq!(read(body, 100, false).1, shown, "{}", body.escape_ascii());
    }
    let deep = [b'['; 40];
    assert!(read(&deep, 100, false).1.ends_with("********"));
    assert!(!read(b"{\"a\":", 100, false).2);
    assert!(read(b"", 100, false).2 && read(b"null", 100, false).2);
}

#[test]
fn an_editor_shows_what_is_set_in_defaults() {
    let body = br#"[{"id":"password","default":"geheim"}]"#;
    assert_eq!(read(body, 100, false).1, r#"[{"id":"password","default":"******"}]"#);
}
