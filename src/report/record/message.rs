//! Records of the dialogue: phases and messages, with the role of every byte.

use super::Body;
use super::Moment;
use super::Written;
use super::value::Fields;
use super::value::Text;
use crate::annotation::Payload;
use crate::annotation::Shown;
use crate::annotation::Token;
use crate::event::LoginJudged;
use crate::event::Message;
use crate::event::Phase;
use crate::grammar::Description;
use crate::report::pieces::pieces;
use crate::report::sentence::sentence;
use crate::time::Timestamp;
use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::json_schema;
use serde::Serialize;
use serde::Serializer;
use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

/// The dialogue moved on.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct PhaseEntered<'a> {
    /// Its number in the protocol's own order.
    ordinal: u16,
    /// A few words.
    title: &'a str,
    /// What happens in it.
    sentence: &'a str,
}

impl Body for PhaseEntered<'_> {
    const EVENT: &'static str = "phase_entered";
}

impl<'a> PhaseEntered<'a> {
    pub(super) fn of(phase: &'a Phase) -> Self {
        let Phase { ordinal, title, sentence } = phase;
        Self { ordinal: *ordinal, title, sentence }
    }
}

/// The language of a service that no dissector reads, as inferred.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct ProtocolDescribed<'a> {
    /// The description; sessions name it by its `id`.
    pub(super) description: &'a Description,
}

impl Body for ProtocolDescribed<'_> {
    const EVENT: &'static str = "protocol_described";
}

/// A login was accepted or refused.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct LoginJudgedRecord<'a> {
    /// Who tried.
    client_ip: IpAddr,
    /// Where.
    server_ip: IpAddr,
    /// On which port.
    port: u16,
    /// As whom.
    user: Text<'a>,
    /// Whether the server let it in.
    accepted: bool,
    /// Which try of this client on this service it was, from 1, over all connections.
    attempt: u64,
    /// How many of these tries were refused.
    refused: u64,
    /// How many user names it tried.
    users: u64,
}

impl Body for LoginJudgedRecord<'_> {
    const EVENT: &'static str = "login_judged";
}

impl<'a> LoginJudgedRecord<'a> {
    pub(super) fn of(judged: &LoginJudged<'a>) -> Self {
        let LoginJudged { client, server, user, accepted, attempt, refused, users } = *judged;
        Self { client_ip: client, server_ip: server.ip, port: server.port, user: Text::of(user), accepted, attempt, refused, users }
    }
}

/// A message is complete.
#[derive(Serialize, JsonSchema)]
pub(in crate::report) struct MessageDecoded<'a> {
    /// Protocol id.
    protocol: &'static str,
    /// Its number in the session, both directions together, from 1.
    number: u64,
    /// The number of the message it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    response_to: Option<u64>,
    /// The wire's own keyword in snake case, or a name of the protocol.
    name: &'a str,
    /// Who sent it: `client` or `server`.
    direction: &'static str,
    /// Ordinal of the phase it belongs to.
    phase: u16,
    /// What it says, for people.
    sentence: String,
    /// Time of the frame that brought the last byte, when it differs from `at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<Moment>,
    /// Length in bytes.
    length: u64,
    /// What it says, by name.
    fields: Fields<'a>,
    /// The role of every byte.
    tokens: Vec<TokenRecord>,
    /// The id of its type in the description of its session, where that was inferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    message_type: Option<&'a str>,
    /// With `--payload`: two hex digits a byte; a run of secret bytes is `<redacted N bytes>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<HexPayload<'a>>,
}

impl Body for MessageDecoded<'_> {
    const EVENT: &'static str = "message_decoded";
}

impl<'a> MessageDecoded<'a> {
    pub(super) fn of(message: &'a Message<'a>, at: Timestamp, payload: bool) -> Self {
        let annotation = message.annotation;
        Self {
            protocol: message.protocol,
            number: message.number,
            response_to: annotation.response_to.map(|request| request.number),
            name: &annotation.name,
            direction: message.from.name(),
            phase: annotation.phase,
            sentence: sentence(annotation),
            completed_at: (message.completed_at != at).then_some(Moment(message.completed_at)),
            length: annotation.span.len(),
            fields: Fields(&annotation.fields),
            tokens: annotation.tokens.iter().map(TokenRecord::of).collect(),
            message_type: message.inferred.and_then(|inferred| inferred.message_type.as_deref()),
            payload: payload.then_some(HexPayload(message.payload)),
        }
    }
}

/// A run of bytes with one role.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Token")]
struct TokenRecord {
    /// Start and end (exclusive), from the start of the message.
    bytes: [usize; 2],
    /// `control`, `keyword` or `data`.
    role: &'static str,
    /// What the bytes are.
    kind: &'static str,
    /// Present when they are a secret.
    #[serde(skip_serializing_if = "is_false")]
    secret: bool,
}

impl TokenRecord {
    fn of(token: &Token) -> Self {
        Self { bytes: [token.start, token.end], role: token.role.name(), kind: token.kind, secret: token.secret }
    }
}

/// Whether to leave a flag out; by reference, as serde asks.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The bytes of a message in hex, secrets as their length.
struct HexPayload<'a>(Payload<'a>);

impl HexPayload<'_> {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in pieces(self.0) {
            match piece.shown {
                Shown::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?,
                Shown::Redacted(bytes) => write!(f, "<redacted {bytes} bytes>")?,
            }
        }
        Ok(())
    }
}

impl Serialize for HexPayload<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Written(|f: &mut fmt::Formatter<'_>| self.write(f)))
    }
}

impl JsonSchema for HexPayload<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "HexPayload".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^([0-9a-f]{2}|<redacted [0-9]+ bytes>)*$" })
    }
}
