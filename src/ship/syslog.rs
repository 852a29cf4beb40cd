//! Syslog as an output: it takes the events worth a message and never keeps the capture waiting.

use super::LineFormat;
use super::Notice;
use super::Target;
use super::courier::Courier;
use super::courier::Say;
use super::queue::Counts;
use super::queue::Queue;
use crate::event::Event;
use crate::limits::Limits;
use crate::loss::Counter;
use crate::report::Sink;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// How long the end of the run waits for messages that are still on their way.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends messages to a receiver, from a thread of its own.
///
/// The queue is bounded in messages and bytes; what has no room is dropped and counted. Nothing promises that a message that the
/// socket took has arrived: UDP loses silently, and TCP may lose what was on its way when the receiver went away. Never an error:
/// the first trouble, and at the end what was dropped, are said in a line each.
pub struct Syslog {
    format: &'static LineFormat,
    held: bool,
    target: String,
    most_bytes: usize,
    queue: Arc<Queue>,
    say: Say,
    closed: bool,
}

impl Syslog {
    /// Starts it. With `held`, messages wait until [`Sink::flush`] or [`Sink::finish`] settles them, within the same bounds, and those
    /// never settled are never sent. What is dropped while the run goes on is also counted in `lost`.
    ///
    /// # Errors
    ///
    /// No thread can be started.
    pub fn start(
        target: &Target,
        format: &'static LineFormat,
        held: bool,
        (limits, lost): (&Limits, Counter),
        say: impl Fn(&str) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(limits.syslog_lines, limits.syslog_bytes, lost));
        let say: Say = Arc::new(say);
        let courier = Courier::new(target.clone(), format.counted, Arc::clone(&queue), Arc::clone(&say));
        thread::Builder::new().name("syslog".to_owned()).spawn(|| courier.work())?;
        let (target, most_bytes) = (target.to_string(), limits.syslog_line_bytes);
        Ok(Self { format, held, target, most_bytes, queue, say, closed: false })
    }

    /// Waits a moment for what is on its way, and says what was dropped.
    fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            if let Some(said) = account(&self.target, &self.queue.close(PATIENCE)) {
                (self.say)(&said);
            }
        }
    }
}

/// A line about the messages that were not sent; nothing when all were.
fn account(target: &str, counts: &Counts) -> Option<String> {
    let Counts { told, sent, no_room, too_long, refused } = *counts;
    let dropped = told.saturating_sub(sent);
    let late = dropped.saturating_sub(no_room).saturating_sub(too_long).saturating_sub(refused);
    let reasons =
        [(no_room, "had no room in the queue"), (too_long, "too long"), (refused, "refused"), (late, "not sent when the run ended")];
    let reasons: Vec<_> = reasons.iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} {reason}")).collect();
    (dropped > 0).then(|| format!("syslog {target}: {dropped} of {told} syslog messages dropped: {}", reasons.join(", ")))
}

impl Sink for Syslog {
    fn wants_messages(&self) -> bool {
        false
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let Some(notice) = Notice::of(event) else { return Ok(()) };
        for line in (self.format.lines)(&notice, event) {
            if line.len() > self.most_bytes { self.queue.too_long() } else { self.queue.put(line, self.held) }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.queue.release();
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.queue.release();
        self.close();
        Ok(())
    }
}

/// A run that ends before its time still sends what was settled.
impl Drop for Syslog {
    fn drop(&mut self) {
        self.close();
    }
}
