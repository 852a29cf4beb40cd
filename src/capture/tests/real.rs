//! Captures of real programs: frame counts and bytes as `capinfos -c -d` gives them, first and last time as `tshark` does.

use crate::capture::Next;
use crate::capture::Source;
use crate::capture::files::Files;
use crate::limits::Limits;
use std::path::Path;
use std::path::PathBuf;

/// File, frames, bytes on the wire, first and last time.
const CAPTURES: [(&str, u64, u64, &str, &str); 8] = [
    ("seed/frank4dd.pcap", 31, 6554, "", ""),
    ("ntp/32_tls10_rsa_aes128_etm_dsb.pcapng", 592, 506_352, "1795302164.651035000", "1795302166.741880000"),
    ("ntp/66_ipv6_socat_front.pcap", 553, 439_939, "1795303189.539945000", "1795303191.337169000"),
    ("ntp/67_sll2_any.pcap", 811, 490_176, "1795303194.994454000", "1795303196.837011000"),
    ("ntp/69_nanosecond.pcap", 803, 484_782, "1795303203.557482845", "1795303205.469896160"),
    ("ntp/70_snaplen128.pcap", 798, 484_452, "1795303207.985763000", "1795303209.851077000"),
    ("ntp/71_gso_superpackets.pcap", 778, 483_132, "1795303212.632234000", "1795303214.536333000"),
    ("ntp/73_pcapng.pcapng", 809, 485_178, "1795303013.300792000", "1795303015.966939000"),
];

/// The folder of reference captures beside the project, or nothing, which is said; with CI set it must be there.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures");
    let found = folder.is_dir();
    assert!(found || std::env::var_os("CI").is_none(), "{} is missing", folder.display());
    if !found {
        eprintln!("skipped: {} is missing", folder.display());
    }
    found.then_some(folder)
}

#[test]
fn counts_and_times_agree_with_other_readers() {
    let Some(folder) = shared() else { return };
    let mut files = Files::new(CAPTURES.iter().map(|(name, ..)| folder.join(name)).collect(), &Limits::default());
    let mut found = std::array::from_fn::<_, 8, _>(|_| (0_u64, 0_u64, String::new(), String::new()));
    while let Next::Frame(frame) = files.next().unwrap() {
        let (frames, bytes, first, last) = &mut found[usize::try_from(frame.id.input).unwrap()];
        *frames += 1;
        assert_eq!(frame.id.number, *frames);
        *bytes += u64::from(frame.wire_len);
        *last = format!("{}.{:09}", frame.at.nanos() / 1_000_000_000, frame.at.nanos() % 1_000_000_000);
        if first.is_empty() {
            first.clone_from(last);
        }
    }
    for ((name, frames, bytes, first, last), found) in CAPTURES.iter().zip(found) {
        assert_eq!((*frames, *bytes), (found.0, found.1), "{name}");
        if !first.is_empty() {
            assert_eq!((*first, *last), (found.2.as_str(), found.3.as_str()), "{name}");
        }
    }
    let secrets: Vec<_> = files.secrets().collect();
    assert_eq!(secrets.len(), 1);
    assert_eq!(secrets[0].kind, 0x544c_534b);
    let key_log = std::fs::read(folder.join("ntp/32_tls10_rsa_aes128_etm.keylog")).unwrap();
    assert_eq!(secrets[0].bytes.trim_ascii_end(), key_log.trim_ascii_end());
    let read = files.position();
    assert_eq!(Some(read.read), read.total);
}
