//! Who is answered: few at a time, each for a few seconds, whatever they send and however slowly they read.

use super::names::Page;
use super::request;
use super::request::Asked;
use crate::limits::METRICS_CONNECTIONS;
use crate::limits::METRICS_PATIENCE;
use crate::limits::METRICS_REQUEST_BYTES;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use std::collections::VecDeque;
use std::io;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// Between two rounds: whoever calls without rest costs a few hundred rounds a second, and no more.
const PACE: Duration = Duration::from_millis(5);

/// How long a round waits for something to happen while somebody is connected.
const ROUND: Timespec = Timespec { tv_sec: 0, tv_nsec: 250_000_000 };

/// Less of the processor than the capture, where both want it.
const NICE: i32 = 10;

/// Answers whoever asks, on one thread, without waiting for anybody.
pub(super) struct Responder {
    listener: TcpListener,
    page: Page,
    /// The oldest first.
    guests: VecDeque<Guest>,
}

/// Somebody who is connected.
struct Guest {
    stream: TcpStream,
    since: Instant,
    asked: Vec<u8>,
    /// What it gets, and how much of that is gone.
    answer: Option<(Vec<u8>, usize)>,
}

impl Responder {
    pub(super) fn new(listener: TcpListener, page: Page) -> Self {
        Self { listener, page, guests: VecDeque::new() }
    }

    /// Goes on for ever.
    pub(super) fn work(mut self) {
        // Of this thread alone. Where it is not allowed, it does without.
        _ = rustix::process::setpriority_process(None, NICE);
        loop {
            self.wait();
            self.admit();
            let page = &mut self.page;
            self.guests.retain_mut(|guest| guest.since.elapsed() < METRICS_PATIENCE && guest.serve(page));
            thread::sleep(PACE);
        }
    }

    /// Waits until something happens.
    fn wait(&self) {
        let wants = |guest: &Guest| if guest.answer.is_some() { PollFlags::OUT } else { PollFlags::IN };
        let guests = self.guests.iter().map(|guest| PollFd::new(&guest.stream, wants(guest)));
        let mut all: Vec<PollFd<'_>> = std::iter::once(PollFd::new(&self.listener, PollFlags::IN)).chain(guests).collect();
        // A failure is as good as an event: the next round finds nothing to do.
        _ = poll(&mut all, Some(&ROUND).filter(|_| !self.guests.is_empty()));
    }

    /// Lets in who waits at the door. Where there is no room, the oldest guest has to go: one that asks at once is served at once.
    fn admit(&mut self) {
        for _ in 0..METRICS_CONNECTIONS {
            let Ok((stream, _)) = self.listener.accept() else { break };
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            let mut guest = Guest { stream, since: Instant::now(), asked: Vec::new(), answer: None };
            if !guest.serve(&mut self.page) {
                continue;
            }
            if self.guests.len() >= METRICS_CONNECTIONS {
                self.guests.pop_front();
            }
            self.guests.push_back(guest);
        }
    }
}

impl Guest {
    /// Reads and writes what can be at once. Whether it stays.
    fn serve(&mut self, page: &mut Page) -> bool {
        if self.answer.is_none() {
            match self.listen() {
                Some(Asked::More) => return true,
                Some(asked) => self.answer = Some((answer(page, asked), 0)),
                None => return false,
            }
        }
        self.say()
    }

    /// Reads what has come; nothing when nobody is there any more.
    fn listen(&mut self) -> Option<Asked> {
        let mut bytes = [0; 1024];
        while self.asked.len() < METRICS_REQUEST_BYTES {
            match self.stream.read(&mut bytes) {
                Ok(0) => return None,
                Ok(length) => {
                    self.asked.extend_from_slice(bytes.get(..length).unwrap_or_default());
                    let asked = request::read(&self.asked);
                    if asked != Asked::More {
                        return Some(asked);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Some(Asked::More),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        Some(request::read(&self.asked))
    }

    /// Writes what it takes. Whether more is to come.
    fn say(&mut self) -> bool {
        let Some((answer, gone)) = &mut self.answer else { return false };
        while let Some(rest) = answer.get(*gone..).filter(|rest| !rest.is_empty()) {
            match self.stream.write(rest) {
                Ok(0) => return false,
                Ok(length) => *gone = gone.saturating_add(length),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        // Nothing but the end of the stream is to follow the answer.
        _ = self.stream.shutdown(std::net::Shutdown::Write);
        false
    }
}

/// The whole answer.
fn answer(page: &mut Page, asked: Asked) -> Vec<u8> {
    let (status, (media, text), head) = match asked {
        Asked::Metrics { open, head } => ("200 OK", page.text(open), head),
        Asked::Refused(status) => (status, ("text/plain; charset=utf-8", format!("{status}; the metrics are at /metrics\n").into()), false),
        // Asked only when the request is whole.
        Asked::More => ("400 Bad Request", ("text/plain; charset=utf-8", "".into()), false),
    };
    let length = text.len();
    let head_of = format!("HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let body: &str = if head { "" } else { &text };
    [head_of.as_bytes(), body.as_bytes()].concat()
}
