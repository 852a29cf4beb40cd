//! Section 10: every message, in both directions, is named and has its fields.

use crate::hear::assert_lines;
use crate::hear::hear;

/// One conversation that says them all. No real one would: the messages of all versions and of every phase stand in it.
const ALL: &str = r"
C: < NTP/1.2 >< md5_caching plugins_version plugins_cve_id plugins_bugtraq_id plugins_xrefs timestamps dependencies >\n
S: < NTP/1.2 >\nUser :\x20
C: alice\n
S: Password :\x20
C: zQ7x-Jw9vKqZ-XkW4\n
S: SERVER <|> PLUGINS_MD5 <|> 0cc175b9c0f1b6a831c399e269772661 <|> SERVER\n
C: CLIENT <|> COMPLETE_LIST <|> CLIENT\n
S: SERVER <|> PLUGIN_LIST <|>\n10001 <|> Demo check <|> infos <|> (C) X <|> ;Text;more <|> Does a thing <|> Misc. <|> $Revision: 1.2 $ <|> CVE-2000-0001 <|>  <|> OSVDB:7\n<|> SERVER\n
C: CLIENT <|> SEND_PLUGINS_MD5 <|> CLIENT\n
S: SERVER <|> PLUGINS_MD5\n10001 <|> 92eb5ffee6ae2fec3ad71c777531578f\n<|> SERVER\n
C: CLIENT <|> PLUGIN_INFO <|> 10001 <|> CLIENT\n
S: 10001 <|> Demo check <|> infos <|> (C) X <|> ;Text;more <|> Does a thing <|> Misc. <|> ? <|>  <|>  <|> \n
C: CLIENT <|> GO ON <|> CLIENT\n
S: SERVER <|> PREFERENCES <|>\nmax_hosts <|> 20\npem_password <|> Vj8q.Yk2wQz.Hx6Zv9\n<|> SERVER\n
S: SERVER <|> RULES <|>\n<|> SERVER\n
S: SERVER <|> PLUGINS_DEPENDENCIES\nDemo check <|> Services <|> \n<|> SERVER\n
C: CLIENT <|> NVT_INFO <|> CLIENT\n
S: SERVER <|> NVT_INFO <|> 201501010000 <|> SERVER\n
C: CLIENT <|> CERTIFICATES <|> CLIENT\n
S: SERVER <|> CERTIFICATES\nABCD <|> Demo CA <|> notrust <|> 17 <|> -----BEGIN;a;b;;\n<|> SERVER\n
C: CLIENT <|> NESSUS_VERSION <|> CLIENT\nCLIENT <|> OPENVAS_VERSION <|> CLIENT\nCLIENT <|> OPENVASSD_VERSION <|> CLIENT\n
S: SERVER <|> NESSUS_VERSION <|> 2.2.9 <|> SERVER\nSERVER <|> OPENVAS_VERSION <|> 3.2.5 <|> SERVER\nSERVER <|> OPENVAS_VERSION <|> 3.2.5 <|> SERVER\n
C: CLIENT <|> HUP_FATHER <|> CLIENT\nCLIENT <|> SESSIONS_LIST <|> CLIENT\n
S: SERVER <|> SESSIONS_LIST\n20050106-101500 192.0.2.0/24\n<|> SERVER\n
C: CLIENT <|> SESSION_DELETE <|> 20050106-101500 <|> CLIENT\nCLIENT <|> DETACHED_SESSIONS_LIST <|> CLIENT\n
S: SERVER <|> DETACHED_SESSIONS_LIST\n4711 www.example.org\n<|> SERVER\n
C: CLIENT <|> STOP_DETACHED <|> 4711 <|> CLIENT\n
C: CLIENT <|> PREFERENCES <|>\nDemo check[password]:Secret : <|> qJ4z_Wx7Kv_Zq3Xy8j\nplugin_set <|> 10001;\n<|> CLIENT\n
S: SERVER <|> PREFERENCES_ERRORS <|>\n<|> SERVER\n
C: CLIENT <|> RULES <|>\nreject 198.51.100.0/24\n<|> CLIENT\n
C: CLIENT <|> ATTACHED_FILE\nname: /k\ncontent: octet/stream\nbytes: 5\nabcde
S: SERVER <|> FILE_ACCEPTED <|> SERVER\n
C: CLIENT <|> ATTACHED_PLUGIN\nname: a.nasl\ncontent: octet/stream\nbytes: 3\nxyzCLIENT <|> ATTACHED_PLUGIN\nname: b\ncontent: octet/stream\nbytes: 0\n
S: SERVER <|> PLUGIN_ACCEPTED <|> SERVER\nSERVER <|> PLUGIN_DENIED <|> SERVER\n
C: CLIENT <|> LONG_ATTACK <|>\n12\n192.0.2.0/24
S: SERVER <|> PLUGINS_ORDER <|> 4;8;1 <|> SERVER\nSERVER <|> TIME <|> SCAN_START <|> Thu Jan  6 10:15:00 2005 <|> SERVER\n
S: SERVER <|> STATUS <|> 192.0.2.1 <|> attack <|> 120/2237 <|> SERVER\ns:p:192.0.2.1:48:1024\nSERVER <|> STAT <|> 192.0.2.1 <|> 48/1024 <|> SERVER\n
S: SERVER <|> PORT <|> 192.0.2.1 <|> ssh (22/tcp) <|> SERVER\nSERVER <|> NOTE <|> 192.0.2.1 <|> ssh (22/tcp) <|> A banner;more;; <|> 10267 <|> SERVER\n
S: SERVER <|> INFO <|> 192.0.2.1 <|> general/tcp <|> t <|> 1 <|> SERVER\nSERVER <|> HOLE <|> 192.0.2.1 <|> general/tcp <|> t <|> 1 <|> SERVER\n
S: SERVER <|> LOG <|> h <|> 22/tcp <|> t <|> 1.3 <|> SERVER\nSERVER <|> DEBUG <|> h <|> 22/tcp <|> t <|> 1.3 <|> SERVER\n
S: SERVER <|> ALARM <|> h <|> www <|> 22/tcp <|> t <|> 1.3 <|> SERVER\nSERVER <|> ERRMSG <|> h <|> 22/tcp <|> t <|>  <|> SERVER\n
C: CLIENT <|> STOP_ATTACK <|> 192.0.2.1 <|> CLIENT\nCLIENT <|> PAUSE_WHOLE_TEST <|> CLIENT\nCLIENT <|> RESUME_WHOLE_TEST <|> CLIENT\nCLIENT <|> STOP_WHOLE_TEST <|> CLIENT\n
S: SERVER <|> FINISHED <|> 192.0.2.1 <|> SERVER\nSERVER <|> TIME <|> HOST_END <|> 192.0.2.1 <|> Thu Jan  6 10:20:00 2005 <|> SERVER\n
S: SERVER <|> ERROR <|> E001 - Invalid port range <|> SERVER\nSERVER <|> BYE <|> BYE <|> SERVER\n
C: CLIENT <|> BYE <|> ACK\n
S: SERVER <|> PING <|> SERVER\n
C: CLIENT <|> PONG <|> PING <|> CLIENT\n\nCLIENT <|> NEW_ATTACK <|> 192.0.2.1,192.0.2.2 <|> CLIENT\n
C: CLIENT <|> NEW_ATTACK <|> 1;4 <|> 30 <|> 0 <|> 1-1024 <|> 192.0.2.1 <|> CLIENT\n
C: CLIENT <|> SESSION_RESTORE <|> 20050106-101500 <|> CLIENT\nCLIENT <|> QUIT <|> CLIENT\n
S: SCANNER_LOADING <|> 1200 <|> 33000\nBad login attempt !\n
";

const HEARD: &str = r"
C version protocol=NTP; version=1.2; options=[md5_caching, plugins_version, plugins_cve_id, plugins_bugtraq_id, plugins_xrefs, timestamps, dependencies]
S version protocol=NTP; version=1.2
S user_prompt
C user user=alice
S password_prompt
C password password=***17
S plugins_md5 digest=0cc175b9c0f1b6a831c399e269772661
C complete_list
S plugin_list
S plugin_record plugin_id=10001; plugin_name=Demo check; category=infos; copyright=(C) X; description=;Text;more; summary=Does a thing; family=Misc.; version=$Revision: 1.2 $; cve=[CVE-2000-0001]; bid=[]; xref=[OSVDB:7]
S block_end
C send_plugins_md5
S plugins_md5
S plugin_digest plugin=10001; digest=92eb5ffee6ae2fec3ad71c777531578f
S block_end
C plugin_info plugin_id=10001
S plugin_record plugin_id=10001; plugin_name=Demo check; category=infos; copyright=(C) X; description=;Text;more; summary=Does a thing; family=Misc.; version=?; cve=[]; bid=[]; xref=[]
C go_on
S preferences
S preference name=max_hosts; value=20
S preference name=pem_password; value=***18
S block_end
S rules
S block_end
S plugins_dependencies
S dependency plugin=Demo check; needs=[Services]
S block_end
C nvt_info
S nvt_info feed_version=201501010000
C certificates
S certificates
S certificate fingerprint=ABCD; owner=Demo CA; trust=notrust; key_bytes=17; key=-----BEGIN;a;b;;
S block_end
C nessus_version
C openvas_version
C openvassd_version
S nessus_version version=2.2.9
S openvas_version version=3.2.5
S openvas_version version=3.2.5
C hup_father
C sessions_list
S sessions_list
S session_record session=20050106-101500; targets=192.0.2.0/24
S block_end
C session_delete session=20050106-101500
C detached_sessions_list
S detached_sessions_list
S detached_record process=4711; targets=www.example.org
S block_end
C stop_detached process=4711
C preferences
C preference name=Demo check[password]:Secret :; value=***18; plugin=Demo check; type=password
C preference name=plugin_set; value=10001;; plugins=1
C block_end
S preferences_errors
S block_end
C rules
C rule rule=reject 198.51.100.0/24
C block_end
C attached_file file_name=/k; content_type=octet/stream; size_bytes=5; content=***5
S file_accepted
C attached_plugin file_name=a.nasl; content_type=octet/stream; size_bytes=3; content=***3
C attached_plugin file_name=b; content_type=octet/stream; size_bytes=0; content=***0
S plugin_accepted
S plugin_denied
C long_attack size_bytes=12; targets=192.0.2.0/24
S plugins_order plugin_ids=4;8;1
S time moment=SCAN_START; time=Thu Jan  6 10:15:00 2005
S status host=192.0.2.1; action=attack; done=120; total=2237
S short_status action=p; host=192.0.2.1; done=48; total=1024
S stat host=192.0.2.1; done=48; total=1024
S port host=192.0.2.1; service_field=ssh (22/tcp); service=ssh; port=22; transport=tcp
S note host=192.0.2.1; service_field=ssh (22/tcp); service=ssh; port=22; transport=tcp; text=A banner;more;;; plugin_id=10267
S info host=192.0.2.1; service_field=general/tcp; service=general; transport=tcp; text=t; plugin_id=1
S hole host=192.0.2.1; service_field=general/tcp; service=general; transport=tcp; text=t; plugin_id=1
S log host=h; service_field=22/tcp; port=22; transport=tcp; text=t; plugin_id=1.3
S debug host=h; service_field=22/tcp; port=22; transport=tcp; text=t; plugin_id=1.3
S alarm host=h; hostname=www; service_field=22/tcp; port=22; transport=tcp; text=t; plugin_id=1.3
S errmsg host=h; service_field=22/tcp; port=22; transport=tcp; text=t
C stop_attack host=192.0.2.1
C pause_whole_test
C resume_whole_test
C stop_whole_test
S finished host=192.0.2.1
S time moment=HOST_END; host=192.0.2.1; time=Thu Jan  6 10:20:00 2005
S error text=E001 - Invalid port range
S bye echo=BYE
C bye echo=ACK
S ping
C pong echo=PING
C empty_line
C new_attack targets=192.0.2.1,192.0.2.2
C new_attack plugin_set=1;4; max_hosts=30; recursive=0; port_range=1-1024; targets=192.0.2.1
C session_restore session=20050106-101500
C quit
S scanner_loading loaded=1200; total=33000
S login_failed
";

#[test]
fn every_message_of_the_table_is_read() {
    let heard = hear(ALL);
    assert_eq!(heard.unread(), Vec::<String>::new());
    assert_lines(&heard.lines(), HEARD);
}

#[test]
fn what_no_table_knows_keeps_its_fields() {
    let heard = hear("C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nSERVER <|> NEW IN 3 <|> a <|> b <|> SERVER\\n\n");
    assert_eq!(heard.unread(), ["S new_in_3 values=[a, b]"]);
}
