//! A capture of any bytes, walked to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ntp_sniff::capture::file::CaptureFile;
use ntp_sniff::limits::Limits;

fuzz_target!(|bytes: Vec<u8>| {
    let Ok(mut file) = CaptureFile::from_reader(std::io::Cursor::new(bytes), "fuzz", 0, &Limits::default()) else { return };
    while let Ok(true) = file.advance() {}
});
