//! Section 8, the corners of lines, blocks and text: 1 to 14.

use crate::hear::OTP2;
use crate::hear::after;
use crate::hear::assert_lines;
use crate::hear::hear;
use crate::hear::hear_cut;
use crate::hear::login;
use crate::hear::plain;
use crate::support::dialogues;
use crate::support::talk::talk;

#[test]
fn corner_01_any_split() {
    for dialogue in dialogues::all() {
        hear_cut(&dialogue, &[1, 2, 3, 5, 7, 64]);
    }
    // Prompts have no line end: they are there when their bytes are.
    let heard = hear("C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nUser :\\x20\n");
    assert_eq!(heard.lines().last().unwrap(), "S user_prompt");
    // The client's line end may come alone, and behind the header of a block.
    let text = plain() + "C: CLIENT <|> PREFERENCES <|>\nC: \\nmax_hosts <|> 20\\n<|> CLIENT\\n\n";
    assert_eq!(hear(&text).names()[8..], ["preferences", "preference", "block_end"]);
}

#[test]
fn corner_02_glued() {
    let text =
        "C: < NTP/1.2 >\\nfm\\nzQ7x-Jw9vKqZ-XkW4\\n\nS: < NTP/1.2 >\\nUser : Password : SERVER <|> PLUGIN_LIST <|>\\n<|> SERVER\\n\n";
    assert_eq!(
        hear(text).names(),
        ["version", "user", "password", "version", "user_prompt", "password_prompt", "plugin_list", "block_end"]
    );
    let text = "C: < NTP/1.2 >\\nfm\\nzQ7x-Jw9vKqZ-XkW4\\n\nS: < NTP/1.2 >\\nUser : Password : Bad login attempt !\\n\n";
    assert_eq!(hear(text).names()[5..], ["password_prompt", "login_failed"]);
    let lines = after(
        &plain(),
        r"C: CLIENT <|> LONG_ATTACK <|>\n12\n192.168.11.8CLIENT <|> STOP_WHOLE_TEST <|> CLIENT\n
        # OpenNMS: no line end behind the end marker.
        C: CLIENT <|> PREFERENCES <|>\nmax_hosts <|> 20\n <|> CLIENTCLIENT <|> NEW_ATTACK <|> 192.0.2.1 <|> CLIENT\n
        C: CLIENT <|> PREFERENCES <|>\nmax_hosts <|> 20\n <|> CLIENT",
    );
    assert_lines(
        &lines,
        r"C long_attack size_bytes=12; targets=192.168.11.8
        C stop_whole_test
        C preferences
        C preference name=max_hosts; value=20
        C block_end
        C new_attack targets=192.0.2.1
        C preferences
        C preference name=max_hosts; value=20
        C block_end",
    );
}

#[test]
fn corner_03_separator_inside_text() {
    let escaped = plain() + "C: CLIENT <|> PREFERENCES <|>\\nntp_escape_crlf <|> yes\\n<|> CLIENT\\n\n";
    let lines = after(
        &escaped,
        r"S: SERVER <|> HOLE <|> 192.168.11.12 <|> http-alt (8080/tcp) <|> proxy <|> separator inside the text <|> SERVER\\nBID : 9506\\n <|> 99004 <|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"S hole host=192.168.11.12; service_field=http-alt (8080/tcp); service=http-alt; port=8080; transport=tcp; text=proxy <|> separator inside the text <|> SERVER\\nBID : 9506\\n; plain_text=proxy <|> separator inside the text <|> SERVER\nBID : 9506\n; plugin_id=99004",
    );
    let lines = after(&plain(), "C: CLIENT <|> PREFERENCES <|>\\nname <|> a <|> b; [c] <|>\\n<|> CLIENT\\n\n");
    assert_lines(&lines, "C preferences\nC preference name=name; value=a <|> b; [c] <|>\nC block_end");
    let lines = after(
        &login("NTP/1.2", "plugins_version"),
        r"S: SERVER <|> PLUGIN_LIST <|>\n1 <|> n <|> infos <|> c <|> one <|> two <|> three <|> s <|> f <|> 1.0\n<|> SERVER\n",
    );
    assert_eq!(
        lines[1],
        "S plugin_record plugin_id=1; plugin_name=n; category=infos; copyright=c; description=one <|> two <|> three; summary=s; family=f; version=1.0"
    );
}

#[test]
fn corner_04_raw_line_ends_in_findings() {
    let lines = after(
        OTP2,
        r"S: SERVER <|> ALARM <|> 10.0.0.1 <|> 22/tcp <|> first\nsecond\n\nthird <|> 1.3.6.1.4.1.25623.1.0.90022 <|> SERVER\n
        S: SERVER <|> LOG <|> 10.0.0.1 <|> 22/tcp <|> cut off\nmore\nSERVER <|> LOG <|> 10.0.0.1 <|> 80/tcp <|> whole <|> 1.3.6.1.4.1.25623.1.0.1 <|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"S alarm host=10.0.0.1; service_field=22/tcp; port=22; transport=tcp; text=first\nsecond\n\nthird; plugin_id=1.3.6.1.4.1.25623.1.0.90022
        S log host=10.0.0.1; service_field=22/tcp; port=22; transport=tcp; text=cut off
        S unplaced text=***4
        S log host=10.0.0.1; service_field=80/tcp; port=80; transport=tcp; text=whole; plugin_id=1.3.6.1.4.1.25623.1.0.1",
    );
}

#[test]
fn corner_05_separators_without_and_with_double_blanks() {
    let lines = after(
        &login("OTP/1.0", ""),
        r"S: SERVER <|> ERRMSG <|> 10.0.0.1 <|> 80/tcp <|> Too many timeouts. The port was set to closed.<|>  <|> SERVER\n
        C: CLIENT <|> OPENVAS_VERSION  <|> CLIENT\n
        C: CLIENT <|> PREFERENCES <|>\nmax_hosts <|> 20\n <|> CLIENT\n
        S: SERVER <|> PLUGINS_DEPENDENCIES\nA <|> B <|> C <|> \nD <|> \n<|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"S errmsg host=10.0.0.1; service_field=80/tcp; port=80; transport=tcp; text=Too many timeouts. The port was set to closed.
        C openvas_version
        C preferences
        C preference name=max_hosts; value=20
        C block_end
        S plugins_dependencies
        S dependency plugin=A; needs=[B, C]
        S dependency plugin=D; needs=[]
        S block_end",
    );
    let lines = after(
        OTP2,
        "S: SERVER <|> PLUGIN_LIST <|>\\n1.3.6.1.4.1.25623.1.0.1 <|> n <|> 3 <|>  fam <|> NOCVE <|> NOBID <|> NOXREF <|> a=b|c=d\\n<|> SERVER\\n\n",
    );
    assert_eq!(
        lines[1],
        "S plugin_record plugin_id=1.3.6.1.4.1.25623.1.0.1; plugin_name=n; category=3; category_name=infos; family=fam; cve=[]; bid=[]; xref=[]; tag=[a=b, c=d]"
    );
}

#[test]
fn corner_06_empty_blocks() {
    let lines = after(
        &login("NTP/1.2", ""),
        r"S: SERVER <|> PLUGIN_LIST <|>\n<|> SERVER\nSERVER <|> RULES <|>\n<|> SERVER\n
        C: CLIENT <|> SESSIONS_LIST <|> CLIENT\n
        S: SERVER <|> SESSIONS_LIST\n<|> SERVER\n
        C: CLIENT <|> PREFERENCES <|>\n<|> CLIENT\n
        S: SERVER <|> PREFERENCES_ERRORS <|>\n<|> SERVER\n",
    );
    assert_lines(
        &lines,
        "S plugin_list\nS block_end\nS rules\nS block_end\nC sessions_list\nS sessions_list\nS block_end\nC preferences\nC block_end\nS preferences_errors\nS block_end",
    );
}

#[test]
fn corner_07_blocks_without_end_marker() {
    let lines = after(
        &login("NTP/1.2", "md5_caching"),
        r"S: SERVER <|> PLUGINS_MD5 <|> 0cc175b9c0f1b6a831c399e269772661 <|> SERVER\n
        C: CLIENT <|> SEND_PLUGINS_MD5 <|> CLIENT\n
        S: SERVER <|> PLUGINS_MD5\n
        C: CLIENT <|> GO ON <|> CLIENT\n
        S: SERVER <|> PREFERENCES <|>\nmax_hosts <|> 16\nmax_ch",
    );
    assert_lines(
        &lines,
        r"S plugins_md5 digest=0cc175b9c0f1b6a831c399e269772661
        C send_plugins_md5
        S plugins_md5
        C go_on
        S preferences
        S preference name=max_hosts; value=16
        S partial_record name=max_ch",
    );
    // The cut at 65,533 bytes swallows the line end.
    let long = "x".repeat(65_533 - "big <|> ".len());
    let text = plain() + &format!("S: SERVER <|> PREFERENCES <|>\\nbig <|> {long}max_hosts <|> 16\\n<|> SERVER\\n\n");
    let heard = hear_cut(&talk(&text), &[97]);
    assert_eq!(heard.messages[9].fields[1].1.len(), long.len());
    assert_lines(&heard.lines()[10..], "S preference name=max_hosts; value=16\nS block_end");
}

#[test]
fn corner_08_end_marker_look_alikes() {
    let lines = after(
        &login("NTP/1.2", ""),
        r"S: SERVER <|> PLUGIN_LIST <|>\n1 <|> SERVER <|> infos <|> c <|> <|> SERVER;x <|> s <|> f\n<|> SERVER\n
        S: SERVER <|> PREFERENCES <|>\nbanner <|> <|> SERVER or not\n<|> SERVER\n
        C: CLIENT <|> PREFERENCES <|>\nend <|> here <|> CLIENT is the end\nCLIENT <|> NESSUS_VERSION <|> CLIENT\n",
    );
    assert_lines(
        &lines,
        r"S plugin_list
        S plugin_record plugin_id=1; plugin_name=SERVER; category=infos; copyright=c; description=<|> SERVER;x; summary=s; family=f
        S block_end
        S preferences
        S preference name=banner; value=<|> SERVER or not
        S block_end
        C preferences
        C preference name=end; value=here <|> CLIENT is the end
        C nessus_version",
    );
}

#[test]
fn corner_09_empty_fields_and_trailing_blanks() {
    let lines = after(
        &login("NTP/1.2", "plugins_version plugins_cve_id plugins_bugtraq_id plugins_xrefs"),
        r"S: SERVER <|> PLUGIN_LIST <|>\n1 <|> n <|> infos <|> c <|> d <|> s <|> f <|> $Revision: 1.10 $ <|>  <|> 11041 <|> \n<|> SERVER\n
        S: SERVER <|> PREFERENCES <|>\nempty <|> \nSSH[file]:key : <|> \n<|> SERVER\n",
    );
    assert_lines(
        &lines,
        r"S plugin_list
        S plugin_record plugin_id=1; plugin_name=n; category=infos; copyright=c; description=d; summary=s; family=f; version=$Revision: 1.10 $; cve=[]; bid=[11041]; xref=[]
        S block_end
        S preferences
        S preference name=empty; value=
        S preference name=SSH[file]:key :; value=; plugin=SSH; type=file
        S block_end",
    );
}

#[test]
fn corner_10_empty_lines() {
    let lines = after(
        &plain(),
        r"C: CLIENT <|> NESSUS_VERSION <|> CLIENT\n\n
        C: CLIENT <|> PONG <|> PING <|> CLIENT\n\n
        C: CLIENT <|> LONG_ATTACK <|>\n9\n127.0.0.1\n
        C: CLIENT <|> LONG_ATTACK <|>\n9\n127.0.0.1\n<|> CLIENT\n
        C: CLIENT <|> PREFERENCES <|>\n\nmax_hosts <|> 20\n<|> CLIENT\n",
    );
    assert_lines(
        &lines,
        r"C nessus_version
        C empty_line
        C pong echo=PING
        C empty_line
        C long_attack size_bytes=9; targets=127.0.0.1
        C empty_line
        C long_attack size_bytes=9; targets=127.0.0.1
        C empty_line
        C block_end
        C preferences
        C empty_line
        C preference name=max_hosts; value=20
        C block_end",
    );
    assert_lines(&after(OTP2, "C: CLIENT <|> NVT_INFO <|> CLIENT\\n\nC: \\n\n"), "C nvt_info\nC empty_line");
}

#[test]
fn corner_11_crlf_clients() {
    let lines = after(
        "C: < NTP/1.2 >\\r\\n\nS: < NTP/1.2 >\\nUser :\\x20\nC: anna\\r\\n\nS: Password :\\x20\nC: zQ7x-Jw9vKqZ-XkW4\\r\\n\nS: SERVER <|> PLUGIN_LIST <|>\\n<|> SERVER\\n\n",
        r"C: CLIENT <|> PREFERENCES <|>\r\nmax_hosts <|> 20\r\nSMB[password]:pw <|> qJ4z_Wx7Kv_Zq3Xy8j\r\n<|> CLIENT\r\n
        C: CLIENT <|> NESSUS_VERSION <|> CLIENT\r\n\r\n",
    );
    assert_lines(
        &lines,
        r"C preferences
        C preference name=max_hosts; value=20\r
        C preference name=SMB[password]:pw; value=***19; plugin=SMB; type=password
        C block_end
        C nessus_version
        C empty_line",
    );
    // The server does not know an order that is but a header with a CR.
    let lines = after(&plain(), "C: CLIENT <|> SESSIONS_LIST\\r\\n\n");
    assert_lines(&lines, "C sessions_list");
}

#[test]
fn corner_12_nul_ends_a_line() {
    let text = r"C: < OTP/1.0 >\0anna\0zQ7x-Jw9vKqZ-XkW4\0
        S: < OTP/1.0 >\0User : Password : SERVER <|> PLUGINS_MD5 <|> DUMMY <|> SERVER\0SERVER <|> BYE <|> BYE <|> SERVER\0
        C: CLIENT <|> GO ON <|> CLIENT\0CLIENT <|> CERTIFICATES <|> CLIENT\n";
    assert_lines(
        &hear(text).lines(),
        r"C version protocol=OTP; version=1.0
        C user user=anna
        C password password=***17
        S version protocol=OTP; version=1.0
        S user_prompt
        S password_prompt
        S plugins_md5 digest=DUMMY
        S bye echo=BYE
        C go_on
        C certificates",
    );
}

#[test]
fn corner_13_very_long_lines() {
    let set = (10_000..24_000).map(|id| format!("{id};")).collect::<Vec<_>>().concat();
    let text = plain() + &format!("C: CLIENT <|> PREFERENCES <|>\\nplugin_set <|> {set}\\n<|> CLIENT\\n\n");
    let heard = hear_cut(&talk(&text), &[101]);
    let fields = &heard.messages[9].fields;
    assert_eq!((fields[1].1.len(), &fields[2]), (84_000, &("plugins", "14000".to_owned())));
    let oids = (0..60_000).map(|id| format!("1.3.6.1.4.1.25623.1.0.{id};")).collect::<Vec<_>>().concat();
    let text = format!("{OTP2}C: CLIENT <|> PREFERENCES <|>\\nplugin_set <|> {oids}\\n<|> CLIENT\\n\n");
    let heard = hear_cut(&talk(&text), &[]);
    assert_eq!(heard.messages[3].fields[2].1, "60000");
    let long = "long text; ".repeat(30_000);
    let text = plain() + &format!("S: SERVER <|> HOLE <|> 10.0.0.1 <|> ssh (22/tcp) <|> {long} <|> 10330 <|> SERVER\\n\n");
    let heard = hear_cut(&talk(&text), &[1009]);
    assert_eq!((heard.messages[8].name.as_str(), &heard.messages[8].fields[6].1), ("hole", &"10330".to_owned()));
}

#[test]
fn corner_14_latin_1() {
    let lines = after(
        &login("NTP/1.2", ""),
        r"S: SERVER <|> PLUGIN_LIST <|>\n1 <|> R\xe9seau <|> infos <|> \xa9 <|> d\x09e <|> s <|> G\xe9n\xe9ral\n<|> SERVER\n
        C: CLIENT <|> PREFERENCES <|>\nm\xfcll <|> \xff\xfe\n<|> CLIENT\n
        C: CLIENT <|> LONG_ATTACK <|>\n4\nh\xf6t1",
    );
    assert_lines(
        &lines,
        r"S plugin_list
        S plugin_record plugin_id=1; plugin_name=R\xe9seau; category=infos; copyright=\xa9; description=d\te; summary=s; family=G\xe9n\xe9ral
        S block_end
        C preferences
        C preference name=m\xfcll; value=\xff\xfe
        C block_end
        C long_attack size_bytes=4; targets=h\xf6t1",
    );
}
