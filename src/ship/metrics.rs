//! Metrics for Prometheus: the counts of the run, on an address the user named, by a thread that the capture never waits for.
//!
//! The capture lays down its account on a [`Board`], at most once a second; whoever asks gets the last one. `names.rs` says what is told,
//! `responder.rs` who is answered, `request.rs` what is understood.

mod board;
mod names;
mod request;
mod responder;
#[cfg(test)]
mod tests;

pub use board::Board;
pub use board::Waiting;

use responder::Responder;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::thread;

/// An address where metrics are told. Bound before rights are given up, started after that.
#[derive(Debug)]
pub struct Metrics {
    listener: TcpListener,
    board: Board,
    /// Where the kernel tells how much memory this process has; opened while that is allowed.
    memory: Option<File>,
}

impl Metrics {
    /// Binds the address. With port 0 the system chooses one: [`Metrics::address`] tells which.
    ///
    /// # Errors
    ///
    /// What the system says: the address is in use, not of this machine, or its port is reserved.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, board: Board::default(), memory: File::open("/proc/self/status").ok() })
    }

    /// The address that is bound.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where the capture lays down its account.
    #[must_use]
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Answers from now on, until the program ends.
    ///
    /// # Errors
    ///
    /// No thread can be started.
    pub fn start(self) -> io::Result<()> {
        let Self { listener, board, memory } = self;
        let responder = Responder::new(listener, names::Page::new(board, memory));
        thread::Builder::new().name("metrics".to_owned()).spawn(|| responder.work())?;
        Ok(())
    }
}
