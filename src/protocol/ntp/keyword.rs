//! The type words of the protocol, as a table: who says them, in which form, how that is known, and what they mean.

use super::block::Block;
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
    /// Where its form comes from: `seen` in a capture of captures/ntp, by number, or said by a section of the `spec` ntp-otp.
    #[cfg_attr(not(test), expect(dead_code, reason = "kept for the reader and for the test that no row is without"))]
    pub(super) source: &'static str,
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
    row(Server, b"PLUGIN_LIST", "plugin_list", Form::Block(Block::Plugins), "seen 22", "The server begins the list of its plugins, one a line."),
    row(Server, b"PREFERENCES", "preferences", Form::Block(Block::Preferences), "seen 22", "The server begins the list of its preferences and their defaults."),
    row(Server, b"RULES", "rules", Form::Block(Block::Rules), "seen 22", "The server begins the list of the user's rules; real servers leave it empty."),
    row(Server, b"PLUGINS_DEPENDENCIES", "plugins_dependencies", Form::Block(Block::Dependencies), "seen 22", "The server begins the list of which plugin needs which others."),
    row(Server, b"PLUGINS_MD5", "plugins_md5", Form::BlockOr(Block::Digests, "digest"), "seen 12", "The server gives the MD5 digest of its plugins, so that the client need not load them again."),
    row(Server, b"NVT_INFO", "nvt_info", Form::Fields(&["feed_version"]), "spec 5.3", "The server gives the version of its feed: {feed_version}."),
    row(Server, b"CERTIFICATES", "certificates", Form::Block(Block::Certificates), "seen 90", "The server begins the list of the keys that signed its plugins."),
    row(Client, b"COMPLETE_LIST", "complete_list", NOTHING, "seen 12", "The client asks for the whole plugin list."),
    row(Client, b"SEND_PLUGINS_MD5", "send_plugins_md5", NOTHING, "seen 12", "The client asks for the digest of every plugin."),
    row(Client, b"GO ON", "go_on", NOTHING, "seen 12", "The client is done with the plugins; the server may go on with the dump."),
    row(Client, b"PLUGIN_INFO", "plugin_info", Form::Fields(&["plugin_id"]), "seen 12", "The client asks for the record of plugin {plugin_id}."),
    row(Client, b"NVT_INFO", "nvt_info", NOTHING, "spec 5.3", "The client asks for the version of the feed."),
    row(Client, b"CERTIFICATES", "certificates", NOTHING, "seen 90", "The client asks for the keys that signed the plugins."),

    // The configuration of a scan.
    row(Client, b"PREFERENCES", "preferences", Form::Block(Block::Preferences), "seen 22", "The client begins its scan configuration, one preference a line."),
    row(Client, b"RULES", "rules", Form::Block(Block::Rules), "seen 13", "The client begins its own rules: which addresses may be scanned."),
    row(Server, b"PREFERENCES_ERRORS", "preferences_errors", Form::Block(Block::PreferenceErrors), "seen 22", "The server begins the list of preferences it could not take; an empty one means that all is well."),
    row(Client, b"ATTACHED_FILE", "attached_file", Form::Upload, "seen 16", "The client uploads a file of {size_bytes} bytes that belongs to its preferences."),
    row(Client, b"ATTACHED_PLUGIN", "attached_plugin", Form::Upload, "seen 16", "The client uploads a plugin of {size_bytes} bytes."),
    row(Server, b"FILE_ACCEPTED", "file_accepted", NOTHING, "seen 16", "The server took the file."),
    row(Server, b"PLUGIN_ACCEPTED", "plugin_accepted", NOTHING, "seen 16", "The server took the plugin, for this session."),
    row(Server, b"PLUGIN_DENIED", "plugin_denied", NOTHING, "seen 16", "The server refused the plugin."),

    // Scan orders.
    row(Client, b"NEW_ATTACK", "new_attack", Form::Attack, "seen 13", "The client orders a scan of {targets}."),
    row(Client, b"LONG_ATTACK", "long_attack", Form::LongAttack, "seen 22", "The client orders a scan of {targets}, counted as {size_bytes} bytes and without line end."),
    row(Client, b"SESSION_RESTORE", "session_restore", Form::Fields(&["session"]), "seen 17", "The client orders that the saved scan {session} goes on."),
    row(Client, b"STOP_ATTACK", "stop_attack", HOST, "seen 15", "The client orders the scan of {host} to stop."),
    row(Client, b"STOP_WHOLE_TEST", "stop_whole_test", NOTHING, "spec 5.7", "The client orders the whole scan to stop."),
    row(Client, b"PAUSE_WHOLE_TEST", "pause_whole_test", NOTHING, "spec 5.7", "The client orders the whole scan to pause."),
    row(Client, b"RESUME_WHOLE_TEST", "resume_whole_test", NOTHING, "spec 5.7", "The client orders the whole scan to go on."),

    // The scan as the server reports it.
    row(Server, b"STATUS", "status", Form::Status, "seen 13", "On {host} the server has done {done} of {total} ({action})."),
    row(Server, b"STAT", "stat", Form::Status, "seen 10", "On {host} the server has done {done} of {total}."),
    row(Server, b"PORT", "port", Form::Result, "seen 22", "On {host} a port is open: {service_field}."),
    row(Server, b"NOTE", "note", Form::Result, "seen 22", "A note about {host}, {service_field}{, from plugin |plugin_id}."),
    row(Server, b"INFO", "info", Form::Result, "seen 22", "A warning about {host}, {service_field}{, from plugin |plugin_id}."),
    row(Server, b"HOLE", "hole", Form::Result, "seen 22", "A security hole on {host}, {service_field}{, from plugin |plugin_id}."),
    row(Server, b"LOG", "log", Form::Result, "seen 93", "A log message about {host}, {service_field}{, from plugin |plugin_id}."),
    row(Server, b"DEBUG", "debug", Form::Result, "seen 93", "A debug message about {host}, {service_field}{, from plugin |plugin_id}."),
    row(Server, b"ALARM", "alarm", Form::Result, "spec 5.10", "An alarm about {host}, {service_field}{, from plugin |plugin_id}."),
    row(Server, b"ERRMSG", "errmsg", Form::Result, "spec 5.10", "An error in the scan of {host}, {service_field}."),
    row(Server, b"TIME", "time", Form::Time, "seen 22", "The server's clock at {moment}: {time}."),
    row(Server, b"FINISHED", "finished", HOST, "seen 22", "The scan of {host} is finished."),
    row(Server, b"PLUGINS_ORDER", "plugins_order", Form::Fields(&["plugin_ids"]), "spec 5.10", "The server tells in which order it runs the plugins."),
    row(Server, b"ERROR", "error", Form::Fields(&["text"]), "seen 19", "The server reports an error: {text}"),
    row(Server, b"BYE", "bye", Form::Fields(&["echo"]), "seen 22", "The scan is over."),
    row(Client, b"BYE", "bye", Form::Fields(&["echo"]), "spec 5.1", "The client confirms the end of the scan."),

    // Other orders and their answers.
    row(Client, b"SESSIONS_LIST", "sessions_list", NOTHING, "seen 17", "The client asks for the saved sessions."),
    row(Server, b"SESSIONS_LIST", "sessions_list", Form::Block(Block::Sessions), "seen 17", "The server begins the list of saved sessions."),
    row(Client, b"SESSION_DELETE", "session_delete", Form::Fields(&["session"]), "seen 17", "The client orders that the saved session {session} is deleted."),
    row(Client, b"DETACHED_SESSIONS_LIST", "detached_sessions_list", NOTHING, "spec 5.9", "The client asks for the scans that run without a client."),
    row(Server, b"DETACHED_SESSIONS_LIST", "detached_sessions_list", Form::Block(Block::Detached), "spec 5.9", "The server begins the list of scans that run without a client."),
    row(Client, b"STOP_DETACHED", "stop_detached", Form::Fields(&["process"]), "spec 5.9", "The client orders the scan without client {process} to stop."),
    row(Client, b"NESSUS_VERSION", "nessus_version", NOTHING, "seen 16", "The client asks which Nessus this is."),
    row(Server, b"NESSUS_VERSION", "nessus_version", Form::Fields(&["version"]), "seen 16", "The server is Nessus {version}."),
    row(Client, b"OPENVAS_VERSION", "openvas_version", NOTHING, "seen 90", "The client asks which OpenVAS this is."),
    row(Client, b"OPENVASSD_VERSION", "openvassd_version", NOTHING, "spec 5.1", "The client asks which OpenVAS this is."),
    row(Server, b"OPENVAS_VERSION", "openvas_version", Form::Fields(&["version"]), "seen 90", "The server is OpenVAS {version}."),
    row(Client, b"HUP_FATHER", "hup_father", NOTHING, "spec 5.1", "The client asks the server to reload itself."),
    row(Client, b"QUIT", "quit", NOTHING, "spec 5.1", "The client ends the session."),
    row(Server, b"PING", "ping", NOTHING, "spec 5.1", "The server asks whether the client is there."),
    row(Client, b"PONG", "pong", Form::Fields(&["echo"]), "spec 5.1", "The client is there."),
];

const fn row(from: Peer, word: &'static [u8], name: &'static str, form: Form, source: &'static str, sentence: &'static str) -> Keyword {
    Keyword { from, word, name, form, source, sentence }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_words_in_snake_case_and_unique_per_side() {
        for (index, row) in KEYWORDS.iter().enumerate() {
            let snake = String::from_utf8_lossy(row.word).to_lowercase().replace(' ', "_");
            assert_eq!(row.name, snake);
            assert!(row.source.starts_with("seen ") || row.source.starts_with("spec "), "{snake}");
            assert!(!KEYWORDS[..index].iter().any(|other| other.from == row.from && other.word == row.word), "{snake}");
        }
    }
}
