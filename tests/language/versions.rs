//! Sections 1.4 and 2: the dump each version and option calls for, the version lines of known clients, and odd answers.

use crate::hear::OTP2;
use crate::hear::after;
use crate::hear::assert_lines;
use crate::hear::hear;
use crate::hear::login;

/// A whole dialogue's session: protocol, version, options.
fn session(line: &str) -> (String, String, String) {
    let heard = hear(&format!("C: {line}\n"));
    let (protocol, version, options, _) = heard.sessions.into_iter().next().unwrap();
    (protocol, version, options)
}

#[test]
fn known_clients_ask_for_what_the_server_would_read() {
    let all = "plugins_cve_id plugins_version plugins_bugtraq_id plugins_xrefs timestamps dependencies";
    let nmap = "plugins_cve_id plugins_version timestamps dependencies fast_login";
    for (line, protocol, version, options) in [
        (format!("< NTP/1.2 >< {all} >\\n").as_str(), "nessus_ntp", "1.2", all),
        ("< NTP/1.2 >\\n", "nessus_ntp", "1.2", ""),
        ("< NTP/1.1 >\\n", "nessus_ntp", "1.1", ""),
        ("< NTP/1.0 >\\n", "nessus_ntp", "1.0", ""),
        ("< NTP/1.2 >< fast_login >\\n", "nessus_ntp", "1.2", "fast_login"),
        // OpenNMS: a word counts only if a blank follows it.
        ("< NTP/1.2 >< md5_caching plugins_cve_id plugins_version>\\n", "nessus_ntp", "1.2", "md5_caching plugins_cve_id"),
        (&format!("< NTP/1.2 >< {nmap} >\\n"), "nessus_ntp", "1.2", nmap),
        ("< NTP/1.2 >\\r\\n", "nessus_ntp", "1.2", ""),
        ("< OTP/1.0 >\\n", "nessus_otp", "1.0", ""),
        ("< OTP/1.1 >\\n", "nessus_otp", "1.1", ""),
        ("< OTP/2.0 >\\n", "nessus_otp", "2.0", ""),
        // The first letter of an area without blank is eaten; options work with any number.
        ("< NTP/1.2 ><timestamps dns >\\n", "nessus_ntp", "1.2", "imestamps dns"),
        ("< NTP/1.0 >< timestamps >\\n", "nessus_ntp", "1.0", "timestamps"),
        ("< NTP/1.2 > trailing text\\n", "nessus_ntp", "1.2", ""),
    ] {
        assert_eq!(session(line), (protocol.to_owned(), version.to_owned(), options.to_owned()), "{line}");
    }
}

#[test]
fn odd_server_replies() {
    // A proxy of PVS echoes the whole line.
    let heard = hear(
        r"C: < NTP/1.2 >< is_proxy >\n
        S: < NTP/1.2 >< is_proxy >\nUser :\x20
        C: anna\n
        S: Password :\x20
        C: zQ7x-Jw9vKqZ-XkW4\n",
    );
    assert_lines(
        &heard.lines(),
        r"C version protocol=NTP; version=1.2; options=[is_proxy]
        S version protocol=NTP; version=1.2; options=[is_proxy]
        S user_prompt
        C user user=anna
        S password_prompt
        C password password=***17",
    );
    for (reply, fields) in [
        ("SCANNER_LOADING", ""),
        ("SCANNER_LOADING <|> 1200 <|> 33000", " loaded=1200; total=33000"),
        ("SCANNER_LOADING <|> 0 <|> 0", " loaded=0; total=0"),
    ] {
        let heard = hear(&format!("C: < OTP/2.0 >\\n\nS: {reply}\\n\nC: CLIENT <|> NVT_INFO <|> CLIENT\\n\n"));
        assert_lines(&heard.lines(), &format!("C version protocol=OTP; version=2.0\nS scanner_loading{fields}\nC nvt_info"));
    }
    // The reply of one git day: a NUL and four stray bytes, on which the next message stands.
    let lines = after(
        "C: < OTP/2.0 >\\n\n",
        "S: < OTP/2.0 >\\n\\0\\x01\\x02\\x03\\x04\nC: CLIENT <|> NVT_INFO <|> CLIENT\\n\nS: SERVER <|> NVT_INFO <|> 201404150906 <|> SERVER\\n\n",
    );
    assert_lines(
        &lines,
        r"S version protocol=OTP; version=2.0
        S empty_line
        C nvt_info
        S stray_bytes text=***4
        S nvt_info feed_version=201404150906",
    );
}

/// A block of records, preferences, rules or dependencies as a server dumps it.
const PLUGINS: &str = "S: SERVER <|> PLUGIN_LIST <|>\\n1 <|> n <|> infos <|> c <|> d <|> s <|> f\\n<|> SERVER\\n\n";
const PREFERENCES: &str = "S: SERVER <|> PREFERENCES <|>\\nmax_hosts <|> 16\\n<|> SERVER\\n\n";
const RULES: &str = "S: SERVER <|> RULES <|>\\n<|> SERVER\\n\n";
const DEPENDENCIES: &str = "S: SERVER <|> PLUGINS_DEPENDENCIES\\nA <|> B <|> \\n<|> SERVER\\n\n";
const DIGEST: &str = "S: SERVER <|> PLUGINS_MD5 <|> 0cc175b9c0f1b6a831c399e269772661 <|> SERVER\\n\n";
const GO_ON: &str = "C: CLIENT <|> GO ON <|> CLIENT\\n\n";

#[test]
fn what_is_dumped() {
    const DUMP: u16 = 6;
    for (version, options, blocks) in [
        ("NTP/1.0", "", vec![PLUGINS]),
        ("NTP/1.1", "", vec![PLUGINS, PREFERENCES, RULES]),
        ("NTP/1.2", "dependencies", vec![PLUGINS, PREFERENCES, RULES, DEPENDENCIES]),
        ("NTP/1.2", "md5_caching", vec![DIGEST, GO_ON, PREFERENCES, RULES]),
        ("NTP/1.2", "fast_login", vec![]),
        ("NTP/1.2", "fast_login md5_caching", vec![DIGEST, GO_ON]),
        ("OTP/1.0", "", vec![DIGEST, GO_ON, PREFERENCES, RULES, DEPENDENCIES]),
        ("OTP/1.1", "", vec![]),
    ] {
        let heard = hear(&format!("{}{}C: CLIENT <|> NESSUS_VERSION <|> CLIENT\\n\n", login(version, options), blocks.concat()));
        assert_eq!(heard.unread(), Vec::<String>::new(), "{version} {options}");
        assert_eq!(heard.phases.contains(&DUMP), !blocks.is_empty(), "{version} {options}: {:?}", heard.phases);
        assert!(heard.messages[6..].iter().all(|message| blocks.is_empty() || message.phase == DUMP), "{version} {options}");
    }
    let lines = after(
        OTP2,
        r"C: CLIENT <|> NVT_INFO <|> CLIENT\n
        S: SERVER <|> NVT_INFO <|> 201404150906 <|> SERVER\n
        C: CLIENT <|> COMPLETE_LIST <|>\n
        S: SERVER <|> PLUGIN_LIST <|>\n<|> SERVER\n
        C: \n
        S: SERVER <|> PREFERENCES <|>\nmax_hosts <|> 16\n<|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"C nvt_info
        S nvt_info feed_version=201404150906
        C complete_list
        S plugin_list
        S block_end
        C empty_line
        S preferences
        S preference name=max_hosts; value=16
        S block_end",
    );
}

#[test]
fn md5_phase_by_each_key() {
    for (version, options, keys) in [
        ("NTP/1.2", "md5_caching", ["10001", "10002"]),
        ("NTP/1.2", "md5_caching md5_by_name", ["a.nasl", "b c.nes"]),
        ("OTP/1.0", "", ["1.3.6.1.4.1.25623.1.0.1", "1.3.6.1.4.1.25623.1.0.2"]),
    ] {
        let [first, second] = keys;
        let lines = after(
            &(login(version, options) + DIGEST),
            &format!(
                "C: CLIENT <|> SEND_PLUGINS_MD5 <|>\\n\nS: SERVER <|> PLUGINS_MD5\\n{first} <|> 92eb5ffee6ae2fec3ad71c777531578f\\n{second} <|> (null)\\n<|> SERVER\\n\nC: CLIENT <|> PLUGIN_INFO <|> {first} <|> CLIENT\\n\nS: 1 <|> n <|> infos <|> c <|> d <|> s <|> f\\n\nC: CLIENT <|> GO ON <|>\\nCLIENT <|> CERTIFICATES <|> CLIENT\\n\n"
            ),
        );
        assert_lines(
            &lines,
            &format!(
                r"C send_plugins_md5
                S plugins_md5
                S plugin_digest plugin={first}; digest=92eb5ffee6ae2fec3ad71c777531578f
                S plugin_digest plugin={second}; digest=(null)
                S block_end
                C plugin_info plugin_id={first}
                S plugin_record plugin_id=1; plugin_name=n; category=infos; copyright=c; description=d; summary=s; family=f
                C go_on
                C certificates"
            ),
        );
    }
    for value in ["201501010000", "NOVERSION", "DUMMY"] {
        assert_lines(
            &after(OTP2, &format!("S: SERVER <|> NVT_INFO <|> {value} <|> SERVER\\n\n")),
            &format!("S nvt_info feed_version={value}"),
        );
    }
}

#[test]
fn options_change_what_comes() {
    // timestamps, dependencies and the preferences with effect: each makes its messages appear, and each is read.
    let lines = after(
        &login("NTP/1.2", "timestamps dependencies fast_login dns"),
        r"C: CLIENT <|> PREFERENCES <|>\nntp_opt_show_end <|> yes\nntp_short_status <|> yes\nntp_client_accepts_notes <|> yes\ntimeout.10246 <|> 12\n<|> CLIENT\n
        S: SERVER <|> PREFERENCES_ERRORS <|>\nmax_hosts <|> 16\n<|> SERVER\n
        C: CLIENT <|> LONG_ATTACK <|>\n1\nh
        S: SERVER <|> TIME <|> HOST_START <|> h <|> Thu Jan  6 12:34:56 2005 <|> SERVER\ns:a:h:2:9\n
        S: SERVER <|> FINISHED <|> h <|> SERVER\nSERVER <|> TIME <|> HOST_INTERRUPTED <|> h <|> Thu Jan  6 12:34:56 2005 <|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"C preferences
        C preference name=ntp_opt_show_end; value=yes
        C preference name=ntp_short_status; value=yes
        C preference name=ntp_client_accepts_notes; value=yes
        C preference name=timeout.10246; value=12
        C block_end
        S preferences_errors
        S preference_error name=max_hosts; value=16
        S block_end
        C long_attack size_bytes=1; targets=h
        S time moment=HOST_START; host=h; time=Thu Jan  6 12:34:56 2005
        S short_status action=a; host=h; done=2; total=9
        S finished host=h
        S time moment=HOST_INTERRUPTED; host=h; time=Thu Jan  6 12:34:56 2005",
    );
}
