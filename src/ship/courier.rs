//! The thread that sends: it connects, waits longer after each failure, and gives up only when the run is over.

use super::Target;
use super::link::Link;
use super::queue::Queue;
use rustix::io::Errno;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The wait after the first failure; each further one doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Takes one line for people, from any thread.
pub(super) type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// Carries messages from the queue to the receiver.
pub(super) struct Courier {
    target: Target,
    counted: bool,
    queue: Arc<Queue>,
    say: Say,
    link: Option<Link>,
    wait: Duration,
    /// Whether the trouble was said: once is enough.
    told: bool,
}

/// Why a message did not go.
enum Failure {
    /// Nobody there.
    Connect(io::Error),
    /// The socket broke.
    Send(io::Error),
    /// The socket is fine, but does not take this message.
    Message(io::Error),
}

impl Courier {
    pub(super) fn new(target: Target, counted: bool, queue: Arc<Queue>, say: Say) -> Self {
        Self { target, counted, queue, say, link: None, wait: FIRST_WAIT, told: false }
    }

    /// Sends until the run is over.
    pub(super) fn work(mut self) {
        while let Some(line) = self.queue.take() {
            if !self.deliver(&line) {
                break;
            }
        }
        let is_udp = matches!(self.link, Some(Link::Udp(_)));
        if let Some(Err(error)) = self.link.take().map(Link::close)
            && is_udp
        {
            self.queue.bounced();
            self.complain(&error);
        }
        self.queue.leave();
    }

    /// Tries until the message is sent or refused; false when the run was over first.
    fn deliver(&mut self, line: &[u8]) -> bool {
        loop {
            match self.attempt(line) {
                Ok(()) => {
                    self.wait = FIRST_WAIT;
                    self.queue.sent();
                    return true;
                }
                Err(Failure::Message(error)) => {
                    self.complain(&error);
                    self.queue.refused();
                    return true;
                }
                Err(Failure::Connect(error)) => {
                    self.complain(&error);
                    // At the end one attempt must do: who waits for the program shall not wait for a dead receiver.
                    if self.queue.is_ending() {
                        return false;
                    }
                    self.queue.pause(self.wait);
                    self.wait = self.wait.saturating_mul(2).min(LONGEST_WAIT);
                }
                Err(Failure::Send(error)) => {
                    self.link = None;
                    if self.queue.is_over() {
                        return false;
                    }
                    self.complain(&error);
                    // At the end the queue does not pause any more, and a receiver that takes and breaks would be asked without rest.
                    if self.queue.is_ending() { std::thread::sleep(FIRST_WAIT) } else { self.queue.pause(FIRST_WAIT) }
                }
            }
        }
    }

    /// One attempt, over the open socket or a new one.
    fn attempt(&mut self, line: &[u8]) -> Result<(), Failure> {
        let socket = match &mut self.link {
            Some(socket) => socket,
            None => self.link.insert(Link::open(&self.target).map_err(Failure::Connect)?),
        };
        let frame = socket.framed(line, self.counted);
        let queue = &self.queue;
        let sent = match socket.send(&frame, &|| queue.is_over()) {
            // The error is about an earlier datagram, and takes the place of sending this one.
            Err(error) if socket.bounces(&error) => {
                self.queue.bounced();
                let again = socket.send(&frame, &|| queue.is_over());
                self.complain(&error);
                again
            }
            sent => sent,
        };
        sent.map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::MSGSIZE) => Failure::Message(error),
            _ => Failure::Send(error),
        })
    }

    /// Says the first trouble.
    fn complain(&mut self, error: &io::Error) {
        if !self.told {
            self.told = true;
            (self.say)(&format!("syslog {}: {error}; the run goes on without waiting for it", self.target));
        }
    }
}
