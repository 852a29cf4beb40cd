//! Damaged, odd and missing input: what is readable is processed, one line says what was wrong, the exit code is the documented one.

use super::call::CAPTURE;
use super::call::PROGRAM;
use super::call::capture;
use super::call::file;
use super::call::is_root;
use super::call::outcome;
use super::call::program;
use super::call::run;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::process::Command;

/// Length of a capture's header.
const HEADER: usize = 24;

/// Offsets of the records' headers in [`CAPTURE`].
fn records(capture: &[u8]) -> Vec<usize> {
    let mut offsets = Vec::new();
    let mut at = HEADER;
    while let Some(length) = capture.get(at + 8..at + 12) {
        offsets.push(at);
        at += 16 + usize::try_from(u32::from_le_bytes(length.try_into().unwrap())).unwrap();
    }
    offsets
}

/// The frames of a capture as a pcapng file of one Ethernet interface, little-endian, with microseconds.
fn pcapng(capture: &[u8]) -> Vec<u8> {
    let block = |kind: u32, body: &[u8]| {
        let padded = body.len().div_ceil(4) * 4;
        let length = u32::try_from(padded + 12).unwrap().to_le_bytes();
        let mut block = [&kind.to_le_bytes()[..], &length, body].concat();
        block.resize(padded + 8, 0);
        block.extend_from_slice(&length);
        block
    };
    let mut bytes = block(0x0a0d_0d0a, b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff");
    bytes.extend(block(1, b"\x01\0\0\0\0\0\0\0"));
    for at in records(capture) {
        let word = |at: usize| u32::from_le_bytes(capture[at..at + 4].try_into().unwrap());
        let time = u64::from(word(at)) * 1_000_000 + u64::from(word(at + 4));
        let [high, low] = [time >> 32, time & 0xffff_ffff].map(|half| u32::try_from(half).unwrap().to_le_bytes());
        let end = at + 16 + usize::try_from(word(at + 8)).unwrap();
        bytes.extend(block(6, &[&[0; 4], &high[..], &low, &capture[at + 8..at + 16], &capture[at + 16..end]].concat()));
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// In every compression but gzip.
fn packed(bytes: &[u8]) -> [(&'static str, Vec<u8>); 4] {
    let mut lz4 = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz4.write_all(bytes).unwrap();
    let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bzip2.write_all(bytes).unwrap();
    let (zstd, xz) = (zstd::encode_all(bytes, 0).unwrap(), liblzma::encode_all(bytes, 6).unwrap());
    [("whole.zst", zstd), ("whole.lz4", lz4.finish().unwrap()), ("whole.xz", xz), ("whole.bz2", bzip2.finish().unwrap())]
}

#[test]
fn the_same_capture_in_every_wrapping_gives_the_same() {
    let capture = capture();
    let plain = run(&["-r", CAPTURE]);
    plain.is_quiet();
    let wrapped = [("whole.pcapng", pcapng(&capture)), ("whole.pcap.gz", gzip(&capture)), ("whole.txt", gzip(&pcapng(&capture)))];
    for (name, bytes) in wrapped.into_iter().chain(packed(&capture)) {
        let wrapped = run(&["-r", &file(name, &bytes)]);
        wrapped.is_quiet();
        assert_eq!(wrapped.stdout, plain.stdout, "{name}");
    }
}

#[test]
fn empty() {
    run(&["-r", &file("empty.pcap", b"")]).says(1, &["empty.pcap: ", "empty file", "pcap and pcapng files are read"]);
}

#[test]
fn unreadable() {
    let path = file("unreadable.pcap", &capture());
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    // Without these two capabilities root, too, is bound by the mode.
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set", "-dac_override,-dac_read_search", PROGRAM, "-r", &path]);
    outcome(if is_root() { command } else { program(&["-r", &path]) }).says(1, &["unreadable.pcap: cannot open: ", "ermission denied"]);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn cut_inside_a_record() {
    let capture = capture();
    let at = records(&capture)[10];
    for (name, cut, part) in [("cut-header.pcap", at + 7, "cut"), ("cut-body.pcap", at + 30, "cut to 30")] {
        let outcome = run(&["-r", &file(name, &capture[..cut]), "-T", "jsonl"]);
        outcome.says(3, &[name, "after frame 10, ", &format!("at offset {at}"), part, "the frames before were processed"]);
        assert_eq!(outcome.summary("frames"), 10);
        assert!(outcome.stdout.contains("\"input_damaged\""));
    }
    let cut = file("cut-magic.pcap", &capture[..20]);
    run(&["-r", &cut]).says(1, &["cut-magic.pcap: ", "no frame could be read"]);
}

#[test]
fn cut_inside_a_block() {
    let whole = pcapng(&capture());
    let outcome = run(&["-r", &file("cut.pcapng", &whole[..whole.len() - 9]), "-T", "jsonl"]);
    outcome.says(3, &["cut.pcapng: damaged after frame 30, at offset ", "the frames before were processed"]);
    assert_eq!(outcome.summary("frames"), 30);
}

#[test]
fn cut_inside_gzip() {
    let whole = gzip(&capture());
    let outcome = run(&["-r", &file("cut.gz", &whole[..whole.len() / 2]), "-T", "jsonl"]);
    outcome.says(3, &["cut.gz: damaged after frame ", "the compressed stream is cut"]);
    assert!(outcome.summary("frames") > 3);
}

#[test]
fn cut_inside_other_compressions() {
    for (name, whole) in packed(&capture()) {
        let outcome = run(&["-r", &file(&format!("cut-{name}"), &whole[..whole.len() - 5]), "-r", CAPTURE, "-T", "jsonl"]);
        outcome.says(3, &[name, ": damaged after frame ", ", at offset ", "the compressed stream is cut"]);
        assert!(outcome.summary("frames") >= 31);
    }
}

#[test]
fn a_compressed_stream_that_asks_for_too_much_memory() {
    // The header of a zstd frame with a window of 2 GiB, and a block.
    let bytes = [b"\x28\xb5\x2f\xfd\0\xa8\xc1\0\0", &capture()[..24]].concat();
    let outcome = run(&["-r", &file("greedy.zst", &bytes)]);
    outcome.says(1, &["greedy.zst: ", "unpacking it takes more than the limit of 134217728 bytes of memory", "no frame could be read"]);
}

#[test]
fn compressed_standard_input() {
    let plain = run(&["-r", CAPTURE, "-T", "jsonl"]);
    for (name, bytes) in packed(&capture()) {
        let mut command = program(&["-r", "-", "-T", "jsonl"]);
        command.stdin(std::fs::File::open(file(&format!("stdin-{name}"), &bytes)).unwrap());
        let outcome = outcome(command);
        outcome.is_quiet();
        assert_eq!(outcome.stdout, plain.stdout, "{name}");
    }
}

#[test]
fn absurd_length() {
    let mut capture = capture();
    let at = records(&capture)[5];
    capture[at + 8..at + 12].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let outcome = run(&["-r", &file("absurd.pcap", &capture), "-T", "jsonl"]);
    outcome.says(3, &["absurd.pcap: damaged after frame 5, ", &format!("at offset {at}"), "2147483647", "1048576"]);
    assert_eq!(outcome.summary("frames"), 5);
}

#[test]
fn unknown_link_type() {
    let mut capture = capture();
    capture[20..24].copy_from_slice(&147_u32.to_le_bytes());
    let unknown = file("unknown.pcap", &capture);
    let outcome = run(&["-r", &unknown]);
    outcome.says(1, &["unknown.pcap: ", "31 of 31 frames", "link type is not known"]);
    assert!(outcome.stdout.contains("!! link type 147 is not known") && outcome.stdout.contains("(#1)"), "{}", outcome.stdout);
    let mixed = run(&["-r", &unknown, "-r", CAPTURE, "-T", "jsonl"]);
    mixed.says(3, &["31 of 62 frames"]);
    assert_eq!(mixed.summary("messages"), 40);
}

#[test]
fn frames_without_bytes() {
    let capture = capture();
    let at = records(&capture)[3];
    let bytes = [&capture[..at], &capture[at..at + 8], &[0; 8], &capture[at..]].concat();
    let outcome = run(&["-r", &file("nothing.pcap", &bytes), "-T", "jsonl"]);
    outcome.is_quiet();
    assert_eq!((outcome.summary("frames"), outcome.summary("segments"), outcome.summary("messages")), (32, 31, 40));
    assert!(outcome.stdout.contains(r#""undecoded":{"empty":1}"#));
}

#[test]
fn time_that_goes_back() {
    let mut capture = capture();
    let at = records(&capture)[8];
    capture[at..at + 4].copy_from_slice(&1_000_000_000_u32.to_le_bytes());
    let outcome = run(&["-r", &file("back.pcap", &capture), "-T", "jsonl"]);
    outcome.is_quiet();
    assert_eq!(outcome.summary("frames"), 31);
    let said: Vec<&str> = outcome.stdout.lines().filter(|line| line.contains("\"time_went_back\"")).collect();
    assert!(said.iter().any(|line| line.contains("[[9,9]]")), "{said:?}");
}

#[test]
fn good_beside_bad() {
    let capture = capture();
    let cut = file("beside.pcap", &capture[..300]);
    let outcome = run(&["-r", &cut, "-r", CAPTURE, "-T", "jsonl"]);
    outcome.says(3, &["beside.pcap: damaged after frame 3, "]);
    assert_eq!(outcome.summary("frames"), 34);
    let outcome = run(&["-r", "missing.pcap", "-r", CAPTURE, "-r", "src", "-T", "jsonl"]);
    assert_eq!((outcome.code, outcome.stderr.lines().count()), (Some(3), 2), "{}", outcome.stderr);
    assert_eq!((outcome.summary("frames"), outcome.summary("messages")), (31, 40));
}

#[test]
fn names_are_made_harmless() {
    let outcome = run(&["-r", "no\u{1b}[31m\nsuch.pcap"]);
    outcome.says(1, &["cannot open"]);
    assert!(!outcome.stderr.contains('\u{1b}'), "{:?}", outcome.stderr);
}
