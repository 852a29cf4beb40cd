//! An exchange in the making: what its two messages have said so far.

use super::echo::Secrets;
use super::operation::Operation;
use super::redact;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::event::Phase;
use crate::evidence::Frames;
use crate::exchange::Auth;
use crate::exchange::BodyFacts;
use crate::limits::API_TEXT_BYTES;
use crate::protocol::http::Head;
use crate::protocol::http::Start;
use crate::time::Timestamp;
use std::borrow::Cow;

/// Bytes that any exchange takes, tokens of usual length included.
const FIXED_BYTES: usize = 1024;

/// What is known so far. Holds tokens, but only to compare them: they go no further than `stories`.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) number: u64,
    pub(super) method: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) operation: Operation,
    pub(super) auth: Auth,
    /// The session token of the request.
    pub(super) session: Option<Vec<u8>>,
    /// What of the request must not be seen in the response either.
    pub(super) secrets: Secrets,
    /// The token in the body of the response.
    pub(super) token: Option<Vec<u8>>,
    pub(super) notes: Vec<&'static str>,
    pub(super) request: Option<u64>,
    pub(super) response: Option<u64>,
    /// Frames of everything that belongs to it.
    pub(super) frames: Frames,
    /// Time of the first byte.
    pub(super) at: Timestamp,
    /// Time of the last byte of the request.
    pub(super) asked_at: Option<Timestamp>,
    /// Time of the first byte of the response.
    pub(super) answered_at: Option<Timestamp>,
    /// Time of the newest byte.
    pub(super) last_at: Timestamp,
    pub(super) status: Option<u16>,
    pub(super) reason: Vec<u8>,
    pub(super) request_body: BodyFacts,
    pub(super) response_body: BodyFacts,
    pub(super) fields: Vec<Field<'static>>,
    pub(super) asked: bool,
    pub(super) answered: bool,
}

impl Draft {
    /// Of a request whose head was read; without one, of a response whose request is not known.
    pub(super) fn new(number: u64, request: Option<&Head<'_>>, at: Timestamp) -> Self {
        let (method, target) = match request.map(|head| head.start) {
            Some(Start::Request { method, target }) => (method, target),
            _ => (&b""[..], &b""[..]),
        };
        let operation = if request.is_some() { Operation::of(method, target) } else { Operation::unseen() };
        let operation = without_secrets(operation, target);
        let mut draft = Self {
            number,
            method: method.to_vec(),
            target: target.to_vec(),
            operation,
            auth: Auth::None,
            session: None,
            secrets: request.map(Secrets::of).unwrap_or_default(),
            token: None,
            notes: Vec::new(),
            request: None,
            response: None,
            frames: Frames::default(),
            at,
            asked_at: None,
            answered_at: None,
            last_at: at,
            status: None,
            reason: Vec::new(),
            request_body: BodyFacts::default(),
            response_body: BodyFacts::default(),
            fields: Vec::new(),
            asked: request.is_none(),
            answered: false,
        };
        if let Some(head) = request {
            draft.who(head);
        }
        draft
    }

    /// About how many bytes it keeps.
    pub(super) fn weight(&self) -> usize {
        let text = |value: &Value<'_>| if let Value::Text(text) = value { text.len() } else { 0 };
        let fields = self.fields.iter().map(|field| text(&field.value).saturating_add(field.value.items().map(<[u8]>::len).sum()));
        let fields = fields.chain([self.secrets.bytes()]);
        fields.fold(self.target.len().saturating_add(self.method.len()).saturating_add(FIXED_BYTES), usize::saturating_add)
    }

    /// The words behind the status, if they quote no secret or all may be seen.
    pub(super) fn reason(&self, reveal: bool) -> Vec<u8> {
        let is_shown = reveal || !self.secrets.is_in(&self.reason);
        if is_shown { self.reason.clone() } else { format!("<redacted {} bytes>", self.reason.len()).into_bytes() }
    }

    /// Whether no response to it has begun.
    pub(super) fn is_waiting(&self) -> bool {
        self.status.is_none() && !self.answered
    }

    /// Whether it may be that its response is to another request.
    pub(super) fn is_guessed(&self) -> bool {
        self.notes.contains(&"order_unknown")
    }

    /// Whether there is a response and no request.
    pub(super) fn is_response_only(&self) -> bool {
        self.method.is_empty()
    }

    /// Who asks.
    ///
    /// # Wire
    ///
    /// [spec nessus-http-api] 3: `X-Cookie: token=` may be empty before the login; the names of the key header differ by client.
    fn who(&mut self, head: &Head<'_>) {
        let token = head.header("x-cookie").and_then(|cookie| memchr::memmem::find(cookie, b"token=").and_then(|at| cookie.get(at..)));
        let token =
            token.and_then(|token| token.get(6..)).map(|token| token.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii());
        self.session = token.filter(|token| !token.is_empty() && token.len() <= API_TEXT_BYTES).map(<[u8]>::to_vec);
        self.auth = match (&self.session, head.header("x-apikeys")) {
            (_, Some(_)) => Auth::Keys,
            (Some(_), None) => Auth::Session,
            (None, None) => Auth::None,
        };
        let mut note = |told: bool, name| {
            if told {
                self.notes.push(name);
            }
        };
        note(head.header("x-kl-kfa-ajax-request").is_some(), "webui");
        note(head.header("x-api-token").is_some(), "api_token");
        note(head.header("expect").is_some_and(|expect| expect.eq_ignore_ascii_case(b"100-continue")), "expects_continue");
    }

    /// The phase it belongs to.
    pub(super) fn phase(&self) -> &'static Phase {
        let ordinal = match (&*self.operation.name, self.operation.pattern.and_then(|(number, _)| number.chars().next())) {
            ("session.get" | "session.logout" | "session.keys" | "session.chpasswd", _) | (_, Some('0' | '1')) => 1,
            (_, Some('2' | 'T')) | ("editor.template", _) => 2,
            (_, Some('3')) => 3,
            ("scan.list", _) | (_, Some('4')) => 4,
            (_, Some('5')) => 5,
            (_, Some('6')) => 6,
            (_, Some('7')) => 7,
            _ => 8,
        };
        PHASES.iter().find(|phase| phase.ordinal == ordinal).unwrap_or(&OTHER)
    }
}

/// An operation without what of its path is a secret: an id that is as long as a token, a name that is made of a path.
fn without_secrets(mut operation: Operation, target: &[u8]) -> Operation {
    operation.scan_id = operation.scan_id.filter(|id| !redact::is_token(id.as_bytes()));
    operation.file = operation.file.filter(|id| !redact::is_token(id.as_bytes()));
    if operation.name.starts_with("xmlrpc.") && !redact::secrets_of_target(target).is_empty() {
        operation.name = "xmlrpc.other".into();
    }
    operation
}

const fn phase(ordinal: u16, title: &'static str, sentence: &'static str) -> Phase {
    Phase { ordinal, title: Cow::Borrowed(title), sentence: Cow::Borrowed(sentence) }
}

/// The seven patterns of the seed as phases; a client comes back to them as it likes.
///
/// # Wire
///
/// [spec nessus-http-patterns] patterns 1 to 7
static PHASES: [Phase; 7] = [
    phase(1, "authentication", "The client fetches the API token, and logs in: a user name and a password for a session token."),
    phase(2, "create scan", "The client chooses a template and creates a scan: name, targets, settings, maybe credentials."),
    phase(3, "launch scan", "The client starts the scan; the server goes on by itself."),
    phase(4, "scan status", "The client asks how the scan is doing, again and again."),
    phase(5, "export scan results", "The client asks for an export, waits until it is ready, and downloads it."),
    phase(6, "stop scan", "The client stops the scan before its end."),
    phase(7, "delete scan", "The client moves the scan to the trash and deletes it, or deletes it at once."),
];

static OTHER: Phase = phase(8, "other requests", "The client asks for something beside the life of a scan.");
