//! Key logs and private keys of any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ntp_sniff::layer::Keys;
use ntp_sniff::secured::KeySource;

fuzz_target!(|bytes: &[u8]| {
    let mut keys = Keys::default();
    keys.add_log(bytes, KeySource::KeyLog);
    let _ = keys.add_rsa_key(bytes);
});
