//! The forms a secret has on the wire, in text and among binary bytes, and the conversations around it.

use crate::support::talk::Step;
use crate::support::talk::bytes;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use etherparse::PacketBuilder;
use ntp_sniff::peer::Peer;
use std::net::IpAddr;
use std::net::SocketAddr;

/// How often it is said, and in what.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// Sessions, each of another client.
    pub(crate) sessions: usize,
    /// Whether all say the same secret.
    pub(crate) shared: bool,
    pub(crate) datagrams: bool,
    /// Whether more is said before and behind it.
    pub(crate) busy: bool,
    /// What ends lines.
    pub(crate) end: &'static str,
}

/// A form: a conversation with `{}` where the secret stands, `{n}` where its length does in text, `{b}` as a byte; `$` ends a line, `@` one that always
/// has an end.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) name: &'static str,
    talk: &'static str,
}

const fn form(name: &'static str, talk: &'static str) -> Form {
    Form { name, talk }
}

/// In text.
pub(crate) const TEXT: [Form; 34] = [
    form("verb", "C: AUTH {}$\nS: +OK$\nC: PING$\nS: +PONG$"),
    form("verb alone", "C: AUTH {}$\nS: +OK$"),
    form("login", "S: 220 ready$\nC: LOGIN bob {}$\nS: 230 welcome$\nC: LIST a b$\nS: 226 sent$\nC: QUIT$\nS: 221 bye$"),
    form("pass", "S: 220 ready$\nC: USER bob$\nS: 331 go on$\nC: PASS {}$\nS: 230 in$\nC: LIST a$\nS: 226 sent$"),
    form("tabs", "C: USER\\x09bob$\nS: OK\\x09go$\nC: PASS\\x09{}$\nS: OK\\x09in$"),
    form("small verb", "C: auth {}$\nS: ok$\nC: get a$\nS: value 1$"),
    form("behind a sign", "C: AUTH {};x=1$\nS: OK;y=2$\nC: LIST a;z=3$\nS: OK;v=4$"),
    form("long verb", "C: AUTHENTICATE-BY-SHARED-SECRET-NOW {}$\nS: OK$\nC: NEXT$\nS: OK$"),
    form("asked for", "S: Login: $\nC: bob$\nS: Password: \nC: {}$\nS: Welcome$\nC: help$\nS: none$"),
    form("asked for in one line", "S: Password: \nC: {}$\nS: Welcome$\nC: help$\nS: none$"),
    form("asked for by pin", "S: PIN? $\nC: {}$\nS: OK$\nC: STATUS$\nS: FINE$"),
    form("element", "C: <login><user>bob</user><password>{}</password></login>$\nS: <ok/>$\nC: <get/>$\nS: <got/>$"),
    form("element with an attribute", "C: <login><pass kind=\"plain\">{}</pass></login>$\nS: <ok/>$"),
    form("attribute", "C: <login user=\"bob\" password=\"{}\"/>$\nS: <ok/>$\nC: <get/>$\nS: <got/>$"),
    form("zero bytes", "C: user\\0bob\\0password\\0{}\\0$\nS: ok$\nC: get\\0a\\0$\nS: ok$"),
    form("plain", "C: AUTH PLAIN \\0bob\\0{}$\nS: 235 in$\nC: NOOP$\nS: 250 fine$"),
    form("json", "C: {\"user\":\"bob\",\"password\":\"{}\"}$\nS: {\"ok\":true}$\nC: {\"get\":\"a\"}$\nS: {\"a\":1}$"),
    form("json with blanks", "C: { \"user\" : \"bob\", \"password\" : \"{}\", \"x\": 1 }$\nS: { \"ok\" : true }$"),
    form("json pin", "C: {\"user\":\"bob\",\"pin\":\"{}\"}$\nS: {\"ok\":true,\"sid\":\"{}\"}$"),
    form("pairs", "C: user=bob&token={}&x=1$\nS: ok=1$\nC: get=a$\nS: a=2$"),
    form("pairs pw", "C: user=bob;pw={};x=1$\nS: ok=1$\nC: get=a;pw={}$\nS: a=2$"),
    form("header", "C: GET /a HTTP/1.1$Host: a.b$Authorization: Bearer {}$$\nS: HTTP/1.1 200 OK$Server: x$$"),
    form("header of a key", "C: GET /a HTTP/1.1$Host: a.b$X-Api-Key: {}$$\nS: HTTP/1.1 200 OK$Set-Cookie: sid={}; path=/$$"),
    form("sentence", "C: HELLO$\nS: Your session key is: {}$\nC: LIST all of it$\nS: none of it$"),
    form("far behind", "C: SET a b c d e f g password {}$\nS: OK$\nC: GET a b c d e f g h$\nS: OK$"),
    form("told again", "C: LOGIN bob token {}$\nS: +OK {} welcome$\nC: PING a b$\nS: +OK pong$"),
    form(
        "reply",
        "C: LOGIN$\nS: +OK session token {}$\nC: LOGIN$\nS: +OK session token {}$\nC: LOGIN$\nS: +OK session token {}$\nC: LOGIN$\nS: +OK session token {}$",
    ),
    form("counted", "C: *2\\r\\n$4\\r\\nAUTH\\r\\n${n}\\r\\n{}\\r\\n\nS: +OK\\r\\n\nC: *1\\r\\n$4\\r\\nPING\\r\\n\nS: +PONG\\r\\n"),
    form(
        "counted with a name",
        "C: *3\\r\\n$4\\r\\nAUTH\\r\\n$3\\r\\nbob\\r\\n${n}\\r\\n{}\\r\\n\nS: +OK\\r\\n\nC: *2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n\nS: $1\\r\\nb\\r\\n",
    ),
    form("typed ahead", "C: hello$\nS: Name: \nC: bob@{}$\nS: Password: \nS: Welcome$\nC: help$\nS: none$"),
    form("without a line end", "C: AUTH {}\nS: OK\nC: PING\nS: PONG"),
    form("bearer", "C: Bearer {}$\nS: OK$\nC: next$\nS: OK$"),
    form("path", "C: GET /token/{}/list$\nS: 200 OK$\nC: GET /a/b$\nS: 200 OK$"),
    form(
        "columns",
        "C: CLIENT <|> LOGIN <|> bob <|> password <|> {} <|> CLIENT$\nS: SERVER <|> OK <|> SERVER$\nC: CLIENT <|> STATUS <|> 1 <|> CLIENT$\nS: SERVER <|> STATUS <|> 2 <|> SERVER$",
    ),
];

/// Among binary bytes.
pub(crate) const BINARY: [Form; 13] = [
    form(
        "counted text",
        "C: \\x01\\x00{b}{}\\x00\\x01\nS: \\x81\\x00\\x01\\x00\nC: \\x02\\x00\\x04\\x00\\x00\\x01\\xff\nS: \\x82\\x00\\x02\\x00\\x09",
    ),
    form("two counted texts", "C: \\x01\\x03bob{b}{}\nS: \\x81\\x00\nC: \\x02\\x01\\x00\\xfe\nS: \\x82\\x00\\x07"),
    form(
        "amqplain",
        "C: \\x01\\x00\\x00\\x05LOGINS\\x00\\x00\\x00\\x03bob\\x08PASSWORDS\\x00\\x00\\x00{b}{}\\xce\nS: \\x02\\x00\\x00\\xce",
    ),
    form("fixed", "C: \\x30\\x82\\x01\\x04{b}{}\\xa0\\x02\\x00\\x01\nS: \\x30\\x82\\x02\\x04{b}{}\\xa2\\x02\\x00\\x01"),
    form("ended by zero", "C: \\x01\\x00\\x00\\x2abob\\x00{}\\x00\\xff\\x01\nS: \\x02\\x00\\x00\\x08\\x00\\x01\nC: \\x03\\x00\\xfe\\x01"),
    form("ends it", "C: \\x01\\x00\\x00\\x2a{}\nS: \\x02\\x00\\x00\\x08\\x00\\x01\nC: \\x03\\x00\\xfe\\x01"),
    form("wide", "C: \\x01\\x00\\x00\\x2a{w}\\x00\\x00\\xff\nS: \\x02\\x00\\xee\\x08\\x00\\x01\nC: \\x03\\x00\\xfe\\x01"),
    form("echoed", "C: \\x01\\xfe{}\\x00\\x02\nS: \\x81\\xfe{}\\x00\\x09\nC: \\x03\\xfe{}\\x00\\x01\nS: \\x83\\xfe{}\\x00\\x01"),
    form("a pair", "C: \\x01\\x00\\xfepwd={}\\x00\\x01\nS: \\x81\\x00\\x00\\xff\nC: \\x02\\x00\\x01\\xfe\nS: \\x82\\x00\\x00\\xff"),
    form(
        "tagged",
        "C: \\x01\\x03\\x01\\x02\\x00\\x01\\x02{b}{}\\x03\\x01\\xff\nS: \\x81\\x00\\x00\\xff\nC: \\x02\\x03\\x01\\x02\\x00\\x07\nS: \\x82\\x00\\x00\\xff",
    ),
    form(
        "the server's",
        "C: \\x01\\x00\\x00\\x05\\xff\\x01\nS: \\x02\\x00{b}{}\\xff\\x00\nC: \\x01\\x00\\x01\\x06\\xff\\x01\nS: \\x03\\x00\\xff\\x01\\x00",
    ),
    form(
        "many",
        "C: \\x01\\x00{b}{}\\xff\\x01\nS: \\x02\\x00\\xff\\x00\nC: \\x01\\x00{b}{}\\xff\\x02\nS: \\x02\\x00\\xff\\x00\nC: \\x01\\x00{b}{}\\xff\\x03\nS: \\x02\\x00\\xff\\x00\nC: \\x01\\x00{b}{}\\xff\\x04\nS: \\x02\\x00\\xff\\x00\nC: \\x01\\x00{b}{}\\xff\\x05\nS: \\x02\\x00\\xff\\x00",
    ),
    form("with other letters", "C: \\x01\\x00{b}{}\u{e9}\u{e4}\\x00\\xff\\x01\nS: \\x02\\x00\\xff\\x00\nC: \\x02\\x00\\xff\\x01"),
];

/// Said before and behind, where more is said.
const TEXT_BEFORE: &str = "C: HELLO there$\nS: 200 fine$\nC: GET one$\nS: 201 it$";
const TEXT_BEHIND: &str = "C: GET two$\nS: 201 it$\nC: GET one$\nS: 201 it$\nC: BYE now$\nS: 200 bye$";
const BINARY_AROUND: &str = "C: \\x07\\x00\\x00\\x02\\xfe\\x01\nS: \\x87\\x00\\x00\\xff";

impl Form {
    fn is_binary(&self) -> bool {
        BINARY.iter().any(|form| form.name == self.name)
    }

    /// Frames of a service, and the secrets in them.
    pub(crate) fn service(&self, way: &Way, secret: &str) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let (mut frames, mut secrets) = (Vec::new(), Vec::new());
        for session in 0..way.sessions {
            // Another one of the same length.
            let own = if way.shared { secret.to_owned() } else { turned(secret, session) };
            let text = if way.busy { self.around() } else { self.talk.to_owned() };
            let net = Net {
                client: SocketAddr::from(([10, 0, 1, u8::try_from(session + 1).unwrap()], 40_000 + u16::try_from(session).unwrap())),
                ..Net::v4(9999)
            };
            let steps: Vec<Step> = talk(&filled(&text, &own, way.end)).into_iter().filter(|step| !step.bytes.is_empty()).collect();
            if way.datagrams {
                frames.extend(steps.iter().map(|step| datagram(&net, step)));
            } else {
                frames.extend(net.frames(&Talk::whole([9, 77], &steps, &[1460]).packets));
            }
            secrets.push(bytes(&own));
            secrets.dedup();
        }
        (frames, secrets)
    }

    fn around(&self) -> String {
        if self.is_binary() {
            [BINARY_AROUND, BINARY_AROUND, self.talk, BINARY_AROUND, BINARY_AROUND].join("\n")
        } else {
            [TEXT_BEFORE, self.talk, TEXT_BEHIND].join("\n")
        }
    }
}

/// A secret of the same letters in another order.
fn turned(secret: &str, by: usize) -> String {
    let (front, back) = secret.split_at(by.min(secret.len()));
    format!("{back}{front}")
}

fn filled(text: &str, secret: &str, end: &str) -> String {
    let size = secret.len();
    let wide: String = secret.bytes().fold(String::new(), |text, byte| text + &format!("\\x{byte:02x}\\0"));
    let text = text.replace("{n}", &size.to_string()).replace("{b}", &format!("\\x{size:02x}")).replace("{w}", &wide);
    // Counts have a dollar of their own: what is behind it is a digit.
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    for (place, letter) in letters.iter().enumerate() {
        let counts = letters.get(place + 1).is_some_and(char::is_ascii_digit);
        match letter {
            '$' if !counts => out.push_str(&end.escape_default().to_string()),
            '@' => out.push_str(&(if end.is_empty() { "\n" } else { end }).escape_default().to_string()),
            other => out.push(*other),
        }
    }
    out.replace("{}", secret)
}

/// A step as a datagram.
fn datagram(net: &Net, step: &Step) -> Vec<u8> {
    let (source, destination) = if step.from == Peer::Client { (net.client, net.server) } else { (net.server, net.client) };
    let (IpAddr::V4(from), IpAddr::V4(to)) = (source.ip(), destination.ip()) else { panic!("addresses of version 4") };
    let builder = PacketBuilder::ethernet2([2, 0, 0, 0, 0, 1], [2, 0, 0, 0, 0, 2]).ipv4(from.octets(), to.octets(), 64);
    let mut frame = Vec::new();
    builder.udp(source.port(), destination.port()).write(&mut frame, &step.bytes).unwrap();
    frame
}
