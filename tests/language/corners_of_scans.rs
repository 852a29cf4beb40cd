//! Section 8, the corners of scans and their results: 15 to 23, 27 and 28.

use crate::hear::OTP2;
use crate::hear::after;
use crate::hear::assert_lines;
use crate::hear::hear;
use crate::hear::hear_source;
use crate::hear::plain;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::talk::talk;
use crate::support::wire::ACK;
use crate::support::wire::FIN;
use crate::support::wire::Net;
use crate::support::wire::Talk;
use ntp_sniff::peer::Peer;

#[test]
fn corner_15_interleaving() {
    let lines = after(
        &plain(),
        r"C: CLIENT <|> NEW_ATTACK <|> 10.0.0.1,10.0.0.2 <|> CLIENT\n
        S: SERVER <|> STATUS <|> 10.0.0.1 <|> attack <|> 2/9 <|> SERVER\nSERVER <|> STATUS <|> 10.0.0.2 <|> por
        C: CLIENT <|> SESSIONS_LIST <|> CLIENT\nCLIENT <|> STOP_ATTACK <|> 10.0.0.1 <|> CLIENT\n
        S: tscan <|> 1/3 <|> SERVER\nSERVER <|> SESSIONS_LIST\n20050106-100000 10.0.0.1\n<|> SERVER\n
        S: SERVER <|> FINISHED <|> 10.0.0.1 <|> SERVER\nSERVER <|> PORT <|> 10.0.0.2 <|> ssh (22/tcp) <|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"C new_attack targets=10.0.0.1,10.0.0.2
        S status host=10.0.0.1; action=attack; done=2; total=9
        C sessions_list
        C stop_attack host=10.0.0.1
        S status host=10.0.0.2; action=portscan; done=1; total=3
        S sessions_list
        S session_record session=20050106-100000; targets=10.0.0.1
        S block_end
        S finished host=10.0.0.1
        S port host=10.0.0.2; service_field=ssh (22/tcp); service=ssh; port=22; transport=tcp",
    );
}

#[test]
fn corner_16_several_scans_and_the_escapes_stay() {
    let scan = r"C: CLIENT <|> LONG_ATTACK <|>\n9\n127.0.0.1
        S: SERVER <|> NOTE <|> 127.0.0.1 <|> ssh (22/tcp) <|> a\\nb <|> 10330 <|> SERVER\nSERVER <|> BYE <|> BYE <|> SERVER\n
        C: CLIENT <|> SESSIONS_LIST <|> CLIENT\n
        S: SERVER <|> SESSIONS_LIST\n<|> SERVER\n
        ";
    let prefs = "C: CLIENT <|> PREFERENCES <|>\\nntp_keep_communication_alive <|> no\\nntp_escape_crlf <|> no\\n<|> CLIENT\\n\n";
    let heard = hear(&format!("{}{prefs}{scan}{scan}C: CLIENT <|> PREFERENCES <|>\\nmax_hosts <|> 1\\n<|> CLIENT\\n\n{scan}", plain()));
    let plain_texts = heard.messages.iter().filter(|message| message.fields.contains(&("plain_text", r"a\nb".to_owned())));
    assert_eq!(plain_texts.count(), 3);
    assert_eq!(heard.names().iter().filter(|name| **name == "bye").count(), 3);
}

#[test]
fn corner_17_no_keep_alive() {
    // The server's FIN follows BYE at once; what the client still sends is read all the same.
    let mut talking = Talk::new([7, 9]);
    talking.handshake();
    let end = "S: SERVER <|> TIME <|> SCAN_END <|> Thu Jan  6 12:34:56 2005 <|> SERVER\\nSERVER <|> BYE <|> BYE <|> SERVER\\n\n";
    talking.say_all(&talk(&(plain() + end)), &[1460]);
    talking.send(Peer::Server, FIN | ACK, &[]);
    talking.send(Peer::Client, ACK, b"CLIENT <|> BYE <|> ACK\n");
    talking.send(Peer::Client, FIN | ACK, &[]);
    let heard = hear_source(memory(&captured(Net::v4(1241).frames(&talking.packets), 10)));
    heard.assert_tiled();
    assert_lines(&heard.lines()[8..], "S time moment=SCAN_END; time=Thu Jan  6 12:34:56 2005\nS bye echo=BYE\nC bye echo=ACK");
    assert_eq!(heard.anomalies, Vec::<String>::new());
}

#[test]
fn corner_18_e001_and_scans_of_no_host() {
    let start = r"S: SERVER <|> TIME <|> SCAN_START <|> Thu Jan  6 12:34:56 2005 <|> SERVER\n
        ";
    let end = start.replace("START", "END");
    let error = r"S: SERVER <|> ERROR <|> E001 - Invalid port range <|> SERVER\n
        ";
    let heard = hear(&format!("{}C: CLIENT <|> LONG_ATTACK <|>\\n0\\n\n{start}{error}{end}", plain()));
    assert_lines(
        &heard.lines()[8..],
        r"C long_attack size_bytes=0; targets=
        S time moment=SCAN_START; time=Thu Jan  6 12:34:56 2005
        S error text=E001 - Invalid port range
        S time moment=SCAN_END; time=Thu Jan  6 12:34:56 2005",
    );
    let lines = after(&plain(), &format!("{start}{end}S: SERVER <|> BYE <|> BYE <|> SERVER\\n\n"));
    assert_eq!(lines.len(), 3);
}

#[test]
fn corner_19_detached() {
    let lines = after(
        &plain(),
        r"C: CLIENT <|> PREFERENCES <|>\ndetached_scan <|> yes\n<|> CLIENT\nCLIENT <|> LONG_ATTACK\n8\n10.0.0.9
        S: SERVER <|> TIME <|> SCAN_START <|> Thu Jan  6 12:34:56 2005 <|> SERVER\nSERVER <|> BYE <|> BYE <|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"C preferences
        C preference name=detached_scan; value=yes
        C block_end
        C long_attack size_bytes=8; targets=10.0.0.9
        S time moment=SCAN_START; time=Thu Jan  6 12:34:56 2005
        S bye echo=BYE",
    );
}

#[test]
fn corner_20_duplicates() {
    let lines = after(
        &plain(),
        r"S: SERVER <|> PREFERENCES <|>\nA[entry]:b : <|> c\nA[entry]:b : <|> c\n<|> SERVER\n
        S: SERVER <|> PORT <|> h <|> http (80/tcp) <|> SERVER\nSERVER <|> PORT <|> h <|> unknown (80/tcp) <|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"S preferences
        S preference name=A[entry]:b :; value=c; plugin=A; type=entry
        S preference name=A[entry]:b :; value=c; plugin=A; type=entry
        S block_end
        S port host=h; service_field=http (80/tcp); service=http; port=80; transport=tcp
        S port host=h; service_field=unknown (80/tcp); service=unknown; port=80; transport=tcp",
    );
}

#[test]
fn corner_21_host_field() {
    for host in ["Www.Example.COM", "00.0c.29.aa.bb.cc", "00:0C:29:AA:BB:CC", "2001:db8::1", "m\\xfcller"] {
        let lines = after(
            &plain(),
            &format!(
                "S: SERVER <|> FINISHED <|> {host} <|> SERVER\\ns:p:{host}:3:9\\nSERVER <|> PORT <|> {host} <|> ssh (22/tcp) <|> SERVER\\n\n"
            ),
        );
        assert_lines(
            &lines,
            &format!(
                "S finished host={host}\nS short_status action=p; host={host}; done=3; total=9\nS port host={host}; service_field=ssh (22/tcp); service=ssh; port=22; transport=tcp"
            ),
        );
    }
}

#[test]
fn corner_22_service_field() {
    for (opening, field, read) in [
        (plain().as_str(), "unknown (12345/tcp)", "; service=unknown; port=12345; transport=tcp"),
        (&plain(), "ms sql? (1433/tcp)", "; service=ms sql?; port=1433; transport=tcp"),
        (&plain(), "a (b) (53/udp)", "; service=a (b); port=53; transport=udp"),
        (&plain(), "general/icmp", "; service=general; transport=icmp"),
        (OTP2, "12345/tcp", "; port=12345; transport=tcp"),
        (OTP2, "general/Host_Details", "; service=general; transport=Host_Details"),
        (OTP2, "general/HOST", "; service=general; transport=HOST"),
        (OTP2, "", ""),
    ] {
        let lines = after(opening, &format!("S: SERVER <|> LOG <|> h <|> {field} <|> text <|> 1.3.6 <|> SERVER\\n\n"));
        assert_lines(&lines, &format!("S log host=h; service_field={field}{read}; text=text; plugin_id=1.3.6"));
    }
}

#[test]
fn corner_23_status() {
    let lines = after(
        &plain(),
        r"S: SERVER <|> STATUS <|> a <|> portscan <|> 9/8 <|> SERVER\ns:a:192.168.11.20:3:2\ns:p:b:1024:1024\ns:a:b:2:2237\n
        S: SERVER <|> STATUS <|> a <|> 0/-1 <|> SERVER\ns:a:c:0:-1\nSERVER <|> STATUS <|> a <|> pause <|> 5/10 <|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"S status host=a; action=portscan; done=9; total=8
        S short_status action=a; host=192.168.11.20; done=3; total=2
        S short_status action=p; host=b; done=1024; total=1024
        S short_status action=a; host=b; done=2; total=2237
        S status host=a; done=0; total=-1
        S short_status action=a; host=c; done=0; total=-1
        S status host=a; action=pause; done=5; total=10",
    );
}

#[test]
fn corner_27_blobs_that_hold_protocol_text() {
    let body = r"CLIENT <|> STOP_WHOLE_TEST <|> CLIENT\nzQ7x-Jw9vKqZ-XkW4\n<|> CLIENT";
    let bytes = crate::support::talk::bytes(body).len();
    let lines = after(
        &plain(),
        &format!(
            "C: CLIENT <|> ATTACHED_FILE\\nname: ../../etc/passwd\\ncontent: octet/stream\\nbytes: {bytes}\\n{body}CLIENT <|> NESSUS_VERSION <|> CLIENT\\n\nS: SERVER <|> FILE_ACCEPTED <|> SERVER\\n\n"
        ),
    );
    assert_lines(
        &lines,
        &format!(
            "C attached_file file_name=../../etc/passwd; content_type=octet/stream; size_bytes={bytes}; content=***{bytes}\nC nessus_version\nS file_accepted"
        ),
    );
}

#[test]
fn corner_28_half_open_orders() {
    let lines = after(&plain(), "C: CLIENT <|> LONG_ATTACK <|>\\n\n");
    assert_lines(&lines, "C long_attack");
    let lines = after(&plain(), "C: CLIENT <|> ATTACHED_FILE\\nname: key\\nconte\n");
    assert_lines(&lines, "C attached_file\nC partial_line text=***15");
    // A count that is never reached: the part that came is there, and what is missing is said.
    let lines = after(&plain(), "C: CLIENT <|> LONG_ATTACK <|>\\n40\\n192.0.2.1\n");
    assert_lines(&lines, "C long_attack size_bytes=40; targets=192.0.2.1; missing_bytes=31");
    // Counts that make no sense: the order stands, and lines follow.
    for size in ["-1", "4294967295999", "99999999999999999999", "0x10", "", "<|> CLIENT"] {
        let lines = after(&plain(), &format!("C: CLIENT <|> LONG_ATTACK <|>\\n{size}\\nCLIENT <|> STOP_WHOLE_TEST <|> CLIENT\\n\n"));
        assert_eq!(lines.len(), 2, "{size}: {lines:?}");
        assert!(lines[0].starts_with("C long_attack") && lines[1] == "C stop_whole_test", "{size}: {lines:?}");
    }
}
