//! Arguments about the files that are written: where, and when the next one begins.

use ntp_sniff::ship::Rotation;
use std::path::PathBuf;
use std::time::Duration;

/// Where it goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Shipping {
    /// File to write to; "-" is standard output [default: standard output].
    ///
    /// With -i it is appended to, and a disk that is full or a folder that is gone is tried again until it works; with -r the file is
    /// replaced. Opened again at SIGHUP.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// File for the packets of decoded sessions, as pcapng; it holds their passwords.
    ///
    /// A session is decoded once one of the protocols has claimed its connection; the packets that opened it are there as well. Only its
    /// owner may read the file. Appended to, tried again and opened again as the output; rotated with it.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,

    /// Begin a new file before one is longer than this: 100M, 2G, or bytes.
    ///
    /// Old files are FILE.1 (the newest), FILE.2 and so on. No record is ever cut.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) rotate_size: Option<u64>,

    /// Begin a new file with every full interval since 1970 UTC: 1h, 1d.
    #[arg(long, value_name = "TIME", value_parser = interval)]
    pub(crate) rotate_interval: Option<Duration>,

    /// How many old files to keep.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub(crate) keep: u32,
}

impl Shipping {
    /// Whether files are rotated at all.
    pub(crate) fn rotates(&self) -> bool {
        self.rotate_size.is_some() || self.rotate_interval.is_some()
    }

    /// When files are rotated.
    pub(crate) fn rotation(&self) -> Rotation {
        Rotation { size: self.rotate_size, interval: self.rotate_interval, keep: self.keep }
    }
}

/// Reads `4096`, `64K`, `100M`, `2G`: powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let problem = || format!("'{text}' is not a size like 65536, 64K, 100M or 2G");
    let (digits, shift) = match text.char_indices().next_back() {
        Some((end, 'k' | 'K')) => (text.get(..end), 10),
        Some((end, 'm' | 'M')) => (text.get(..end), 20),
        Some((end, 'g' | 'G')) => (text.get(..end), 30),
        _ => (Some(text), 0),
    };
    let number = digits.and_then(|digits| digits.parse::<u64>().ok()).ok_or_else(problem)?;
    number.checked_mul(1 << shift).filter(|size| *size > 0).ok_or_else(problem)
}

/// A time of whole seconds.
fn interval(text: &str) -> Result<Duration, String> {
    let time = super::live::time(text)?;
    if time.subsec_nanos() == 0 { Ok(time) } else { Err(format!("'{text}' is not a number of whole seconds")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(["4096", "64K", "3m", "2G"].map(|text| size(text).unwrap()), [4096, 65_536, 3 << 20, 2 << 30]);
        for wrong in ["", "K", "0", "-1", "1.5M", "1T", "99999999999999999999", "18446744073709551615G"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert!(interval("1h").is_ok() && interval("1500ms").is_err() && interval("0s").is_err());
    }
}
