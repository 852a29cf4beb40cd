//! The body lines of blocks: plugin records, preferences, rules and the like.

use super::draft::Draft;
use super::escape;
use super::line;
use super::preference;
use super::record::Dialect;
use super::record::is_plugin_id;
use super::record::record;
use super::secret;
use super::session::CUT_BY_SERVERS;
use super::session::END_OF_CLIENT;
use crate::annotation::Field;
use crate::annotation::Role;
use crate::annotation::Value;
use crate::peer::Peer;
use memchr::memmem;
use std::ops::Range;

/// What the lines of a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    Plugins,
    Preferences,
    PreferenceErrors,
    Rules,
    Dependencies,
    Digests,
    Certificates,
    Sessions,
    Detached,
}

impl Block {
    /// Whether a line in the middle of this block is one message, and changes nothing of how others are read, whatever else it says:
    /// told at one look, and no where that is not plain.
    pub(super) fn is_plain_line(self, from: Peer, text: &[u8]) -> bool {
        if !begins_plainly(text.first()) {
            return false;
        }
        let mut separators = line::separators_at(text).filter_map(|at| text.get(at..)).peekable();
        match (from, self) {
            (Peer::Server, Self::Plugins) => text.len() <= CUT_BY_SERVERS,
            (Peer::Server, Self::Preferences | Self::Dependencies) => text.len() <= CUT_BY_SERVERS && separators.peek().is_some(),
            (Peer::Client, Self::Preferences) => {
                let changes = text.starts_with(escape::ASKED_BY) || separators.peek().is_none();
                !changes && !separators.any(|rest| rest.starts_with(END_OF_CLIENT))
            }
            _ => false,
        }
    }
}

/// Whether a line that begins so is no end marker, no order and not blank.
#[inline]
pub(super) fn begins_plainly(first: Option<&u8>) -> bool {
    first.is_some_and(|first| first.is_ascii_graphic() && !matches!(first, b'<' | b'S' | b'C'))
}

/// A body line's name and sentence.
pub(super) type Body = (&'static str, &'static str);

/// A line of the plugin list.
pub(super) const PLUGIN_RECORD: Body = ("plugin_record", "Plugin {plugin_id}, {plugin_name} ({category}, {family}).");

/// Reads a line of a block. `dialect` as the version lines tell; `after_loss` when bytes were lost since the
/// block began, so that the line may be something else. `None`: it has not the form of such a line.
pub(super) fn body(block: Block, draft: &mut Draft<'_>, dialect: &Dialect, after_loss: bool) -> Option<Body> {
    if after_loss && !is_plainly(block, draft.line) {
        return None;
    }
    match block {
        Block::Plugins => record(draft, dialect, after_loss).then_some(PLUGIN_RECORD),
        Block::Preferences => preference(draft, after_loss, true).then_some(("preference", "{name} is {value}.")),
        Block::PreferenceErrors => preference(draft, after_loss, true).then_some(("preference_error", "The server could not take {name}.")),
        Block::Rules => rule(draft),
        Block::Dependencies => dependency(draft),
        Block::Digests => pair(draft, line::SEPARATOR, ["plugin", "digest"], ("plugin_digest", "The digest of {plugin} is {digest}.")),
        Block::Certificates => certificate(draft),
        Block::Sessions => pair(draft, b" ", ["session", "targets"], ("session_record", "A saved scan of {targets}.")),
        Block::Detached => pair(draft, b" ", ["process", "targets"], ("detached_record", "A scan of {targets} runs without a client.")),
    }
}

/// Reads a body line of an unknown block by its form alone. Only for lines of the server.
pub(super) fn by_form(text: &[u8]) -> Option<Block> {
    let separators = line::separators(text);
    let fields = line::fields(text);
    let field = |index: usize| fields.get(index).and_then(|range| text.get(range.clone())).unwrap_or_default();
    if separators >= 6 && is_plugin_id(field(0)) {
        return Some(Block::Plugins);
    }
    if separators == 1 && is_digest(field(1)) {
        return Some(Block::Digests);
    }
    if separators >= 1 && secret::is_likely_name(field(0)) {
        return Some(Block::Preferences);
    }
    None
}

/// Whether a line is plainly of a block that may be over unseen: a preference, which may be a secret, has not such a form.
fn is_plainly(block: Block, text: &[u8]) -> bool {
    match block {
        Block::Dependencies => line::separators(text) >= 2 && text.trim_ascii_end().ends_with(line::SEPARATOR),
        Block::Digests => line::fields(text).get(1).and_then(|range| text.get(range.clone())).is_some_and(is_digest),
        Block::Sessions | Block::Detached => {
            let word = text.split(|byte| *byte == b' ').next().unwrap_or_default();
            !word.is_empty() && word.iter().all(|byte| byte.is_ascii_digit() || *byte == b'-')
        }
        Block::Plugins | Block::Preferences | Block::PreferenceErrors | Block::Rules | Block::Certificates => true,
    }
}

/// Whether a line of a client's block is one of its kind whatever it stands behind: its name is known, so that its value can be judged.
pub(super) fn is_well_known(block: Block, text: &[u8]) -> bool {
    block == Block::Preferences && cut(text, line::SEPARATOR).and_then(|(name, _)| text.get(name)).is_some_and(secret::is_well_known_name)
}

fn is_digest(text: &[u8]) -> bool {
    text.len() == 32 && text.iter().all(u8::is_ascii_hexdigit)
}

/// A preference: cut at the first separator; the value may hold anything.
///
/// # Wire
///
/// [seen captures/ntp 22] `max_hosts <|> 20`, `Plugin[type]:name <|> value`; blanks at the end of the name are cut by servers.
fn preference(draft: &mut Draft<'_>, after_loss: bool, whole: bool) -> bool {
    let Some((name, value)) = cut(draft.line, line::SEPARATOR) else { return false };
    let text = draft.bytes(&name);
    if after_loss && !secret::is_likely_name(text) {
        return false;
    }
    let parts = secret::preference_name(text);
    let content = draft.bytes(&value);
    draft.text(name, "name");
    // Of a value that goes on out of sight, a harmless beginning proves nothing.
    if secret::is_secret(&parts, if whole { content } else { b"?" }) {
        draft.secret(value, "value");
    } else if value.is_empty() {
        draft.note("value", Value::text(b""));
    } else {
        draft.text(value, "value");
    }
    if let Some(plugin) = parts.plugin {
        draft.note("plugin", Value::text(plugin));
    }
    if let Some(kind) = parts.kind {
        draft.note("type", Value::text(kind));
    }
    if let Some(meaning) = preference::meaning(text) {
        draft.note("meaning", Value::text(meaning.text.as_bytes()));
        if let Some(id) = meaning.plugin_id {
            draft.note("plugin_id", Value::text(id));
        }
    }
    if text == b"plugin_set" {
        let plugins = content.split(|byte| *byte == b';').filter(|id| is_plugin_id(id)).count();
        draft.note("plugins", Value::Count(u64::try_from(plugins).unwrap_or(u64::MAX)));
    }
    true
}

/// The beginning of a preference whose rest is lost: without a separator it is but its name.
pub(super) fn preference_head(draft: &mut Draft<'_>, after_loss: bool) -> bool {
    if line::separators(draft.line) > 0 {
        return preference(draft, after_loss, false);
    }
    if after_loss {
        return false;
    }
    draft.text(0..draft.line.len(), "name");
    true
}

/// # Wire
///
/// [spec ntp-otp 5.5] `default accept`, `reject !10.0.0.0/8`, and of the papers `n:*;`.
fn rule(draft: &mut Draft<'_>) -> Option<Body> {
    let mut words = draft.line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r')).filter(|word| !word.is_empty());
    let is_rule = match (words.next()?, words.next(), words.next()) {
        (b"accept" | b"reject" | b"deny", Some(whom), None) => is_address(whom),
        (b"default", Some(b"accept" | b"reject" | b"deny"), None) | ([b'n' | b'y', b':', .., b';'], None, None) => true,
        _ => false,
    };
    is_rule.then(|| {
        draft.text(0..draft.line.len(), "rule");
        ("rule", "The rule {rule}.")
    })
}

/// Whether a word is an address or a net, or the client's own.
fn is_address(word: &[u8]) -> bool {
    let word = word.strip_prefix(b"!").unwrap_or(word);
    let mask = word.strip_prefix(b"client_ip");
    let word = mask.unwrap_or(word);
    (mask.is_some() || !word.is_empty()) && word.iter().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':' | b'/'))
}

/// `name <|> dep name <|> dep name <|> `
fn dependency(draft: &mut Draft<'_>) -> Option<Body> {
    let fields = line::fields(draft.line);
    let (plugin, needs) = fields.split_first().filter(|(_, needs)| !needs.is_empty())?;
    draft.text(plugin.clone(), "plugin");
    let needs: Vec<_> = needs.iter().filter(|range| !range.is_empty()).cloned().collect();
    for need in &needs {
        draft.token(need.clone(), Role::Data, "needs", false);
    }
    let values = needs.iter().map(|range| draft.bytes(range).into()).collect();
    draft.fields.push(Field::new("needs", Value::List(values)));
    Some(("dependency", "{plugin} needs {needs}."))
}

fn certificate(draft: &mut Draft<'_>) -> Option<Body> {
    let fields = line::fields(draft.line);
    if fields.len() < 5 {
        return None;
    }
    super::result::named(draft, &fields, &["fingerprint", "owner", "trust", "key_bytes", "key"]);
    Some(("certificate", "A key of {owner}: {trust}."))
}

/// Two parts, cut at the first separator.
fn pair(draft: &mut Draft<'_>, separator: &[u8], names: [&'static str; 2], body: Body) -> Option<Body> {
    let (left, right) = cut(draft.line, separator)?;
    let [first, second] = names;
    draft.text(left, first);
    draft.text(right, second);
    Some(body)
}

/// What stands before and behind the first separator, without the one blank on each side.
fn cut(text: &[u8], separator: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
    let at = memmem::find(text, separator)?;
    let blank = |index: Option<usize>| usize::from(index.and_then(|index| text.get(index)) == Some(&b' '));
    let behind = at.saturating_add(separator.len());
    if separator == b" " {
        return Some((0..at, behind..text.len()));
    }
    Some((0..at.saturating_sub(blank(at.checked_sub(1))), behind.saturating_add(blank(Some(behind))).min(text.len())..text.len()))
}
