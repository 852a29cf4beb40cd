//! Damaged captures: no panic, none slow, and what comes out was sent.

use crate::opened::Cut;
use crate::opened::Piece;
use crate::opened::keys;
use crate::opened::run;
use crate::plaintext::in_place;
use crate::reference;
use ntp_sniff::capture::file::CaptureFile;
use ntp_sniff::capture::files::Files;
use ntp_sniff::capture::memory::Memory;
use ntp_sniff::limits::Limits;
use ntp_sniff::peer::Peer;
use ntp_sniff::time::Timestamp;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// A frame: when it came, its link type, its bytes.
pub(crate) type Captured = (Timestamp, u32, Vec<u8>);

/// Captures of every cipher family and version, with what opens them.
const CAPTURES: [(&str, bool); 12] = [
    ("ntp-ssl3-rsa-3des-sha", true),
    ("ntp-tls10-rsa-rc4-sha-zlib-reneg", true),
    ("ntp-tls10-rsa-aes128-sha-ems-etm", true),
    ("ntp-tls10-rsa-resume-id", true),
    ("tls12-rsa-aes256-gcm-ems", true),
    ("tls12-rsa-resume-ticket-ems", true),
    ("tls12-ecdhe-chacha20", false),
    ("tls12-ecdhe-aes256-cbc-sha384-etm", false),
    ("tls13-ccm8", false),
    ("tls13-keyupdate", false),
    ("tls13-resume-0rtt", false),
    ("tlslite-ssl3-v2hello-rc4-md5", true),
];

/// A stream of numbers that look drawn by lot, the same every time.
struct Lot(u64);

impl Lot {
    fn draw(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % below.max(1)
    }
}

pub(crate) fn frames(capture: &Path) -> Vec<Captured> {
    let mut file = CaptureFile::open(capture, 0, &Limits::default()).unwrap();
    let mut frames = Vec::new();
    while file.advance().unwrap() {
        let frame = file.frame().unwrap();
        frames.push((frame.at, frame.link_type, frame.bytes.to_vec()));
    }
    frames
}

pub(crate) fn memory(frames: &[Captured]) -> Memory {
    let mut memory = Memory::new();
    for (at, link_type, bytes) in frames {
        memory.push(*at, *link_type, u32::try_from(bytes.len()).unwrap(), bytes);
    }
    memory
}

/// Damages frames in one to four places.
fn damage(frames: &mut Vec<Captured>, lot: &mut Lot) {
    for _ in 0..=lot.draw(4) {
        let index = lot.draw(frames.len());
        let len = frames[index].2.len();
        match lot.draw(7) {
            0 => drop(frames.remove(index)),
            1 => {
                let next = (index + 1) % frames.len();
                frames.swap(index, next);
            }
            2 => frames[index].2.truncate(lot.draw(len)),
            3 => {
                let copy = frames[index].clone();
                frames.insert(lot.draw(frames.len()), copy);
            }
            4 if len > 45 => {
                // A sequence number: bytes 38 to 41 of a frame of Ethernet, IPv4 and TCP.
                let at = 38 + lot.draw(4);
                frames[index].2[at] = u8::try_from(lot.draw(256)).unwrap();
            }
            5 if len > 75 => {
                // The head of a record or a message.
                let at = 66 + lot.draw(len.min(120) - 66);
                frames[index].2[at] = u8::try_from(lot.draw(256)).unwrap();
            }
            _ => {
                let (at, end) = (lot.draw(len), lot.draw(64));
                let values: Vec<u8> = (0..end).map(|_| u8::try_from(lot.draw(256)).unwrap()).collect();
                frames[index].2.iter_mut().skip(at).zip(values).for_each(|(byte, value)| *byte = value);
            }
        }
        if frames.is_empty() {
            return;
        }
    }
}

/// Time this thread was at work: others on the machine do not count.
fn worked() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split_ascii_whitespace().next().unwrap().parse().unwrap())
}

/// So many damaged captures; ten times as many in CI.
fn damaged_captures(seed: u64) {
    let Some(folder) = reference("tls") else { return };
    let rounds = if std::env::var_os("CI").is_some() { 5000 } else { 500 };
    let (mut lot, mut slowest, mut opened) = (Lot(seed), Duration::ZERO, 0);
    let log = |name: &str| vec![folder.join(name).join("keylog.txt")];
    let rsa: Vec<PathBuf> = ["rsa1024.pem", "rsa2048.pem"].map(|key| folder.join("keys").join(key)).to_vec();
    let whole = CAPTURES.map(|(name, _)| frames(&folder.join(name).join("capture.pcap")));
    for round in 0..rounds {
        let (name, has_rsa) = CAPTURES[round % CAPTURES.len()];
        let mut damaged = whole[round % CAPTURES.len()].clone();
        damage(&mut damaged, &mut lot);
        let begun = worked();
        let keys = if has_rsa && round % 8 == 0 { keys(&[], &[], &rsa) } else { keys(&[], &log(name), &[]) };
        for connection in run(&mut memory(&damaged), keys) {
            opened += connection.bytes(Peer::Client).len() + connection.bytes(Peer::Server).len();
        }
        let took = worked().saturating_sub(begun);
        assert!(took < Duration::from_secs(1), "round {round}, {name}: {took:?}");
        slowest = slowest.max(took);
    }
    assert!(opened > rounds * 10_000, "most of it is still read: {opened}");
    eprintln!("slowest {slowest:?}, {opened} bytes opened");
}

#[test]
fn damaged_captures_neither_panic_nor_take_long() {
    damaged_captures(0x9e37_79b9_7f4a_7c15);
}

#[test]
fn other_damaged_captures_do_neither() {
    damaged_captures(0x2545_f491_4f6c_dd1d);
}

/// A loss costs the records it cuts, and no others, whatever the cipher.
#[test]
fn after_loss_every_cipher_goes_on() {
    let (Some(ntp), Some(tls)) = (reference("ntp"), reference("tls")) else { return };
    let real = |name: &str| (ntp.join(format!("{name}.pcap")), ntp.join(format!("{name}.keylog")));
    let made = |name: &str| (tls.join(name).join("capture.pcap"), tls.join(name).join("keylog.txt"));
    let captures = [
        real("30_tls10_rsa_3des"),
        real("31_tls10_rsa_rc4"),
        real("32_tls10_rsa_aes128_etm"),
        real("33_tls10_rsa_aes256_noetm"),
        real("34_sslv3_rsa_rc4md5"),
        real("35_sslv3_rsa_3des"),
        real("36_tls10_rsa_null"),
        real("37_tls11_rsa_aes128"),
        real("38_tls12_rsa_aes128gcm"),
        real("39_tls12_rsa_aes256cbc_sha256"),
        real("41_tls12_ecdhe_chacha"),
        real("42_tls13_aes256gcm"),
        made("tls10-big-rc4-segmented"),
        made("tls13-big-segmented"),
    ];
    let mut lot = Lot(0x1234_5678_9abc_def1);
    for (capture, log) in captures {
        let open = |frames: &[Captured]| run(&mut memory(frames), keys(&[], std::slice::from_ref(&log), &[])).remove(0);
        let whole = frames(&capture);
        let sent = open(&whole).bytes(Peer::Server);
        let mut lossy = whole.clone();
        let large: Vec<usize> = (0..whole.len()).filter(|index| *index > 30 && whole[*index].2.len() > 1000).collect();
        let mut losses: Vec<usize> = (0..8).map(|_| large[lot.draw(large.len())]).collect();
        losses.sort_unstable();
        losses.dedup();
        losses.iter().rev().for_each(|index| drop(lossy.remove(*index)));
        let opened = open(&lossy);
        let recovered = in_place(&opened, Peer::Server, &sent);
        let share = recovered * 100 / sent.len();
        eprintln!("{}: {share} % of {} after {} losses", capture.display(), sent.len(), losses.len());
        assert!(share >= 60, "{}: {recovered} of {}; {:?}", capture.display(), sent.len(), opened.facts);
    }
}

/// The frames that a piece names are enough for it, and the last of them is needed.
#[test]
fn pieces_name_the_frames_that_brought_them() {
    let Some(folder) = reference("tls") else { return };
    let mut pieces = 0;
    for name in ["tls13-aes256-gcm", "ntp-tls10-rsa-aes128-sha", "tls10-big-rc4"] {
        let capture = folder.join(name).join("capture.pcap");
        let upto = |count: u64| {
            let mut source = Cut(Files::new(vec![capture.clone()], &Limits::default()), count);
            run(&mut source, keys(&[], &[folder.join(name).join("keylog.txt")], &[]))
        };
        let whole = &upto(u64::MAX)[0];
        for from in [Peer::Client, Peer::Server] {
            let all = &whole.pieces[usize::from(from == Peer::Server)];
            for piece in all.iter().step_by(1 + all.len() / 10) {
                let Piece::Data { offset, bytes, frames } = piece else { panic!("nothing is lost") };
                let last = frames.iter().map(|(_, last)| *last).max().unwrap();
                let end = usize::try_from(*offset).unwrap() + bytes.len();
                let shown = |count| upto(count).first().map_or(0, |opened| opened.bytes(from).len());
                assert!(shown(last) >= end, "{name}: frame {last} completes it");
                assert!(shown(last - 1) < end, "{name}: without frame {last} it is not complete");
                pieces += 1;
            }
        }
    }
    assert!(pieces >= 30, "only {pieces} pieces");
}
