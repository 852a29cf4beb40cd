//! What is heard of a body, and what of it is hidden, however it is cut.

use super::Json;
use super::Listener;
use super::State;
use crate::protocol::nessus_api::gather::Gather;
use crate::protocol::nessus_api::marks::Kind;
use crate::protocol::nessus_api::marks::Marks;

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

/// A response with secrets as stars, to a request that had this password in it.
fn answered(request: &[u8], response: &[u8], cut: usize) -> String {
    let (mut asked, mut json) = (Gather::new("session.create", false), Json::new(false));
    json.take(request, &mut asked, &mut |_, _| ());
    let (mut heard, mut json, mut marks) = (Gather::new("session.create", true), Json::new(true), Marks::default());
    heard.secrets.join(&asked.secrets);
    for piece in response.chunks(cut) {
        json.take(piece, &mut heard, &mut |bytes, kind| marks.add(bytes, kind));
    }
    marks.add(json.unfinished(), Kind::ECHO);
    let tokens = marks.take();
    let secret = |at: usize| tokens.iter().any(|token| token.secret && (token.start..token.end).contains(&at));
    response.iter().enumerate().map(|(at, byte)| if secret(at) { '*' } else { char::from(*byte) }).collect()
}

#[test]
fn an_echo_is_hidden_whatever_else_of_its_text_is_a_secret() {
    for (password, text) in [
        (&b"hunter2xyz"[..], &br"bad hunter2xyz token=abc"[..]),
        (b"hunter2xyz", br"login u hunter2xyz failed \u0026 logged"),
        (b"hunter2xyz", br"hunter2xyz: {"),
        (b"hunter2xyz", br"token: abc, hunter2xyz"),
        (b"hunter2<xyz", br"bad hunter2\u003cxyz"),
        (b"hunter2/xyz", br"bad hunter2\/xyz"),
        (b"hunter2<xyz", br"bad hunter2%3Cxyz"),
        (b"hunter2 xyz", br"bad \u0068unter2%20xyz"),
        (b"hunter2xyz", b"bad hunt\\u0065r2xyz\xe9"),
        (b"hunter2xyz", b"bad\t\\u0068unter2xyz"),
        (b"hunter2xyz", br"\ud800 \u0068unter2xyz"),
        (b"hunter2xyz", br"hunt\x65r2xyz"),
    ] {
        let request = [br#"{"username":"u","password":""#, password, br#""}"#].concat();
        for end in [&br#"","code":"ab"}"#[..], b""] {
            let response = [br#"{"id":"1234","error":""#, text, end].concat();
            let hidden = "*".repeat(text.len());
            for cut in [1, 3, 7, response.len()] {
                let shown = answered(&request, &response, cut);
                assert!(shown.contains(&format!("\"error\":\"{hidden}")), "{} {cut}: {shown}", text.escape_ascii());
                assert!(shown.starts_with(r#"{"id":"1234","#), "{shown}");
            }
        }
    }
    // What was meant is not known: any text may quote it.
    for password in [&br"hunt\x65r2xyz"[..], br"hunt\u0065r2xyz\ud800"] {
        let request = [br#"{"username":"u","password":""#, password, br#""}"#].concat();
        assert!(!answered(&request, br#"{"error":"bad hunter2xyz"}"#, 9).contains("hunt"), "{}", password.escape_ascii());
    }
    for (password, response) in [("12345678", r#"{"n":12345678x"#), ("hunter2xyz", &format!("{{\"hunter2xyz{}\":1}}", "x".repeat(300)))] {
        let request = format!(r#"{{"username":"u","password":"{password}"}}"#);
        for cut in [1, 5, 20, 400] {
            let shown = answered(request.as_bytes(), response.as_bytes(), cut);
            assert!(!shown.contains("123") && !shown.contains("hunt"), "{cut}: {shown}");
        }
    }
    let request = br#"{"username":"u","password":"hunter2xyz"}"#;
    assert_eq!(answered(request, br#"{"error":"no token=abc","n":12345678}"#, 9), r#"{"error":"no token=***","n":12345678}"#);
}

#[test]
fn a_key_whose_escapes_are_odd_tells_a_secret_as_well() {
    for key in [
        &b"pa\\u0073sword\xe9"[..],
        br"\ud800pa\u0073sword",
        b"pa\\u0073sword\t",
        br"pa\u0073sword\x",
        br"pa\u0073sword\u00",
        br"toke\u006E\udfff",
        br"pa\x73sword",
        br"pa\u+073sword",
    ] {
        for value in [r#""SEKRET""#, "123456", r#"["SEKRET"]"#, r#"{"a":"SEKRET"}"#] {
            let body = [b"{\"", key, b"\":", value.as_bytes(), b"}"].concat();
            for is_response in [false, true] {
                let shown = read(&body, 100, is_response).1;
                assert!(!shown.contains("SEKRET") && !shown.contains("123"), "{shown}");
            }
        }
    }
    for key in [&b"caf\\u00e9\xe9"[..], b"na\\u006de\t", br"a\/b"] {
        let body = [b"{\"", key, b"\":\"shown\"}"].concat();
        assert!(read(&body, 100, true).1.contains("shown"), "{}", key.escape_ascii());
    }
}
