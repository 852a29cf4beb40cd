//! Arguments about TLS: what it is opened with.

use std::path::PathBuf;

/// Files with secrets.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct KeyFiles {
    /// Key log to open TLS with, as clients write it when SSLKEYLOGFILE is set; repeatable.
    ///
    /// All labels of RFC 9850 and the older ones are read. On an interface or a pipe the file is followed: lines that are appended, and
    /// files that take its place, are read when a session needs them. SSLKEYLOGFILE itself is not looked at. Secrets inside of pcapng
    /// files are used without being asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) keylog: Vec<PathBuf>,

    /// RSA private key of a server, to open TLS that has its secret sent under it; repeatable.
    ///
    /// PEM, PKCS#1 or PKCS#8, not encrypted. It opens what RSA key exchange made, as nessusd does, up to TLS 1.2; nothing else.
    #[arg(long, value_name = "PEM")]
    pub(crate) rsa_key: Vec<PathBuf>,
}
