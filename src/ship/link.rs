//! The sockets of syslog: datagrams or a stream, none of which ever blocks for longer than a look at the clock.

use super::Target;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::event::poll;
use rustix::io::Errno;
use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::Shutdown;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixDatagram;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Longest wait for a receiver to accept a connection.
const CONNECT: Duration = Duration::from_secs(2);

/// How long a full socket is waited for before the clock is looked at again.
const GLANCE: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// An open socket towards the receiver.
#[derive(Debug)]
pub(super) enum Link {
    Udp(UdpSocket),
    Datagram(UnixDatagram),
    Tcp(TcpStream),
    Stream(UnixStream),
}

impl Link {
    /// Opens it. A stream socket of this machine whose queue is full may keep the caller: it is the sending thread's alone.
    pub(super) fn open(target: &Target) -> io::Result<Self> {
        match target {
            Target::Udp(address) => {
                let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
                let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
                socket.connect(address)?;
                socket.set_nonblocking(true)?;
                Ok(Self::Udp(socket))
            }
            Target::Tcp(address) => {
                let stream = TcpStream::connect_timeout(address, CONNECT)?;
                stream.set_nodelay(true)?;
                stream.set_nonblocking(true)?;
                Ok(Self::Tcp(stream))
            }
            Target::Unix(path) => Self::local(path),
        }
    }

    /// A socket of this machine, of the kind it is.
    fn local(path: &Path) -> io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        match socket.connect(path) {
            Ok(()) => {
                socket.set_nonblocking(true)?;
                Ok(Self::Datagram(socket))
            }
            Err(error) if Errno::from_io_error(&error) == Some(Errno::PROTOTYPE) => {
                let stream = UnixStream::connect(path)?;
                stream.set_nonblocking(true)?;
                Ok(Self::Stream(stream))
            }
            Err(error) => Err(error),
        }
    }

    /// A message as it goes over this socket: whole as a datagram, counted or ended by a line feed in a stream.
    pub(super) fn framed(&self, line: &[u8], counted: bool) -> Vec<u8> {
        match self {
            Self::Udp(_) | Self::Datagram(_) => line.to_vec(),
            Self::Tcp(_) if counted => [line.len().to_string().as_bytes(), b" ", line].concat(),
            // No receiver on a local stream expects counts.
            Self::Tcp(_) | Self::Stream(_) => [line, b"\n"].concat(),
        }
    }

    /// Sends all of it; waits for room until `over` says that it is too late.
    pub(super) fn send(&mut self, frame: &[u8], over: &dyn Fn() -> bool) -> io::Result<()> {
        if self.is_closed()? {
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "closed by the receiver"));
        }
        let mut rest = frame;
        loop {
            match self.write(rest) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                Err(_) if over() => return Err(io::ErrorKind::TimedOut.into()),
                Err(_) => self.await_room(),
            }
            if rest.is_empty() {
                return Ok(());
            }
        }
    }

    /// Whether nothing may have come of what the socket took before this error: the next datagram may well.
    pub(super) fn bounces(&self, error: &io::Error) -> bool {
        matches!(self, Self::Udp(_)) && matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::HostUnreachable)
    }

    /// Ends a stream in good order; an error is what became of the last datagram.
    pub(super) fn close(self) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.take_error()?.map_or(Ok(()), Err),
            Self::Datagram(_) => Ok(()),
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Stream(stream) => stream.shutdown(Shutdown::Write),
        }
    }

    /// Whether the receiver ended the stream. A write would not say so yet, and the message would be lost.
    fn is_closed(&mut self) -> io::Result<bool> {
        let mut ignored = [0; 512];
        let read = match self {
            Self::Udp(_) | Self::Datagram(_) => return Ok(false),
            Self::Tcp(stream) => stream.read(&mut ignored),
            Self::Stream(stream) => stream.read(&mut ignored),
        };
        match read {
            Ok(bytes) => Ok(bytes == 0),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Udp(socket) => socket.send(bytes),
            Self::Datagram(socket) => socket.send(bytes),
            Self::Tcp(stream) => stream.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn await_room(&self) {
        let socket: BorrowedFd<'_> = match self {
            Self::Udp(socket) => socket.as_fd(),
            Self::Datagram(socket) => socket.as_fd(),
            Self::Tcp(stream) => stream.as_fd(),
            Self::Stream(stream) => stream.as_fd(),
        };
        // Whatever it says, the next write tells how things are.
        _ = poll(&mut [PollFd::from_borrowed_fd(socket, PollFlags::OUT)], Some(&GLANCE));
    }
}
