//! What the preferences mean that change the dialogue, the session files, the knowledge base, or how long a plugin may run.

use super::line;

/// What a preference means, and the plugin it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning<'a> {
    pub(super) text: &'static str,
    pub(super) plugin_id: Option<&'a [u8]>,
}

/// # Wire
///
/// [spec seed 001 §1, 3.6, 4, 5; ntp-otp 5.4] Two count when they are present, whatever their value; the others when it is `yes`.
#[rustfmt::skip]
const MEANINGS: [(&[u8], &str); 31] = [
    (b"plugin_set", "the plugins to run: ids joined by semicolons; an empty list or -1 means all, 0 none"),
    (b"TARGET", "the targets, which the attack order replaces"),
    (b"ntp_opt_show_end", "FINISHED is sent when a host is done"),
    (b"ntp_keep_communication_alive", "the connection stays open after BYE, whatever the value"),
    (b"ntp_short_status", "status comes in short lines"),
    (b"ntp_client_accepts_notes", "notes come as NOTE instead of INFO"),
    (b"ntp_escape_crlf", "line ends in findings come as backslash escapes, whatever the value"),
    (b"ntp_save_sessions", "the server can save and restore sessions"),
    (b"ntp_detached_sessions", "the server can scan without a client"),
    (b"save_session", "the server saves this session"),
    (b"save_empty_sessions", "the server saves sessions without results too"),
    (b"save_knowledge_base", "what is learnt of a host is kept (knowledge base)"),
    (b"only_test_hosts_whose_kb_we_have", "hosts without a knowledge base are left out"),
    (b"only_test_hosts_whose_kb_we_dont_have", "hosts with a knowledge base are left out"),
    (b"kb_restore", "the knowledge base of a host is loaded before its test"),
    (b"kb_dont_replay_scanners", "port scanners that ran before do not run again"),
    (b"kb_dont_replay_info_gathering", "information gathering that ran before does not run again"),
    (b"kb_dont_replay_attacks", "attacks that ran before do not run again"),
    (b"kb_dont_replay_denials", "denials of service that ran before do not run again"),
    (b"kb_max_age", "seconds after which a knowledge base is too old"),
    (b"detached_scan", "the server says BYE at once and scans without a client"),
    (b"continuous_scan", "the server begins again when it is done"),
    (b"delay_between_scan_loops", "seconds between two rounds of a continuous scan"),
    (b"detached_scan_email_address", "where the results of a scan without a client are mailed"),
    (b"max_hosts", "hosts tested at once"),
    (b"max_checks", "plugins run at once against one host"),
    (b"port_range", "ports to scan"),
    (b"optimize_test", "plugins whose services were not found are left out"),
    (b"safe_checks", "plugins that may harm a host are kept from doing so"),
    (b"auto_enable_dependencies", "plugins that others need are run too"),
    (b"plugins_timeout", "seconds a plugin may run"),
];

/// What is known of a preference's name.
pub(super) fn meaning(name: &[u8]) -> Option<Meaning<'_>> {
    if let Some(id) = name.strip_prefix(b"timeout.")
        && line::integer(id).is_some()
    {
        return Some(Meaning { text: "seconds this plugin may run; -1 means no limit", plugin_id: Some(id) });
    }
    let (_, text) = MEANINGS.iter().find(|(known, _)| *known == name)?;
    Some(Meaning { text, plugin_id: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferences_of_the_extensions_are_known() {
        for name in ["ntp_short_status", "save_session", "kb_max_age", "detached_scan_email_address", "only_test_hosts_whose_kb_we_have"] {
            assert!(meaning(name.as_bytes()).is_some(), "{name}");
        }
        assert_eq!(meaning(b"timeout.10246").unwrap().plugin_id, Some(&b"10246"[..]));
        assert_eq!(meaning(b"timeout.x"), None);
        assert_eq!(meaning(b"something"), None);
    }
}
