//! A conversation in text, and what the program hears: one line of text for each message.

use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::collect::into_sink;
use crate::support::collect::loud;
use crate::support::collect::text;
use crate::support::dialogues::SECRETS;
use crate::support::talk::Step;
use crate::support::talk::stream;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ntp_sniff::annotation::Shown;
use ntp_sniff::annotation::Value;
use ntp_sniff::capture::memory::Memory;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::report::FORMATS;
use ntp_sniff::report::Sink;
use std::io;

/// What is said of a message whose type word is in no table.
pub(crate) const GENERIC: &str = "A message whose type is not known to this program.";

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) flow: u64,
    pub(crate) from: Peer,
    pub(crate) name: String,
    pub(crate) number: u64,
    pub(crate) phase: u16,
    pub(crate) sentence: String,
    pub(crate) span: (u64, u64),
    /// The number of the message it answers.
    pub(crate) answers: Option<u64>,
    /// Names and values as text; a secret is `***` and its length.
    pub(crate) fields: Vec<(&'static str, String)>,
    /// Start, end and bytes of its tokens; the bytes of secrets are not there.
    pub(crate) tokens: Vec<(usize, usize, Option<Vec<u8>>)>,
}

impl Message {
    /// Who, what, and the fields, in one line.
    pub(crate) fn line(&self) -> String {
        let who = if self.from == Peer::Client { 'C' } else { 'S' };
        let fields: Vec<_> = self.fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{who} {} {}", self.name, fields.join("; ")).trim_end().to_owned()
    }
}

/// Client's or server's login that was judged: user, accepted, attempt, refused, users.
pub(crate) type Judged = (String, bool, u64, u64, u64);

/// What the program says of a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) messages: Vec<Message>,
    /// Protocol, version, options, and how many messages there were before.
    pub(crate) sessions: Vec<(String, String, String, usize)>,
    pub(crate) phases: Vec<u16>,
    pub(crate) logins: Vec<Judged>,
    pub(crate) anomalies: Vec<String>,
}

impl Heard {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.messages.iter().map(Message::line).collect()
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.messages.iter().map(|message| message.name.as_str()).collect()
    }

    /// Messages that are not read for what they are.
    pub(crate) fn unread(&self) -> Vec<String> {
        let unread = |message: &&Message| message.sentence == GENERIC || message.name == "unplaced" || message.name.starts_with("partial");
        self.messages.iter().filter(unread).map(Message::line).collect()
    }

    /// Messages follow each other in each direction, and tokens in each message.
    pub(crate) fn assert_tiled(&self) {
        let mut ends = std::collections::BTreeMap::new();
        for message in &self.messages {
            let end = ends.entry((message.flow, message.from.name())).or_insert(message.span.0);
            assert_eq!(*end, message.span.0, "{} does not follow", message.line());
            *end = message.span.1;
            let mut end = 0;
            for (start, stop, _) in &message.tokens {
                assert!(*start == end && *stop > *start, "tokens of {}: {:?}", message.line(), message.tokens);
                end = *stop;
            }
            assert_eq!(u64::try_from(end).unwrap(), message.span.1 - message.span.0, "tokens of {}", message.line());
        }
        assert!(self.messages.is_empty() || self.sessions.first().is_some_and(|(.., before)| *before == 0), "the session is said first");
    }
}

impl Sink for Heard {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match &event.kind {
            EventKind::SessionIdentified(_, session) => self.sessions.push((
                session.protocol.to_owned(),
                String::from_utf8_lossy(session.version.as_deref().unwrap_or_default()).into_owned(),
                String::from_utf8_lossy(&session.options.join(&b' ')).into_owned(),
                self.messages.len(),
            )),
            EventKind::PhaseEntered(phase) => self.phases.push(phase.ordinal),
            EventKind::LoginJudged(judged) => {
                let user = judged.user.escape_ascii().to_string();
                self.logins.push((user, judged.accepted, judged.attempt, judged.refused, judged.users));
            }
            EventKind::AnomalyFound(anomaly) => self.anomalies.push(format!("{anomaly:?}")),
            EventKind::MessageDecoded(message) => {
                let annotation = message.annotation;
                let bytes = |shown| if let Shown::Bytes(bytes) = shown { Some(Vec::from(bytes)) } else { None };
                self.messages.push(Message {
                    flow: event.flow.map_or(0, |flow| flow.0),
                    from: message.from,
                    name: annotation.name.clone().into_owned(),
                    number: message.number,
                    phase: annotation.phase,
                    sentence: annotation.sentence.to_owned(),
                    span: (annotation.span.start, annotation.span.end),
                    answers: annotation.response_to.map(|reference| reference.number),
                    // What a preference means is for people, and promised elsewhere.
                    fields: annotation
                        .fields
                        .iter()
                        .filter(|field| field.name != "meaning")
                        .map(|field| (field.name, rendered(&field.value)))
                        .collect(),
                    tokens: message.payload.pieces().map(|(token, shown)| (token.start, token.end, bytes(shown))).collect(),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rendered(value: &Value<'_>) -> String {
    match value {
        Value::Text(text) => text.escape_ascii().to_string(),
        Value::List(_) | Value::Parts(..) => {
            let items: Vec<_> = value.items().map(|item| item.escape_ascii().to_string()).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Count(number) => number.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::Redacted(bytes) => format!("***{bytes}"),
    }
}

/// A source of frames that carry these steps, cut so; frames come fast, so that no hole is given up on the way.
pub(crate) fn wire(steps: &[Step], cuts: &[usize]) -> Memory {
    memory(&captured(Net::v4(1241).frames(&Talk::whole([u32::MAX - 40, 3_000_000_000], steps, cuts).packets), 10))
}

/// What is heard of any source.
pub(crate) fn hear_source(mut source: Memory) -> Heard {
    let mut heard = Heard::default();
    into_sink(&mut source, &Limits::default(), false, &mut heard);
    heard
}

/// What is heard of these steps, in segments of 1460 bytes; the same in segments of every other length of `others`.
pub(crate) fn hear_cut(steps: &[Step], others: &[usize]) -> Heard {
    let heard = hear_source(wire(steps, &[1460]));
    for length in others {
        assert_eq!(heard, hear_source(wire(steps, &[*length])), "in segments of {length} bytes");
    }
    heard.assert_tiled();
    for from in [Peer::Client, Peer::Server] {
        let bytes = stream(steps, from);
        let mut end = 0;
        for message in heard.messages.iter().filter(|message| message.from == from) {
            let (start, stop) = (usize::try_from(message.span.0).unwrap(), usize::try_from(message.span.1).unwrap());
            for (first, last, shown) in &message.tokens {
                assert!(shown.as_ref().is_none_or(|shown| *shown == bytes[start + first..start + last]), "bytes of {}", message.line());
            }
            end = stop;
        }
        assert!(heard.messages.is_empty() || end == bytes.len(), "{}: {end} of {} bytes", from.name(), bytes.len());
    }
    assert_silent(steps);
    heard
}

/// What is heard of a conversation in text, in large segments and in segments of one byte.
pub(crate) fn hear(conversation: &str) -> Heard {
    hear_cut(&talk(conversation), &[1])
}

/// No output shows four bytes of a known secret that the conversation holds, however loud.
fn assert_silent(steps: &[Step]) {
    let said = steps.iter().flat_map(|step| step.bytes.iter().copied()).collect::<Vec<u8>>();
    let holds = |secret: &&str| memchr::memmem::find(&said, secret.as_bytes()).is_some();
    let secrets: Vec<&str> = SECRETS.into_iter().filter(holds).collect();
    if secrets.is_empty() {
        return;
    }
    for format in FORMATS {
        let output = text(&mut wire(steps, &[1460]), format.name, &loud(), false);
        for part in secrets.iter().flat_map(|secret| secret.as_bytes().windows(4)) {
            let hex: Vec<_> = part.iter().map(|byte| format!("{byte:02x}")).collect();
            for trace in [String::from_utf8(part.to_vec()).unwrap(), hex.concat(), hex.join(" ")] {
                assert!(!output.contains(&trace), "{} shows {trace}", format.name);
            }
        }
        for part in secrets.iter().flat_map(|secret| secret.as_bytes().windows(6)) {
            assert!(!output.contains(&STANDARD.encode(part)), "{} shows a secret in base64", format.name);
        }
    }
}

/// A login with these options behind the version.
pub(crate) fn login(version: &str, options: &str) -> String {
    let area = if options.is_empty() { String::new() } else { format!("< {options} >") };
    format!("C: < {version} >{area}\\n\nS: < {version} >\\nUser :\\x20\nC: anna\\n\nS: Password :\\x20\nC: zQ7x-Jw9vKqZ-XkW4\\n\n")
}

/// An NTP 1.2 login without options and with an empty plugin list.
pub(crate) fn plain() -> String {
    login("NTP/1.2", "") + "S: SERVER <|> PLUGIN_LIST <|>\\n<|> SERVER\\n\n"
}

/// An opening of OTP 2.0, which has no login.
pub(crate) const OTP2: &str = "C: < OTP/2.0 >\\n\nS: < OTP/2.0 >\\n\n";

/// The lines of what follows an opening.
pub(crate) fn after(opening: &str, conversation: &str) -> Vec<String> {
    let before = hear_source(wire(&talk(opening), &[1460])).messages.len();
    hear(&format!("{opening}{conversation}")).lines().split_off(before)
}

/// Compares lines; the expected ones stand in a text, blanks around them and empty ones left out.
#[track_caller]
pub(crate) fn assert_lines(lines: &[String], expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert!(lines == expected, "heard:\n{}\n\nexpected:\n{}\n", lines.join("\n"), expected.join("\n"));
}
