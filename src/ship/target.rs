//! Where messages go, from the words of the command line. Addresses only: no name is ever looked up.

use std::fmt;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The port of syslog over UDP (RFC 5426).
const UDP_PORT: u16 = 514;

/// The port of syslog over TCP (`syslog-conn`, RFC 3195), where receivers listen for plain TCP, too. RFC 6587 names none, since the
/// 514 that many use belongs to another service.
const TCP_PORT: u16 = 601;

/// Where the syslog daemon of this machine listens.
const LOCAL: &str = "/dev/log";

/// Who gets the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One datagram each.
    Udp(SocketAddr),
    /// One stream.
    Tcp(SocketAddr),
    /// A socket of this machine: datagrams, or a stream where it takes none.
    Unix(PathBuf),
}

/// As it is written on the command line.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address) => write!(f, "udp://{address}"),
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Reads `udp://ADDRESS[:PORT]`, `tcp://ADDRESS[:PORT]` or `unix:[PATH]`.
///
/// # Errors
///
/// A sentence that says what is wrong: a host name, no port, another scheme.
pub fn parse_target(text: &str) -> Result<Target, String> {
    if let Some(rest) = text.strip_prefix("udp://") {
        return address(rest, UDP_PORT).map(Target::Udp);
    }
    if let Some(rest) = text.strip_prefix("tcp://") {
        return address(rest, TCP_PORT).map(Target::Tcp);
    }
    if let Some(rest) = text.strip_prefix("unix:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        return Ok(Target::Unix(PathBuf::from(if path.is_empty() { LOCAL } else { path })));
    }
    Err("it must begin with udp://, tcp:// or unix:".to_owned())
}

/// The address and the port behind a scheme.
fn address(text: &str, port: u16) -> Result<SocketAddr, String> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let lone = match plain {
        Some(inside) => inside.parse().ok().filter(IpAddr::is_ipv6),
        None => text.parse().ok().filter(IpAddr::is_ipv4),
    };
    let found = lone.map(|ip| SocketAddr::new(ip, port)).or_else(|| text.parse().ok());
    match found {
        Some(found) if found.port() == 0 => Err("port 0 is none".to_owned()),
        Some(found) => Ok(found),
        None if text.parse::<IpAddr>().is_ok() => Err(format!("an IPv6 address stands in brackets: [{text}]")),
        None if text.is_empty() => Err("an address is missing".to_owned()),
        None => Err(format!("'{text}' is no address with or without a port; no name is looked up: give the address")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths_are_read() {
        let shown = |text| parse_target(text).unwrap().to_string();
        assert_eq!(shown("udp://192.0.2.1"), "udp://192.0.2.1:514");
        assert_eq!(shown("udp://192.0.2.1:10514/"), "udp://192.0.2.1:10514");
        assert_eq!(shown("tcp://192.0.2.1"), "tcp://192.0.2.1:601");
        assert_eq!(shown("tcp://[2001:db8::1]"), "tcp://[2001:db8::1]:601");
        assert_eq!(shown("udp://[2001:db8::1]:1"), "udp://[2001:db8::1]:1");
        assert_eq!(shown("unix:"), "unix:/dev/log");
        assert_eq!(shown("unix:/run/log"), "unix:/run/log");
        assert_eq!(shown("unix:///run/log"), "unix:/run/log");
    }

    #[test]
    fn names_are_not_looked_up() {
        let problem = |text| parse_target(text).unwrap_err();
        for name in ["udp://localhost", "tcp://log.example.net:601", "udp://log", "tcp://1.2.3"] {
            assert!(problem(name).contains("no name is looked up"), "{name}: {}", problem(name));
        }
        assert!(problem("udp://2001:db8::1").contains("in brackets"));
        assert!(problem("udp://").contains("missing"));
        assert!(problem("udp://192.0.2.1:0").contains("port 0"));
        for other in ["192.0.2.1", "http://192.0.2.1", "UDP", ""] {
            assert!(problem(other).contains("begin with"), "{other}");
        }
    }
}
