//! The focus network: which addresses are ours to watch.

use crate::error::Error;
use ipnet::IpNet;
use std::fs::File;
use std::io::Read as _;
use std::net::IpAddr;
use std::path::PathBuf;

/// Longest file of ranges: some 60,000 of them.
const MOST_BYTES: u64 = 1 << 20;

/// Included ranges with excluded ranges cut out of them. No included range means everything.
///
/// Invariant: both lists ascend and their ranges do not overlap, since every connection is looked up in them a dozen times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    included: Vec<IpNet>,
    excluded: Vec<IpNet>,
}

impl Focus {
    /// From two lists of ranges, as [`parse_range`] reads them.
    #[must_use]
    pub fn new(included: &[IpNet], excluded: &[IpNet]) -> Self {
        Self { included: IpNet::aggregate(&included.to_vec()), excluded: IpNet::aggregate(&excluded.to_vec()) }
    }

    /// Whether it is everything: nobody named a range.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.included.is_empty() && self.excluded.is_empty()
    }

    /// Whether an address is inside.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        (self.included.is_empty() || covers(&self.included, ip)) && !self.excludes(ip)
    }

    /// Whether an address was cut out: its connections are not evaluated.
    #[must_use]
    pub fn excludes(&self, ip: IpAddr) -> bool {
        covers(&self.excluded, ip)
    }
}

/// Whether one of these ranges, ascending and apart, holds an address.
fn covers(ranges: &[IpNet], ip: IpAddr) -> bool {
    let behind = ranges.partition_point(|range| range.network() <= ip);
    behind.checked_sub(1).and_then(|last| ranges.get(last)).is_some_and(|range| range.contains(&ip))
}

/// Where ranges come from: the command line, or files that may change while the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Networks {
    /// A range.
    Range(IpNet),
    /// A file of ranges, one or more a line, `#` before a remark; a byte order mark is no part of the first.
    File(PathBuf),
}

impl Networks {
    /// Reads one word of the command line: a range as [`parse_range`] reads it, or `@FILE`.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.trim().strip_prefix('@') {
            Some("") => Err("a file name is missing behind '@'".to_owned()),
            Some(path) => Ok(Self::File(path.into())),
            None => parse_range(text).map(Self::Range).map_err(|problem| format!("{problem}, nor @FILE")),
        }
    }

    /// The ranges, read anew.
    ///
    /// # Errors
    ///
    /// [`Error::Networks`]: the file cannot be read, is too large, or has a line that is no range.
    fn read(&self) -> Result<Vec<IpNet>, Error> {
        let path = match self {
            Self::Range(range) => return Ok(vec![*range]),
            Self::File(path) => path,
        };
        let fail = |problem| Error::Networks { path: path.clone(), problem };
        let mut text = String::new();
        let mut file = File::open(path).map_err(|error| fail(format!("cannot open: {error}")))?.take(MOST_BYTES.saturating_add(1));
        file.read_to_string(&mut text).map_err(|error| fail(format!("cannot read: {error}")))?;
        if u64::try_from(text.len()).is_ok_and(|bytes| bytes > MOST_BYTES) {
            return Err(fail(format!("longer than {MOST_BYTES} bytes")));
        }
        let mut ranges = Vec::new();
        for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.split('#').next().unwrap_or_default();
            for word in line.split([',', ' ', '\t']).filter(|word| !word.is_empty()) {
                ranges.push(parse_range(word).map_err(|problem| fail(format!("line {}: {problem}", number.saturating_add(1))))?);
            }
        }
        Ok(ranges)
    }

    /// The same; a file without a range is refused, since an empty focus would mean everything.
    fn read_some(&self) -> Result<Vec<IpNet>, Error> {
        let ranges = self.read()?;
        match self {
            Self::File(path) if ranges.is_empty() => Err(Error::Networks { path: path.clone(), problem: "no network in it".to_owned() }),
            _ => Ok(ranges),
        }
    }
}

/// What the user said of the focus network, so that it can be read again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FocusSource {
    /// What is inside; nothing means everything.
    pub included: Vec<Networks>,
    /// What is cut out of it.
    pub excluded: Vec<Networks>,
}

impl FocusSource {
    /// The files it is read from.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let file = |networks: &Networks| match networks {
            Networks::File(path) => Some(path.clone()),
            Networks::Range(_) => None,
        };
        self.included.iter().chain(&self.excluded).filter_map(file).collect()
    }

    /// The focus network, its files read now.
    ///
    /// # Errors
    ///
    /// [`Error::Networks`]
    pub fn read(&self) -> Result<Focus, Error> {
        type Read = fn(&Networks) -> Result<Vec<IpNet>, Error>;
        let all = |networks: &[Networks], read: Read| -> Result<Vec<IpNet>, Error> {
            let mut ranges = Vec::new();
            for networks in networks {
                ranges.extend(read(networks)?);
            }
            Ok(ranges)
        };
        Ok(Focus::new(&all(&self.included, Networks::read_some)?, &all(&self.excluded, Networks::read)?))
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
    fn files_of_ranges_are_read_or_refused_with_the_line() {
        let file = |name: &str, text: &str| {
            let path = std::env::temp_dir().join(format!("ntp-sniff-focus-{}-{name}", std::process::id()));
            std::fs::write(&path, text).unwrap();
            let networks = Networks::parse(&format!("@{}", path.display())).unwrap();
            let read = FocusSource { included: vec![networks], excluded: Vec::new() }.read();
            std::fs::remove_file(path).unwrap();
            read.map_err(|error| error.to_string().split(": ").skip(1).collect::<Vec<_>>().join(": "))
        };
        let focus = file("good", "\u{feff}10.0.0.0/16 # ours\n10.0.0.0/8, 192.0.2.1 # one host\n\n2001:db8::/32\r\n").unwrap();
        for (ip, inside) in [("10.1.1.1", true), ("192.0.2.1", true), ("192.0.2.2", false), ("2001:db8::7", true)] {
            assert_eq!(focus.contains(ip.parse().unwrap()), inside, "{ip}");
        }
        assert_eq!(file("empty", "# nothing\n").unwrap_err(), "no network in it");
        assert_eq!(file("bad", "10.0.0.0/8\nhost\n").unwrap_err(), "line 2: 'host' is not an address, a CIDR range or net/mask");
        let nothing = std::env::temp_dir().join(format!("ntp-sniff-exclude-{}", std::process::id()));
        std::fs::write(&nothing, "# nothing yet\n").unwrap();
        let excluded = FocusSource { included: Vec::new(), excluded: vec![Networks::File(nothing.clone())] }.read().unwrap();
        std::fs::remove_file(nothing).unwrap();
        assert!(excluded.contains("10.1.1.1".parse().unwrap()), "who excludes nothing watches everything");
        assert!(Networks::parse("@").is_err() && Networks::parse("host").is_err());
        let missing = FocusSource { included: vec![Networks::File("/nowhere/at/all".into())], excluded: Vec::new() };
        assert!(missing.read().is_err());
    }

    #[test]
    fn exclusion_cuts_holes() {
        let focus = Focus::new(&[parse_range("10.0.0.0/8").unwrap()], &[parse_range("10.9.0.0/16").unwrap()]);
        assert!(focus.contains("10.1.1.1".parse().unwrap()));
        assert!(!focus.contains("10.9.1.1".parse().unwrap()));
        assert!(!focus.contains("11.1.1.1".parse().unwrap()));
        assert!(Focus::default().contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn many_ranges_in_any_order_are_looked_up_right_and_fast() {
        let odd = |host: u32| IpNet::from(IpAddr::from((0x1400_0000 + 2 * host).to_be_bytes()));
        let mut ranges: Vec<IpNet> = (0..60_000).rev().map(odd).collect();
        ranges.extend(["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "::/128", "255.255.255.255"].map(|text| parse_range(text).unwrap()));
        let focus = Focus::new(&ranges, &[]);
        let start = std::time::Instant::now();
        for host in 0..120_000_u32 {
            let ip = IpAddr::from((0x1400_0000 + host).to_be_bytes());
            assert_eq!(focus.contains(ip), host % 2 == 0, "{ip}");
        }
        // One after the other, these would be seven thousand million comparisons.
        assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
        let cases =
            [("10.255.255.255", true), ("11.0.0.0", false), ("9.255.255.255", false), ("0.0.0.0", false), ("255.255.255.255", true)];
        for (ip, inside) in [("::", true), ("::1", false), ("2001:db8:ffff::1", true), ("2001:db9::", false)].into_iter().chain(cases) {
            assert_eq!(focus.contains(ip.parse().unwrap()), inside, "{ip}");
        }
    }
}
