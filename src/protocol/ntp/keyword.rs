//! The type words of the protocol, as a table: who says them, in which form, in which phase, and what they mean.

use super::block::Block;
use super::phase;
use crate::peer::Peer;
use crate::peer::Peer::Client;
use crate::peer::Peer::Server;

/// What follows a type word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Fields in this order.
    Fields(&'static [&'static str]),
    /// A block of body lines.
    Block(Block),
    /// A block, or, when a field follows, one line with that field.
    BlockOr(Block, &'static str),
    /// A result: host, service, text, plugin.
    Result,
    /// How far a host is.
    Status,
    /// A moment of the scan.
    Time,
    /// The attack order in its 1.0 or later form.
    Attack,
    /// A counted list of targets.
    LongAttack,
    /// A counted file.
    Upload,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keyword {
    pub(super) from: Peer,
    pub(super) word: &'static [u8],
    /// Its name in outputs.
    pub(super) name: &'static str,
    pub(super) form: Form,
    /// The phase it belongs to; none: whatever the phase is.
    pub(super) phase: Option<u16>,
    pub(super) sentence: &'static str,
}

/// The row of a word in the mouth of one side.
pub(super) fn find(from: Peer, word: &[u8]) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|row| row.from == from && row.word == word)
}

const NOTHING: Form = Form::Fields(&[]);
const HOST: Form = Form::Fields(&["host"]);

#[rustfmt::skip]
const KEYWORDS: &[Keyword] = &[
    // The dump after the login.
    row(Server, b"PLUGIN_LIST", "plugin_list", Form::Block(Block::Plugins), Some(phase::DUMP), "The server begins the list of its plugins, one a line."),
    row(Server, b"PREFERENCES", "preferences", Form::Block(Block::Preferences), Some(phase::DUMP), "The server begins the list of its preferences and their defaults."),
    row(Server, b"RULES", "rules", Form::Block(Block::Rules), Some(phase::DUMP), "The server begins the list of the user's rules; real servers leave it empty."),
    row(Server, b"PLUGINS_DEPENDENCIES", "plugins_dependencies", Form::Block(Block::Dependencies), Some(phase::DUMP), "The server begins the list of which plugin needs which others."),
    row(Server, b"PLUGINS_MD5", "plugins_md5", Form::BlockOr(Block::Digests, "digest"), Some(phase::DUMP), "The server gives the MD5 digest of its plugins, so that the client need not load them again."),
    row(Server, b"NVT_INFO", "nvt_info", Form::Fields(&["feed_version"]), Some(phase::DUMP), "The server gives the version of its feed: {feed_version}."),
    row(Server, b"CERTIFICATES", "certificates", Form::Block(Block::Certificates), None, "The server begins the list of the keys that signed its plugins."),
    row(Client, b"COMPLETE_LIST", "complete_list", NOTHING, Some(phase::DUMP), "The client asks for the whole plugin list."),
    row(Client, b"SEND_PLUGINS_MD5", "send_plugins_md5", NOTHING, Some(phase::DUMP), "The client asks for the digest of every plugin."),
    row(Client, b"GO ON", "go_on", NOTHING, Some(phase::DUMP), "The client is done with the plugins; the server may go on with the dump."),
    row(Client, b"PLUGIN_INFO", "plugin_info", Form::Fields(&["plugin_id"]), None, "The client asks for the record of plugin {plugin_id}."),
    row(Client, b"NVT_INFO", "nvt_info", NOTHING, Some(phase::ORDERS), "The client asks for the version of the feed."),
    row(Client, b"CERTIFICATES", "certificates", NOTHING, None, "The client asks for the keys that signed the plugins."),

    // The configuration of a scan.
    row(Client, b"PREFERENCES", "preferences", Form::Block(Block::Preferences), Some(phase::SCAN_SETUP), "The client begins its scan configuration, one preference a line."),
    row(Client, b"RULES", "rules", Form::Block(Block::Rules), Some(phase::SCAN_SETUP), "The client begins its own rules: which addresses may be scanned."),
    row(Server, b"PREFERENCES_ERRORS", "preferences_errors", Form::Block(Block::PreferenceErrors), Some(phase::SCAN_SETUP), "The server begins the list of preferences it could not take; an empty one means that all is well."),
    row(Client, b"ATTACHED_FILE", "attached_file", Form::Upload, Some(phase::SCAN_SETUP), "The client uploads a file of {size_bytes} bytes that belongs to its preferences."),
    row(Client, b"ATTACHED_PLUGIN", "attached_plugin", Form::Upload, Some(phase::SCAN_SETUP), "The client uploads a plugin of {size_bytes} bytes."),
    row(Server, b"FILE_ACCEPTED", "file_accepted", NOTHING, None, "The server took the file."),
    row(Server, b"PLUGIN_ACCEPTED", "plugin_accepted", NOTHING, None, "The server took the plugin, for this session."),
    row(Server, b"PLUGIN_DENIED", "plugin_denied", NOTHING, None, "The server refused the plugin."),

    // Scan orders.
    row(Client, b"NEW_ATTACK", "new_attack", Form::Attack, Some(phase::SCAN_ORDER), "The client orders a scan of {targets}."),
    row(Client, b"LONG_ATTACK", "long_attack", Form::LongAttack, Some(phase::SCAN_ORDER), "The client orders a scan of {targets}, counted as {size_bytes} bytes and without line end."),
    row(Client, b"SESSION_RESTORE", "session_restore", Form::Fields(&["session"]), Some(phase::SCAN_ORDER), "The client orders that the saved scan {session} goes on."),
    row(Client, b"STOP_ATTACK", "stop_attack", HOST, None, "The client orders the scan of {host} to stop."),
    row(Client, b"STOP_WHOLE_TEST", "stop_whole_test", NOTHING, None, "The client orders the whole scan to stop."),
    row(Client, b"PAUSE_WHOLE_TEST", "pause_whole_test", NOTHING, None, "The client orders the whole scan to pause."),
    row(Client, b"RESUME_WHOLE_TEST", "resume_whole_test", NOTHING, None, "The client orders the whole scan to go on."),

    // The scan as the server reports it.
    row(Server, b"STATUS", "status", Form::Status, Some(phase::SCAN), "On {host} the server has done {done} of {total} ({action})."),
    row(Server, b"STAT", "stat", Form::Status, Some(phase::SCAN), "On {host} the server has done {done} of {total}."),
    row(Server, b"PORT", "port", Form::Result, Some(phase::SCAN), "On {host} a port is open: {service_field}."),
    row(Server, b"NOTE", "note", Form::Result, Some(phase::SCAN), "A note about {host}, {service_field}, from plugin {plugin_id}."),
    row(Server, b"INFO", "info", Form::Result, Some(phase::SCAN), "A warning about {host}, {service_field}, from plugin {plugin_id}."),
    row(Server, b"HOLE", "hole", Form::Result, Some(phase::SCAN), "A security hole on {host}, {service_field}, from plugin {plugin_id}."),
    row(Server, b"LOG", "log", Form::Result, Some(phase::SCAN), "A log message about {host}, {service_field}, from plugin {plugin_id}."),
    row(Server, b"DEBUG", "debug", Form::Result, Some(phase::SCAN), "A debug message about {host}, {service_field}, from plugin {plugin_id}."),
    row(Server, b"ALARM", "alarm", Form::Result, Some(phase::SCAN), "An alarm about {host}, {service_field}, from plugin {plugin_id}."),
    row(Server, b"ERRMSG", "errmsg", Form::Result, Some(phase::SCAN), "An error in the scan of {host}, {service_field}."),
    row(Server, b"TIME", "time", Form::Time, Some(phase::SCAN), "The server's clock at {moment}: {time}."),
    row(Server, b"FINISHED", "finished", HOST, Some(phase::SCAN), "The scan of {host} is finished."),
    row(Server, b"PLUGINS_ORDER", "plugins_order", Form::Fields(&["plugin_ids"]), Some(phase::SCAN), "The server tells in which order it runs the plugins."),
    row(Server, b"ERROR", "error", Form::Fields(&["text"]), None, "The server reports an error: {text}"),
    row(Server, b"BYE", "bye", Form::Fields(&["echo"]), Some(phase::GOODBYE), "The scan is over."),
    row(Client, b"BYE", "bye", Form::Fields(&["echo"]), None, "The client confirms the end of the scan."),

    // Other orders and their answers.
    row(Client, b"SESSIONS_LIST", "sessions_list", NOTHING, Some(phase::ORDERS), "The client asks for the saved sessions."),
    row(Server, b"SESSIONS_LIST", "sessions_list", Form::Block(Block::Sessions), None, "The server begins the list of saved sessions."),
    row(Client, b"SESSION_DELETE", "session_delete", Form::Fields(&["session"]), Some(phase::ORDERS), "The client orders that the saved session {session} is deleted."),
    row(Client, b"DETACHED_SESSIONS_LIST", "detached_sessions_list", NOTHING, Some(phase::ORDERS), "The client asks for the scans that run without a client."),
    row(Server, b"DETACHED_SESSIONS_LIST", "detached_sessions_list", Form::Block(Block::Detached), None, "The server begins the list of scans that run without a client."),
    row(Client, b"STOP_DETACHED", "stop_detached", Form::Fields(&["process"]), Some(phase::ORDERS), "The client orders the scan without client {process} to stop."),
    row(Client, b"NESSUS_VERSION", "nessus_version", NOTHING, None, "The client asks which Nessus this is."),
    row(Server, b"NESSUS_VERSION", "nessus_version", Form::Fields(&["version"]), None, "The server is Nessus {version}."),
    row(Client, b"OPENVAS_VERSION", "openvas_version", NOTHING, None, "The client asks which OpenVAS this is."),
    row(Client, b"OPENVASSD_VERSION", "openvassd_version", NOTHING, None, "The client asks which OpenVAS this is."),
    row(Server, b"OPENVAS_VERSION", "openvas_version", Form::Fields(&["version"]), None, "The server is OpenVAS {version}."),
    row(Client, b"HUP_FATHER", "hup_father", NOTHING, None, "The client asks the server to reload itself."),
    row(Client, b"QUIT", "quit", NOTHING, None, "The client ends the session."),
    row(Server, b"PING", "ping", NOTHING, None, "The server asks whether the client is there."),
    row(Client, b"PONG", "pong", Form::Fields(&["echo"]), None, "The client is there."),
];

const fn row(from: Peer, word: &'static [u8], name: &'static str, form: Form, phase: Option<u16>, sentence: &'static str) -> Keyword {
    Keyword { from, word, name, form, phase, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_words_in_snake_case_and_unique_per_side() {
        for (index, row) in KEYWORDS.iter().enumerate() {
            let snake = String::from_utf8_lossy(row.word).to_lowercase().replace(' ', "_");
            assert_eq!(row.name, snake);
            assert!(!KEYWORDS[..index].iter().any(|other| other.from == row.from && other.word == row.word), "{snake}");
        }
    }
}
