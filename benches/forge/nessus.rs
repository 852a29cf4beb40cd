//! Nessus dialogues with everything a scan has: login, plugin list, preferences, order, results; all text is made up.

use crate::frame::Random;
use crate::talk::Turn;

/// What the words of descriptions and findings are drawn from.
const WORDS: [&str; 32] = [
    "the", "remote", "service", "answers", "requests", "without", "checking", "their", "length", "which", "lets", "anybody", "read",
    "files", "of", "other", "users", "a", "newer", "release", "corrects", "this", "flaw", "default", "account", "allows", "login", "from",
    "outside", "disable", "it", "unless",
];
const FAMILIES: [&str; 10] = [
    "CGI abuses",
    "Windows",
    "General",
    "Service detection",
    "Gain root remotely",
    "Denial of Service",
    "FTP",
    "Backdoors",
    "Misc.",
    "Port scanners",
];
const CATEGORIES: [&str; 6] = ["infos", "attack", "denial", "scanner", "settings", "mixed"];
const PREFERENCES: [(&str, &str); 9] = [
    ("max_hosts", "30"),
    ("max_checks", "10"),
    ("log_whole_attack", "yes"),
    ("cgi_path", "/cgi-bin:/scripts"),
    ("port_range", "1-1024"),
    ("optimize_test", "yes"),
    ("checks_read_timeout", "5"),
    ("plugins_timeout", "320"),
    ("safe_checks", "yes"),
];
/// The options that the Unix client asks for; each adds a column to the plugin list, or messages.
const OPTIONS: &str = "plugins_cve_id plugins_version plugins_bugtraq_id plugins_xrefs timestamps dependencies";
/// What every object identifier of an OTP plugin begins with.
const OID: &str = "1.3.6.1.4.1.25623.1.0.";

/// Which dialogue it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// NTP/1.2 without options: records of seven columns.
    Plain,
    /// NTP/1.2 with all options: eleven columns, timestamps, dependencies.
    Full,
    /// OTP/1.0: thirteen columns, asked for by a digest.
    Otp,
}

/// A dialogue with so many plugins, and results for a host in so many steps.
pub(crate) fn dialogue(random: &mut Random, kind: Kind, plugins: u64, steps: u64) -> Vec<Turn> {
    let target = format!("192.168.{}.{}", random.below(255), random.between(1, 250));
    let mut turns = login(kind);
    let list = plugin_list(random, kind, plugins);
    let rules = "SERVER <|> RULES <|>\n<|> SERVER\n".to_owned();
    let dump = ["SERVER <|> PREFERENCES <|>\n", &preferences(random, 300), "<|> SERVER\n", &rules, &dependencies(random, kind)].concat();
    if kind == Kind::Otp {
        turns.push(Turn::server(format!("SERVER <|> PLUGINS_MD5 <|> {:032x} <|> SERVER\n", random.next())));
        turns.push(Turn::client("CLIENT <|> COMPLETE_LIST <|> CLIENT\n"));
        turns.push(Turn::server(list));
        turns.push(Turn::client("CLIENT <|> GO ON <|> CLIENT\n"));
        turns.push(Turn::server(dump));
    } else {
        turns.push(Turn::server(list + &dump));
    }
    order(random, kind, plugins, &target, &mut turns);
    results(random, kind, steps, &target, &mut turns);
    turns.push(Turn::server("SERVER <|> BYE <|> BYE <|> SERVER\n"));
    turns
}

/// Name and password travel in a segment, their line ends in another one, as some clients do.
fn login(kind: Kind) -> Vec<Turn> {
    let version = if kind == Kind::Otp { "< OTP/1.0 >" } else { "< NTP/1.2 >" };
    let options = if kind == Kind::Full { format!("< {OPTIONS} >") } else { String::new() };
    vec![
        Turn::client(format!("{version}{options}\n")),
        Turn::server(format!("{version}\n")),
        Turn::server("User : "),
        Turn::client("auditor"),
        Turn::client("\n"),
        Turn::server("Password : "),
        Turn::client("made-up"),
        Turn::client("\n"),
    ]
}

/// Words until there are so many bytes; some of the blanks are line ends, which are sent as semicolons.
fn words(random: &mut Random, bytes: u64, text: &mut String, breaks: bool) {
    let end = text.len() + bytes as usize;
    while text.len() < end {
        text.push_str(random.of(&WORDS));
        text.push(if breaks && random.below(9) == 0 { ';' } else { ' ' });
    }
    text.truncate(text.trim_end().len());
}

fn plugin_list(random: &mut Random, kind: Kind, plugins: u64) -> String {
    let mut text = String::from("SERVER <|> PLUGIN_LIST <|>\n");
    for number in 10_001..10_001 + plugins {
        text.push_str(&if kind == Kind::Otp { format!("{OID}{number} <|> ") } else { format!("{number} <|> ") });
        let name = random.between(15, 45);
        words(random, name, &mut text, false);
        text.push_str(&format!(" <|> {} <|> This script is (C) 2004 the laboratory <|> ;", random.of(&CATEGORIES)));
        let description = random.between(40, 170);
        words(random, description, &mut text, true);
        text.push_str(";;Solution : see the vendor's advisory;Risk factor : High <|> ");
        let summary = random.between(12, 42);
        words(random, summary, &mut text, false);
        text.push_str(&format!(" <|> {}", random.of(&FAMILIES)));
        if kind != Kind::Plain {
            let year = random.between(1999, 2005);
            let [minor, cve, bid, osvdb] = [99, 9999, 14_000, 20_000].map(|most| random.between(1, most));
            text.push_str(&format!(" <|> $Revision: 1.{minor} $ <|> CVE-{year}-{cve:04} <|> {bid} <|> OSVDB:{osvdb}"));
        }
        if kind == Kind::Otp {
            text.push_str(" <|> NOSIGNKEYS <|> cvss_base=7.5|risk_factor=High");
        }
        text.push('\n');
    }
    text + "<|> SERVER\n"
}

/// Well-known preferences, and so many of plugins.
fn preferences(random: &mut Random, count: u64) -> String {
    let mut text: String = PREFERENCES.iter().map(|(name, value)| format!("{name} <|> {value}\n")).collect();
    for number in 0..count {
        let name = random.between(10, 30);
        words(random, name, &mut text, false);
        text.push_str(&format!("[checkbox]:Step {number} of it <|> {}\n", if number % 3 == 0 { "yes" } else { "no" }));
    }
    text
}

fn dependencies(random: &mut Random, kind: Kind) -> String {
    if kind == Kind::Plain {
        return String::new();
    }
    let mut text = String::from("SERVER <|> PLUGINS_DEPENDENCIES\n");
    for _ in 0..200 {
        for end in [" <|> ", " <|> \n"] {
            words(random, 20, &mut text, false);
            text.push_str(end);
        }
    }
    text + "<|> SERVER\n"
}

/// The client's preferences with the list of plugins, and the order to scan.
fn order(random: &mut Random, kind: Kind, plugins: u64, target: &str, turns: &mut Vec<Turn>) {
    let oid = if kind == Kind::Otp { OID } else { "" };
    let set: String = (10_001..10_001 + plugins).map(|number| format!("{oid}{number};")).collect();
    let preferences = preferences(random, 300);
    turns.push(Turn::client(format!(
        "CLIENT <|> PREFERENCES <|>\nntp_opt_show_end <|> yes\n{preferences}plugin_set <|> {set}\n<|> CLIENT\n"
    )));
    if kind != Kind::Otp {
        turns.push(Turn::server("SERVER <|> PREFERENCES_ERRORS <|>\n<|> SERVER\n"));
    }
    turns.push(Turn::client("CLIENT <|> RULES <|>\ndefault accept\n<|> CLIENT\n"));
    turns.push(Turn::client(if kind == Kind::Plain {
        format!("CLIENT <|> NEW_ATTACK <|> {target} <|> CLIENT\n")
    } else {
        format!("CLIENT <|> LONG_ATTACK <|>\n{}\n{target}", target.len())
    }));
}

/// Progress in so many steps, every fifth one with a finding.
fn results(random: &mut Random, kind: Kind, steps: u64, target: &str, turns: &mut Vec<Turn>) {
    let time = |what: &str| Turn::server(format!("SERVER <|> TIME <|> {what} <|> Thu Jan  6 09:26:40 2005 <|> SERVER\n"));
    if kind == Kind::Full {
        turns.extend([time("SCAN_START"), time(&format!("HOST_START <|> {target}"))]);
    }
    for step in 0..steps {
        let (phase, of) = if step < steps / 3 { ("portscan", 1024) } else { ("attack", 2237) };
        turns.push(Turn::server(format!("SERVER <|> STATUS <|> {target} <|> {phase} <|> {}/{of} <|> SERVER\n", step * of / steps)));
        if step % 5 == 0 {
            let name = if step % 10 == 0 { "HOLE" } else { "INFO" };
            let (oid, id) = (if kind == Kind::Otp { OID } else { "" }, 10_001 + step);
            let mut text = format!("SERVER <|> {name} <|> {target} <|> http (80/tcp) <|> ;");
            let finding = random.between(100, 1000);
            words(random, finding, &mut text, true);
            turns.push(Turn::server(format!("{text};Risk factor : High <|> {oid}{id} <|> SERVER\n")));
        }
    }
    turns.push(Turn::server(format!("SERVER <|> FINISHED <|> {target} <|> SERVER\n")));
    if kind == Kind::Full {
        turns.extend([time(&format!("HOST_END <|> {target}")), time("SCAN_END")]);
    }
}
