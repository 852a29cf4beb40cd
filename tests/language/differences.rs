//! Section 6, the cells that are visible on the wire, and the forms of 5.10: statuses, ports, findings, line ends, errors.

use crate::hear::OTP2;
use crate::hear::after;
use crate::hear::assert_lines;
use crate::hear::login;

fn one(opening: &str, message: &str) -> String {
    let lines = after(opening, &format!("S: {message}\\n\n"));
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.into_iter().next().unwrap()
}

#[test]
fn statuses_of_each_version() {
    let old = login("NTP/1.0", "");
    let new = login("NTP/1.2", "");
    assert_eq!(one(&old, "SERVER <|> STAT <|> h <|> 48/1024 <|> SERVER"), "S stat host=h; done=48; total=1024");
    assert_eq!(one(&old, "SERVER <|> STAT <|> h <|> 48 <|> SERVER"), "S stat host=h; progress=48");
    assert_eq!(
        one(&new, "SERVER <|> STATUS <|> h <|> attack <|> 48/1024 <|> SERVER"),
        "S status host=h; action=attack; done=48; total=1024"
    );
    assert_eq!(one(&new, "s:p:h:48:1024"), "S short_status action=p; host=h; done=48; total=1024");
    for action in ["pause", "resume"] {
        let message = format!("SERVER <|> STATUS <|> h <|> {action} <|> 1/9 <|> SERVER");
        assert_eq!(one(&login("OTP/1.0", ""), &message), format!("S status host=h; action={action}; done=1; total=9"));
    }
    assert_eq!(one(OTP2, "SERVER <|> STATUS <|> h <|> 0/-1 <|> SERVER"), "S status host=h; done=0; total=-1");
}

#[test]
fn ports_of_each_version() {
    assert_eq!(one(&login("NTP/1.0", ""), "SERVER <|> PORT <|> h <|> 80 <|> SERVER"), "S port host=h; service_field=80; port=80");
    for version in ["NTP/1.1", "NTP/1.2", "OTP/1.0"] {
        assert_eq!(
            one(&login(version, ""), "SERVER <|> PORT <|> h <|> http (80/tcp) <|> SERVER"),
            "S port host=h; service_field=http (80/tcp); service=http; port=80; transport=tcp"
        );
    }
    assert_eq!(
        one(&login("OTP/1.0", ""), "SERVER <|> PORT <|> h <|> 80/tcp <|> SERVER"),
        "S port host=h; service_field=80/tcp; port=80; transport=tcp"
    );
}

#[test]
fn findings_of_each_version() {
    let web = "service_field=http (80/tcp); service=http; port=80; transport=tcp";
    let opening = login("NTP/1.0", "");
    assert_eq!(
        one(&opening, "SERVER <|> HOLE <|> h <|> 80:text;a:b <|> SERVER"),
        "S hole host=h; port=80; service_field=80; text=text;a:b"
    );
    assert_eq!(one(&opening, "SERVER <|> INFO <|> h <|> -1:text <|> SERVER"), "S info host=h; port=-1; service_field=-1; text=text");
    assert_eq!(one(&opening, "SERVER <|> INFO <|> h <|> 0:a <|> b <|> SERVER"), "S info host=h; port=0; service_field=0; text=a <|> b");
    assert_eq!(
        one(&login("NTP/1.1", ""), "SERVER <|> HOLE <|> h <|> http (80/tcp) <|> a;b <|> SERVER"),
        format!("S hole host=h; {web}; text=a;b")
    );
    for kind in ["NOTE", "INFO", "HOLE"] {
        let name = kind.to_lowercase();
        assert_eq!(
            one(&login("NTP/1.2", ""), &format!("SERVER <|> {kind} <|> h <|> http (80/tcp) <|> a;b <|> 10330 <|> SERVER")),
            format!("S {name} host=h; {web}; text=a;b; plugin_id=10330")
        );
        assert_eq!(
            one(&login("NTP/1.2", ""), &format!("SERVER <|> {kind} <|> h <|> general/udp <|> a;b <|> SERVER")),
            format!("S {name} host=h; service_field=general/udp; service=general; transport=udp; text=a;b")
        );
    }
    for (opening, kinds) in [
        (login("OTP/1.0", "").as_str(), &["NOTE", "INFO", "HOLE", "LOG", "DEBUG"][..]),
        (&login("OTP/1.1", ""), &["ERRMSG"]),
        (OTP2, &["ALARM", "LOG", "ERRMSG", "HOLE"]),
    ] {
        for kind in kinds {
            let name = kind.to_lowercase();
            assert_eq!(
                one(opening, &format!("SERVER <|> {kind} <|> h <|> http (80/tcp) <|> text <|> 1.3.6.1.4 <|> SERVER")),
                format!("S {name} host=h; {web}; text=text; plugin_id=1.3.6.1.4")
            );
            assert_eq!(
                one(opening, &format!("SERVER <|> {kind} <|> h <|> 80/tcp <|> text <|> 1.3.6.1.4 <|> SERVER")),
                format!("S {name} host=h; service_field=80/tcp; port=80; transport=tcp; text=text; plugin_id=1.3.6.1.4")
            );
        }
    }
}

#[test]
fn findings_with_a_host_name() {
    for (name, shown) in [("www.example.com", "www.example.com"), ("", ""), (" ", " ")] {
        assert_eq!(
            one(OTP2, &format!("SERVER <|> LOG <|> 192.0.2.7 <|> {name} <|> 80/tcp <|> text <|> 1.3.6.1.4 <|> SERVER")),
            format!("S log host=192.0.2.7; hostname={shown}; service_field=80/tcp; port=80; transport=tcp; text=text; plugin_id=1.3.6.1.4")
        );
    }
    assert_eq!(
        one(OTP2, "SERVER <|> LOG <|> 192.0.2.7 <|> a <|> general/tcp <|> one <|> two <|>   <|> SERVER"),
        "S log host=192.0.2.7; hostname=a; service_field=general/tcp; service=general; transport=tcp; text=one <|> two"
    );
}

#[test]
fn errors_of_the_scanner_itself() {
    let host = "SERVER <|> ERRMSG <|> 192.0.2.7 <|> ";
    for (message, rest) in [
        (
            "general/HOST <|> Couldn't resolve hostname. <|>  <|> SERVER",
            "service_field=general/HOST; service=general; transport=HOST; text=Couldn\\'t resolve hostname.",
        ),
        ("80/tcp <|> msg <|>  <|> SERVER", "service_field=80/tcp; port=80; transport=tcp; text=msg"),
        (" <|> msg <|>  <|> SERVER", "service_field=; text=msg"),
        (
            "general/tcp <|> NVT timed out after 320 seconds. <|> 1.3.6.1.4 <|> SERVER",
            "service_field=general/tcp; service=general; transport=tcp; text=NVT timed out after 320 seconds.; plugin_id=1.3.6.1.4",
        ),
        (
            "80/tcp <|> Too many timeouts. The port was set to closed.<|>  <|> SERVER",
            "service_field=80/tcp; port=80; transport=tcp; text=Too many timeouts. The port was set to closed.",
        ),
        ("www <|>  <|> msg <|>  <|> SERVER", "hostname=www; service_field=; text=msg"),
    ] {
        assert_eq!(one(OTP2, &format!("{host}{message}")), format!("S errmsg host=192.0.2.7; {rest}"));
    }
    assert_eq!(one(OTP2, "SERVER <|> ERRMSG <|>  <|>  <|> msg <|>  <|> SERVER"), "S errmsg host=; service_field=; text=msg");
    assert_eq!(
        one(OTP2, "SERVER <|> LOG <|> h <|> general/Host_Details <|> <host><detail><name>Host dead</name></detail></host> <|>  <|> SERVER"),
        "S log host=h; service_field=general/Host_Details; service=general; transport=Host_Details; text=<host><detail><name>Host dead</name></detail></host>"
    );
}

#[test]
fn line_ends_in_findings() {
    let finding = r"SERVER <|> HOLE <|> h <|> 80/tcp <|> a;b\\nc\\\\n\\351 <|> 1 <|> SERVER";
    let head = "S hole host=h; service_field=80/tcp; port=80; transport=tcp; text=a;b\\\\nc\\\\\\\\n\\\\351";
    // Not known to be escapes: nothing is turned back.
    assert_eq!(one(&login("NTP/1.2", ""), finding), format!("{head}; plugin_id=1"));
    let asked = login("NTP/1.2", "") + "C: CLIENT <|> PREFERENCES <|>\\nntp_escape_crlf <|> no\\n<|> CLIENT\\n\n";
    assert_eq!(one(&asked, finding), format!("{head}; plain_text=a;b\\nc\\\\n\\\\351; plugin_id=1"));
    // OTP 1 knows octal escapes too.
    assert_eq!(one(&login("OTP/1.0", ""), finding), format!("{head}; plain_text=a;b\\nc\\\\n\\xe9; plugin_id=1"));
    // OTP 2.0: raw, over several lines.
    let lines = after(OTP2, "S: SERVER <|> HOLE <|> h <|> 80/tcp <|> a\\nb\\n <|> 1.3 <|> SERVER\\n\n");
    assert_lines(&lines, r"S hole host=h; service_field=80/tcp; port=80; transport=tcp; text=a\nb\n; plugin_id=1.3");
}

#[test]
fn errors_closed_and_not() {
    let opening = login("NTP/1.2", "");
    assert_eq!(one(&opening, "SERVER <|> ERROR <|> E001 - Invalid port range <|> SERVER"), "S error text=E001 - Invalid port range");
    let text = "E002 - These hosts could not be tested because you are not allowed to do so :;10.0.0.9;10.0.0.10;";
    assert_eq!(one(&opening, &format!("SERVER <|> ERROR <|> {text}")), format!("S error text={text}"));
    let text = "Could not create the temporary file needed for detached scan (x) - aborting";
    assert_eq!(one(&opening, &format!("SERVER <|> ERROR <|> {text} <|> SERVER")), format!("S error text={text}"));
}

#[test]
fn orders_of_each_version() {
    let lines = after(
        &login("NTP/1.0", ""),
        r"C: CLIENT <|> NEW_ATTACK <|> 1;4;6 <|> 30 <|> 0 <|> 1-1024 <|> 192.0.2.1 <|> CLIENT\nCLIENT <|> QUIT <|> CLIENT\n",
    );
    assert_lines(&lines, "C new_attack plugin_set=1;4;6; max_hosts=30; recursive=0; port_range=1-1024; targets=192.0.2.1\nC quit");
    let lines = after(
        &login("NTP/1.1", ""),
        r"C: CLIENT <|> NEW_ATTACK <|> 192.0.2.1,192.0.2.2 <|> CLIENT\nCLIENT <|> LONG_ATTACK\n3\na;bCLIENT <|> LONG_ATTACK <|>\n5\na.b,c\n",
    );
    assert_lines(
        &lines,
        "C new_attack targets=192.0.2.1,192.0.2.2\nC long_attack size_bytes=3; targets=a;b\nC long_attack size_bytes=5; targets=a.b,c\nC empty_line",
    );
    for order in ["PAUSE_WHOLE_TEST", "RESUME_WHOLE_TEST", "STOP_WHOLE_TEST"] {
        assert_lines(
            &after(&login("OTP/1.0", ""), &format!("C: CLIENT <|> {order} <|> CLIENT\\n\n")),
            &format!("C {}", order.to_lowercase()),
        );
    }
}
