//! The focus network: which addresses are ours to watch.

use ipnet::IpNet;
use std::net::IpAddr;

/// Included ranges with excluded ranges cut out of them. No included range means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    included: Vec<IpNet>,
    excluded: Vec<IpNet>,
}

impl Focus {
    /// From two lists of ranges, as [`parse_range`] reads them.
    #[must_use]
    pub fn new(included: Vec<IpNet>, excluded: Vec<IpNet>) -> Self {
        Self { included, excluded }
    }

    /// Whether an address is inside.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        (self.included.is_empty() || self.included.iter().any(|range| range.contains(&ip))) && !self.excludes(ip)
    }

    /// Whether an address was cut out: its connections are not evaluated.
    #[must_use]
    pub fn excludes(&self, ip: IpAddr) -> bool {
        self.excluded.iter().any(|range| range.contains(&ip))
    }
}

/// Reads `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `10.0.0.1`, `2001:db8::/32` or `2001:db8::1`.
///
/// # Errors
///
/// A sentence that says what is wrong with the text.
pub fn parse_range(text: &str) -> Result<IpNet, String> {
    let problem = || format!("'{text}' is not an address, a CIDR range or net/mask");
    let text = text.trim();
    let Some((net, mask)) = text.split_once('/') else {
        return text.parse::<IpAddr>().map(IpNet::from).map_err(|_| problem());
    };
    let net: IpAddr = net.parse().map_err(|_| problem())?;
    let range = match mask.parse::<u8>() {
        Ok(length) => IpNet::new(net, length).map_err(|_| problem())?,
        Err(_) => IpNet::with_netmask(net, mask.parse().map_err(|_| problem())?).map_err(|_| problem())?,
    };
    Ok(range.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_all_forms() {
        for (text, want) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.0.0.0/255.255.0.0", "10.0.0.0/16"),
            ("192.0.2.1", "192.0.2.1/32"),
            ("2001:db8::1/32", "2001:db8::/32"),
            (" ::1 ", "::1/128"),
        ] {
            assert_eq!(parse_range(text).unwrap().to_string(), want);
        }
        for text in ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/255.0.255.0", "host"] {
            assert!(parse_range(text).is_err(), "{text}");
        }
    }

    #[test]
    fn exclusion_cuts_holes() {
        let focus = Focus::new(vec![parse_range("10.0.0.0/8").unwrap()], vec![parse_range("10.9.0.0/16").unwrap()]);
        assert!(focus.contains("10.1.1.1".parse().unwrap()));
        assert!(!focus.contains("10.9.1.1".parse().unwrap()));
        assert!(!focus.contains("11.1.1.1".parse().unwrap()));
        assert!(Focus::default().contains("2001:db8::1".parse().unwrap()));
    }
}
