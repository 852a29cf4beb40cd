//! Gathers fields from a body while it passes: what the rules name, and the sums that scans ask for.

use super::echo::Secrets;
use super::json::Listener;
use super::names::unescaped;
use super::redact::percent_decoded;
use super::rules::RULES;
use super::rules::Rule;
use super::rules::Take;
use super::rules::mcp_status;
use crate::annotation::Field;
use crate::annotation::Value;
use crate::limits::API_FIELDS_BYTES;
use crate::limits::API_ITEMS;
use crate::limits::API_TEXT_BYTES;
use std::borrow::Cow;

/// What is gathered of one body.
#[derive(Debug, Default)]
pub(super) struct Gather {
    operation: String,
    pub(super) is_response: bool,
    /// The rules for values of such a body.
    rules: Vec<&'static Rule>,
    /// Those for what is but counted.
    counting: Vec<&'static Rule>,
    pub(super) fields: Vec<Field<'static>>,
    /// The token of a response: whoever has it, so it is kept but to compare.
    pub(super) token: Option<Vec<u8>>,
    /// Of a request, the secrets in it; of a response, those of its request.
    pub(super) secrets: Secrets,
    /// The only key of the outermost object, while there is no other one.
    pub(super) only_key: Option<String>,
    /// Keys of the outermost object.
    keys: u64,
    /// Bytes kept.
    used: usize,
    /// Whether something was left out because there was too much.
    pub(super) is_cut: bool,
    /// Current and total steps over all hosts.
    progress: (u64, u64),
    host: Item,
    hosts: Vec<Cow<'static, [u8]>>,
    scan: Item,
    scans: Vec<Cow<'static, [u8]>>,
    credentials: Vec<String>,
    settings: Vec<Cow<'static, [u8]>>,
}

/// An item of a list that becomes one text: its values, by place.
#[derive(Debug, Default)]
struct Item([Option<String>; 6]);

/// Members of a host, and of a scan in a list, in the order of the text.
const HOST: [&str; 6] = ["hostname", "critical", "high", "medium", "low", "info"];
const SCAN: [&str; 3] = ["id", "status", "name"];

impl Gather {
    pub(super) fn new(operation: &str, is_response: bool) -> Self {
        let fits = |rule: &&Rule| rule.1 == is_response && (rule.0 == "*" || rule.0 == operation);
        let (counting, rules) = RULES.iter().filter(fits).partition(|rule| rule.4 == Take::Count);
        Self { operation: operation.to_owned(), is_response, rules, counting, ..Self::default() }
    }

    /// Whether it is of a file that goes to the server.
    pub(super) fn is_upload(&self) -> bool {
        self.operation == "file.upload"
    }

    /// The text of a field.
    pub(super) fn text(&self, name: &str) -> Option<&[u8]> {
        self.fields
            .iter()
            .find(|field| field.name == name)
            .and_then(|field| if let Value::Text(text) = &field.value { Some(&**text) } else { None })
    }

    /// A field as text, whatever it is.
    pub(super) fn shown(&self, name: &str) -> Option<Vec<u8>> {
        let field = self.fields.iter().find(|field| field.name == name)?;
        Some(text_of(field.value.clone()).into_owned())
    }

    /// The body is over: sums and lists become fields.
    pub(super) fn end(&mut self) {
        self.finish_host();
        self.finish_scan();
        let (current, total) = self.progress;
        if total > 0 && !self.fields.iter().any(|field| field.name == "progress") {
            let percent = current.saturating_mul(100).checked_div(total).unwrap_or(0);
            self.fields.push(Field::new("progress", Value::Count(percent)));
        }
        if self.is_response
            && self.operation == "scan.status"
            && let Some(status) = self.text("status").and_then(mcp_status)
        {
            self.fields.push(Field::new("mcp_status", Value::text(status.as_bytes())));
        }
        for (name, list) in [("host_findings", &mut self.hosts), ("scan_list", &mut self.scans), ("settings", &mut self.settings)] {
            if !list.is_empty() {
                self.fields.push(Field::new(name, Value::List(std::mem::take(list))));
            }
        }
        if !self.credentials.is_empty() {
            let kinds = std::mem::take(&mut self.credentials).into_iter().map(|kind| Cow::Owned(kind.into_bytes())).collect();
            self.fields.push(Field::new("credential_kinds", Value::List(kinds)));
        }
    }

    fn take(&mut self, name: &'static str, take: Take, value: Option<Value<'static>>) {
        let bytes = if let Some(Value::Text(text)) = &value { text.len() } else { 0 };
        if bytes > 0 && !self.has_room(bytes) {
            return;
        }
        let place = self.fields.iter_mut().find(|field| field.name == name);
        match (take, value, place) {
            (Take::One, Some(value), None) => self.fields.push(Field::new(name, value)),
            (Take::Count, None, None) => self.fields.push(Field::new(name, Value::Count(1))),
            (Take::Count, None, Some(field)) => {
                if let Value::Count(count) = &mut field.value {
                    *count = count.saturating_add(1);
                }
            }
            (Take::List, Some(value), None) => self.fields.push(Field::new(name, Value::List(vec![text_of(value)]))),
            (Take::List, Some(value), Some(field)) => {
                if let Value::List(list) = &mut field.value {
                    if list.len() < API_ITEMS {
                        list.push(text_of(value));
                    } else {
                        self.is_cut = true;
                    }
                }
            }
            _ => {}
        }
    }

    /// The rules for what stands at a path; those that count, or the others.
    fn take_all(&mut self, path: &str, counts: bool, value: Option<&Value<'static>>) {
        let mut place = 0_usize;
        while let Some(Rule(_, _, at, name, take)) = if counts { self.counting.get(place) } else { self.rules.get(place) } {
            place = place.saturating_add(1);
            if *at == path {
                self.take(name, *take, value.cloned());
            }
        }
    }

    /// Whether there is room for a text of so many bytes; then it is taken.
    fn has_room(&mut self, bytes: usize) -> bool {
        let used = self.used.saturating_add(bytes);
        if used > API_FIELDS_BYTES {
            self.is_cut = true;
            return false;
        }
        self.used = used;
        true
    }

    /// Whether there is room for one more item of a list of so many, with so many bytes.
    fn has_place(&mut self, items: usize, bytes: usize) -> bool {
        self.is_cut |= items >= API_ITEMS;
        items < API_ITEMS && self.has_room(bytes)
    }

    fn finish_host(&mut self) {
        let Item(values) = std::mem::take(&mut self.host);
        let bytes = values.iter().flatten().map(|value| value.len().saturating_add(12)).fold(0, usize::saturating_add);
        if bytes > 0 && self.has_place(self.hosts.len(), bytes) {
            let texts = HOST.iter().zip(&values).filter_map(|(name, value)| {
                let value = value.as_deref()?;
                Some(if *name == "hostname" { value.to_owned() } else { format!("{name}={value}") })
            });
            self.hosts.push(Cow::Owned(texts.collect::<Vec<_>>().join(" ").into_bytes()));
        }
    }

    fn finish_scan(&mut self) {
        let Item(values) = std::mem::take(&mut self.scan);
        let bytes = values.iter().flatten().map(|value| value.len().saturating_add(1)).fold(0, usize::saturating_add);
        if bytes > 0 && self.has_place(self.scans.len(), bytes) {
            let texts: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
            self.scans.push(Cow::Owned(texts.join(" ").into_bytes()));
        }
    }

    /// A secret of a request. Where it is not known what it stands for, any text may quote it.
    fn secret(&mut self, raw: &[u8], value: Value<'static>) {
        let Some(text) = raw.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).filter(|text| text.contains(&b'\\')) else {
            return self.secrets.add(&text_of(value));
        };
        let (plain, known) = unescaped(text);
        self.secrets.add(&plain);
        if !known {
            self.secrets.unknown();
        }
    }

    /// Kinds of credentials in a request: `Host.SSH`; not what they hold.
    fn credential(&mut self, path: &str) {
        let kind = path.strip_prefix("credentials.add.").and_then(|kind| kind.strip_suffix("[]"));
        if let Some(kind) = kind.filter(|kind| !kind.contains("[]"))
            && self.has_place(self.credentials.len(), kind.len())
        {
            self.credentials.push(kind.to_owned());
        }
    }
}

impl Listener for Gather {
    fn begins(&mut self, path: &str) {
        if !self.is_response && !path.contains(['.', '[']) {
            self.keys = self.keys.saturating_add(1);
            self.only_key = (self.keys == 1).then(|| path.to_owned());
        }
        match (&*self.operation, self.is_response, path) {
            ("scan.status", true, "hosts[]") => self.finish_host(),
            ("scan.list", true, "scans[]") => self.finish_scan(),
            ("scan.create" | "scan.configure", false, path) => {
                self.credential(path);
                let setting =
                    path.strip_prefix("settings.").filter(|name| self.operation == "scan.configure" && !name.contains(['.', '[']));
                if let Some(setting) = setting
                    && self.has_place(self.settings.len(), setting.len())
                {
                    self.settings.push(Cow::Owned(setting.as_bytes().to_vec()));
                }
            }
            _ => {}
        }
        self.take_all(path, true, None);
    }

    fn wants(&self, path: &str) -> bool {
        // A request is short, and its secrets are needed whole; of a response all is compared with these.
        !self.is_response
            || !self.secrets.is_empty()
            || path == "token"
            || (self.operation == "scan.status" && path.starts_with("hosts[]."))
            || (self.operation == "scan.list" && path.starts_with("scans[]."))
            || self.rules.iter().any(|rule| rule.2 == path)
            || self.counting.iter().any(|rule| rule.2 == path)
    }

    fn passed(&mut self, bytes: usize) {
        self.is_cut |= bytes.saturating_add(2) > API_TEXT_BYTES;
    }

    fn value(&mut self, path: &str, raw: &[u8], secret: bool) {
        let value = value_of(raw);
        self.is_cut |= raw.len() > API_TEXT_BYTES;
        if secret {
            if !self.is_response
                && let Some(value) = value.clone()
            {
                self.secret(raw, value);
            }
            if self.is_response && path == "token" {
                self.token = value.map(text_of).map(Cow::into_owned);
            }
            return;
        }
        if self.is_response {
            let member =
                |list: &str, names: &[&str]| path.strip_prefix(list).and_then(|member| names.iter().position(|name| *name == member));
            let text = || value.clone().map(|value| String::from_utf8_lossy(&text_of(value)).into_owned());
            let number = || value.clone().and_then(|value| if let Value::Count(count) = value { Some(count) } else { None }).unwrap_or(0);
            match (&*self.operation, path) {
                ("scan.status", "hosts[].scanprogresscurrent") => self.progress.0 = self.progress.0.saturating_add(number()),
                ("scan.status", "hosts[].scanprogresstotal") => self.progress.1 = self.progress.1.saturating_add(number()),
                ("scan.status", _) => {
                    if let Some(place) = member("hosts[].", &HOST).and_then(|place| self.host.0.get_mut(place)) {
                        *place = text();
                    }
                }
                ("scan.list", _) => {
                    if let Some(place) = member("scans[].", &SCAN).and_then(|place| self.scan.0.get_mut(place)) {
                        *place = text();
                    }
                }
                _ => {}
            }
        }
        self.take_all(path, false, value.as_ref());
    }

    fn is_echo(&self, text: &[u8]) -> bool {
        if !self.is_response || self.secrets.is_empty() {
            return false;
        }
        // Of a longer text only the beginning is there to be looked through.
        if text.len() >= API_TEXT_BYTES || self.secrets.is_in(text) {
            return true;
        }
        let (plain, known) = match memchr::memchr(b'\\', text) {
            Some(_) => unescaped(text),
            None if text.contains(&b'%') => (text.to_vec(), true),
            None => return false,
        };
        // What is not known to stand for something else may stand for a secret.
        !known || self.secrets.is_in(&plain) || self.secrets.is_in(&percent_decoded(&plain))
    }
}

/// The value of raw JSON; none for `null`. A text with a raw control character in it, or cut in an escape, stays as the wire has it.
fn value_of(raw: &[u8]) -> Option<Value<'static>> {
    if let [b'"', plain @ .., b'"'] = raw
        && plain.iter().fold(true, |all, byte| all & !matches!(byte, b'"' | b'\\' | 0..=0x1f))
    {
        // It stands for itself, as nearly all text does.
        return Some(Value::Text(Cow::Owned(plain.to_vec())));
    }
    if raw.first() == Some(&b'"') {
        let text = serde_json::from_slice::<String>(raw).map(String::into_bytes);
        return Some(Value::Text(Cow::Owned(
            text.unwrap_or_else(|_| raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default().to_vec()),
        )));
    }
    match raw {
        b"null" => None,
        b"true" => Some(Value::Flag(true)),
        b"false" => Some(Value::Flag(false)),
        _ => {
            let number = str::from_utf8(raw).unwrap_or_default();
            let whole = number.parse().map(Value::Count).or_else(|_| number.parse().map(Value::Integer));
            Some(whole.unwrap_or_else(|_| Value::Text(Cow::Owned(raw.to_vec()))))
        }
    }
}

/// A value as text.
pub(super) fn text_of(value: Value<'static>) -> Cow<'static, [u8]> {
    match value {
        Value::Text(text) => text,
        Value::Count(count) => Cow::Owned(count.to_string().into_bytes()),
        Value::Integer(number) => Cow::Owned(number.to_string().into_bytes()),
        Value::Flag(flag) => Cow::Owned(flag.to_string().into_bytes()),
        Value::List(_) | Value::Parts(..) | Value::Redacted(_) => Cow::Borrowed(b""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::*;

    fn gathered(operation: &'static str, is_response: bool, body: &str) -> Vec<String> {
        let mut gather = Gather::new(operation, is_response);
        let mut json = Json::new(is_response);
        json.take(body.as_bytes(), &mut gather, &mut |_, _| ());
        json.end(&mut gather);
        gather.end();
        gather.fields.iter().map(|field| format!("{}={:?}", field.name, field.value.clone())).collect()
    }

    #[test]
    fn a_scan_is_asked_how_it_is_doing() {
        let body = r#"{"info":{"status":"paused","name":"N\u00e9"},"hosts":[{"hostname":"a","critical":1,"scanprogresscurrent":10,"scanprogresstotal":100},
            {"hostname":"b","low":2,"scanprogresscurrent":40,"scanprogresstotal":100}],"vulnerabilities":[{},{}]}"#;
        let fields = gathered("scan.status", true, body).join(" ");
        for wanted in ["hosts=Count(2)", "vulnerabilities=Count(2)", "progress=Count(25)"] {
            assert!(fields.contains(wanted), "{fields}");
        }
        assert!(fields.contains(&format!("mcp_status={:?}", Value::text(b"running"))), "{fields}");
        assert!(fields.contains(&format!("name={:?}", Value::text("N\u{e9}".as_bytes()))), "{fields}");
        let hosts = Value::List(vec![b"a critical=1"[..].into(), b"b low=2"[..].into()]);
        assert!(fields.contains(&format!("host_findings={hosts:?}")), "{fields}");
    }

    #[test]
    fn credentials_are_counted_by_kind() {
        let body = r#"{"settings":{"name":"x"},"credentials":{"add":{"Host":{"SSH":[{"a":"b"},{"a":"c"}]}}}}"#;
        let kinds = Value::List(vec![b"Host.SSH"[..].into(), b"Host.SSH"[..].into()]);
        assert_eq!(gathered("scan.create", false, body), [format!("name={:?}", Value::text(b"x")), format!("credential_kinds={kinds:?}")]);
    }

    #[test]
    fn a_list_may_be_null() {
        assert!(gathered("scan.list", true, r#"{"scans":null}"#).is_empty());
        assert_eq!(gathered("scan.list", true, r#"{"scans":[{"id":1,"name":"a","status":"empty"}]}"#)[0], "scans=Count(1)");
    }
}
