//! One run, two readers: the main output decides whether the run goes on, the one beside it never does.

use crate::event::Event;
use crate::event::Summary;
use crate::report::Sink;
use std::io;

/// Gives every event to two sinks.
///
/// Errors are those of the main one. What the other one reports as an error is passed over: it tells of its troubles itself.
pub struct Tee {
    main: Box<dyn Sink>,
    beside: Box<dyn Sink>,
}

impl Tee {
    /// Both get every event, the main one first.
    #[must_use]
    pub fn new(main: Box<dyn Sink>, beside: Box<dyn Sink>) -> Self {
        Self { main, beside }
    }
}

impl Sink for Tee {
    fn wants_messages(&self) -> bool {
        self.main.wants_messages() || self.beside.wants_messages()
    }

    fn wants_connections(&self) -> bool {
        self.main.wants_connections() || self.beside.wants_connections()
    }

    fn wanted_tokens(&self) -> usize {
        self.main.wanted_tokens().max(self.beside.wanted_tokens())
    }

    fn wants_parts(&self) -> bool {
        self.main.wants_parts() || self.beside.wants_parts()
    }

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.main.event(event)?;
        _ = self.beside.event(event);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.main.flush()?;
        _ = self.beside.flush();
        Ok(())
    }

    fn wants_counts(&self) -> bool {
        self.main.wants_counts() || self.beside.wants_counts()
    }

    fn counts(&mut self, so_far: &Summary) {
        for sink in [&mut self.main, &mut self.beside] {
            if sink.wants_counts() {
                sink.counts(so_far);
            }
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        // Where the main output fails, facts are not settled: what the other one still holds stays with it.
        self.main.finish()?;
        _ = self.beside.finish();
        Ok(())
    }
}
