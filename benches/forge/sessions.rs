//! Many Nessus sessions at once, and nothing else.

use crate::frame::Capture;
use crate::frame::Random;
use crate::nessus;
use crate::nessus::Kind;
use crate::talk::Talk;

/// How many sessions run at the same time.
const AT_ONCE: usize = 24;

/// Plugins of a session, and steps of its scan.
const PLUGINS: u64 = 10_000;
const STEPS: u64 = 300;

/// So many sessions, a quarter of them OTP.
pub(crate) fn sessions(capture: &mut Capture, count: u64) {
    let mut random = Random::new(1241);
    let mut upcoming = 0..count;
    let mut live: Vec<Talk> = Vec::new();
    loop {
        while live.len() < AT_ONCE
            && let Some(number) = upcoming.next()
        {
            live.push(session(number, PLUGINS, STEPS));
        }
        if live.is_empty() {
            return;
        }
        let chosen = random.below(live.len() as u64) as usize;
        capture.pause(random.between(1, 40));
        let burst = random.between(1, 8);
        if !live[chosen].advance(capture, &mut random, burst) {
            live.swap_remove(chosen);
        }
    }
}

/// A session by its number: kinds, addresses and sizes of segments take turns.
pub(crate) fn session(number: u64, plugins: u64, steps: u64) -> Talk {
    let mut random = Random::new(number);
    let kind = [Kind::Plain, Kind::Full, Kind::Otp, Kind::Full][(number % 4) as usize];
    let turns = nessus::dialogue(&mut random, kind, plugins, steps);
    let client = ((0xac14_0002 | random.below(60_000) as u32).to_be_bytes(), random.between(1024, 61_000) as u16);
    let server = ([10, 20, 0, 5 + (number % 17) as u8], 1241);
    let mss = if number.is_multiple_of(2) { 1260 } else { 1460 };
    Talk::new(&mut random, [client, server], mss, turns, 1)
}
