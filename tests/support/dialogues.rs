//! Conversations that the laws are tried on: every part of the protocol, and the secrets in it.

use super::talk::Step;
use super::talk::talk;

/// Secrets that stand in [`FULL`]: no output may show four bytes of one that follow each other.
pub(crate) const SECRETS: [&str; 6] =
    ["zQ7x-Jw9vKqZ-XkW4", "Vj8q.Yk2wQz.Hx6Zv9", "qJ4z_Wx7Kv_Zq3Xy8j", "Kz9vXq5WjZ7yQx2kV4", "Xw3jQz8Kq6vYJ2xZ9q", "jZ5kXv7qWy4QJ9zx3K"];

/// A whole session: login, dump, configuration with secrets both ways, a file, a scan, the end.
pub(crate) const FULL: &str = r"
C: < NTP/1.2 >< plugins_version timestamps >\n
S: < NTP/1.2 >\n
S: User :\x20
C: renaud\n
S: Password :\x20
C: zQ7x-Jw9vKqZ-XkW4\n
S: SERVER <|> PLUGIN_LIST <|>\n10330 <|> Services <|> infos <|> (C) lab <|> Finds out;which <|> Find what <|> Misc. <|> 1.2\n10335 <|> tcp scan <|> scanner <|> (C) lab <|> Knocks <|> Knocks <|> Port scanners <|> 1.3\n<|> SERVER\n
S: SERVER <|> PREFERENCES <|>\nmax_hosts <|> 16\npem_password <|> Vj8q.Yk2wQz.Hx6Zv9\nSSH settings[entry]:SSH user name : <|> root\n<|> SERVER\n
S: SERVER <|> RULES <|>\n<|> SERVER\nSERVER <|> PLUGINS_DEPENDENCIES <|>\nServices <|> tcp scan <|> ping <|> \n<|> SERVER\n
C: CLIENT <|> PREFERENCES <|>\nmax_hosts <|> 20\nSMB[password]:SMB password : <|> qJ4z_Wx7Kv_Zq3Xy8j\n
C: SNMP settings[entry]:SNMP community : <|> Kz9vXq5WjZ7yQx2kV4\nplugin_set <|> 10330;10335\n<|> CLIENT\n
S: SERVER <|> PREFERENCES_ERRORS <|>\n<|> SERVER\n
C: CLIENT <|> RULES <|>\ndefault accept\n<|> CLIENT\n
C: CLIENT <|> ATTACHED_FILE\nname: /home/anna/key\ncontent: octet/stream\nbytes: 64\n-----BEGIN\nXw3jQz8Kq6vYJ2xZ9q\n-----MIDDLE\njZ5kXv7qWy4QJ9zx3K\nEND
S: SERVER <|> FILE_ACCEPTED <|> SERVER\n
C: CLIENT <|> LONG_ATTACK <|>\n9\n127.0.0.1
S: SERVER <|> TIME <|> SCAN_START <|> Thu Jan  6 09:26:40 2005 <|> SERVER\ns:p:127.0.0.1:48:1024\n
S: SERVER <|> PORT <|> 127.0.0.1 <|> ssh (22/tcp) <|> SERVER\n
S: SERVER <|> HOLE <|> 127.0.0.1 <|> ssh (22/tcp) <|> Old;very old <|> 10330 <|> SERVER\n
S: SERVER <|> FINISHED <|> 127.0.0.1 <|> SERVER\n
C: CLIENT <|> STOP_WHOLE_TEST <|> CLIENT\n
S: SERVER <|> BYE <|> BYE <|> SERVER\n
C: CLIENT <|> BYE <|> ACK\n
";

/// A login that is refused, all of it typed ahead.
pub(crate) const AHEAD: &str = r"
C: < NTP/1.2 >< plugins_version >\nanna\nzQ7x-Jw9vKqZ-XkW4\n
S: < NTP/1.2 >\nUser : Password : Bad login attempt !\n
";

/// A login with CR LF and a password that looks like an order would with one more blank.
pub(crate) const ODD: &str = r"
C: < NTP/1.2 >\r\n
S: < NTP/1.2 >\nUser :\x20
C: anna\r\n
S: Password :\x20
C: CLIENT<|>zQ7x-Jw9vKqZ-XkW4\r\n
S: SERVER <|> PLUGIN_LIST <|>\n<|> SERVER\n
C: CLIENT <|> PREFERENCES <|>\nSMB[password]:pw <|> \xffVj8q.Yk2wQz.Hx6Zv9\xff\nWeb[file]:Pass phrase <|> qJ4z_Wx7Kv_Zq3Xy8j\n<|> CLIENT\n
C: CLIENT <|> ATTACHED_FILE\nname: k\ncontent: octet/stream\nbytes: 19\nKz9vXq5WjZ7yQx2kV4\nCLIENT <|> SESSIONS_LIST <|> CLIENT\n
S: SERVER <|> SESSIONS_LIST\n20050106-100000 10.0.0.1\n<|> SERVER\n
";

/// The successor: lines end in NUL, no login with 2.0.
pub(crate) const OTP: &str = r"
C: < OTP/2.0 >\n
S: < OTP/2.0 >\n
S: SERVER <|> NVT_INFO <|> 201001010000 <|> SERVER\n
S: SERVER <|> PREFERENCES <|>\nmax_hosts <|> 30\n<|> SERVER\n
C: CLIENT <|> PREFERENCES <|>\nSMB[password]:pw <|> Vj8q.Yk2wQz.Hx6Zv9\n<|> CLIENT\n
C: CLIENT <|> LONG_ATTACK <|>\n8\n10.0.0.9
S: SERVER <|> LOG <|> 10.0.0.9 <|> general/tcp <|> text <|> 1.3.6.1.4.1.25623.1.0.90022 <|> SERVER\n
S: SERVER <|> BYE <|> BYE <|> SERVER\n
";

/// Blocks of all kinds, each followed by one that holds a secret.
pub(crate) const BLOCKS: &str = r"
C: < NTP/1.2 >< md5_caching >\n
S: < NTP/1.2 >\nUser :\x20
C: renaud\n
S: Password :\x20
C: zQ7x-Jw9vKqZ-XkW4\n
S: SERVER <|> PLUGINS_MD5 <|> 0123456789abcdef0123456789abcdef <|> SERVER\n
C: CLIENT <|> SEND_PLUGINS_MD5 <|> CLIENT\n
S: SERVER <|> PLUGINS_MD5 <|>\n10330 <|> 0123456789abcdef0123456789abcdef\n10335 <|> 123456789abcdef0123456789abcdef0\n<|> SERVER\n
C: CLIENT <|> GO ON <|> CLIENT\n
S: SERVER <|> PREFERENCES <|>\npem_password <|> Vj8q.Yk2wQz.Hx6Zv9\n<|> SERVER\n
S: SERVER <|> PLUGINS_DEPENDENCIES <|>\nServices <|> tcp scan <|> ping <|> \n<|> SERVER\n
S: SERVER <|> PREFERENCES <|>\nSMB[password]:SMB password : <|> qJ4z_Wx7Kv_Zq3Xy8j\n<|> SERVER\n
C: CLIENT <|> SESSIONS_LIST <|> CLIENT\n
S: SERVER <|> SESSIONS_LIST\n20050106-100000 10.0.0.1\n20050106-100001 10.0.0.2\n<|> SERVER\n
S: SERVER <|> PREFERENCES <|>\nSNMP[entry]:SNMP community : <|> Kz9vXq5WjZ7yQx2kV4\n<|> SERVER\n
S: SERVER <|> DETACHED_SESSIONS_LIST\n123 10.0.0.1\n<|> SERVER\nSERVER <|> PREFERENCES <|>\npem_password <|> Xw3jQz8Kq6vYJ2xZ9q\n<|> SERVER\n
C: CLIENT <|> RULES <|>\ndefault accept\n<|> CLIENT\nCLIENT <|> PREFERENCES <|>\nSMB[password]:pw <|> jZ5kXv7qWy4QJ9zx3K\n<|> CLIENT\n
";

/// All of them.
pub(crate) fn all() -> Vec<Vec<Step>> {
    [FULL, BLOCKS, AHEAD, ODD, OTP].into_iter().map(talk).collect()
}
