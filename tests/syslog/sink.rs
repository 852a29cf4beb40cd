//! Syslog as an output of the library: what it holds, what it drops, and that it never waits.

use super::MOMENT;
use super::PATIENCE;
use super::datagrams;
use super::place;
use super::udp;
use ntp_sniff::event::Event;
use ntp_sniff::event::EventKind;
use ntp_sniff::event::Scanner;
use ntp_sniff::evidence::Evidence;
use ntp_sniff::limits::Limits;
use ntp_sniff::loss::Counter;
use ntp_sniff::report::Sink;
use ntp_sniff::ship::LINES;
use ntp_sniff::ship::Syslog;
use ntp_sniff::ship::Tee;
use ntp_sniff::ship::parse_target;
use ntp_sniff::time::Timestamp;
use std::io;
use std::io::Read;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

/// Lines that were said.
type Said = Arc<Mutex<Vec<String>>>;

fn syslog(target: &str, held: bool, limits: &Limits) -> (Syslog, Said) {
    let said = Said::default();
    let heard = Arc::clone(&said);
    let say = move |line: &str| heard.lock().unwrap().push(line.to_owned());
    let target = parse_target(target).unwrap();
    (Syslog::start(&target, &LINES[0], held, (limits, Counter::default()), say).unwrap(), said)
}

/// An event that makes one message, with a number to tell it by.
fn tell(sink: &mut dyn Sink, number: u64) -> io::Result<()> {
    let at = Timestamp::default();
    let scanner = Scanner { client: "10.0.0.1".parse().unwrap(), since: at, reached: number, established: 0 };
    sink.event(&Event { at, flow: None, evidence: Evidence::default(), kind: EventKind::ScannerSeen(scanner) })
}

/// The numbers of messages.
fn numbers(lines: &[String]) -> Vec<u64> {
    let number = |line: &String| line.split("answered ").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    lines.iter().map(number).collect()
}

/// The numbers of so many messages, waited for, and of those that come soon after.
fn received(socket: &UdpSocket, expected: usize) -> Vec<u64> {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut buffer = [0; 2048];
    let mut lines: Vec<_> = (0..expected).map(|_| socket.recv(&mut buffer).map(|length| buffer[..length].to_vec()).unwrap()).collect();
    socket.set_read_timeout(Some(MOMENT)).unwrap();
    lines.extend(datagrams(|buffer| socket.recv(buffer)).into_iter().map(String::into_bytes));
    numbers(&lines.into_iter().map(|line| String::from_utf8(line).unwrap()).collect::<Vec<_>>())
}

#[test]
fn what_is_held_goes_when_it_is_settled() {
    let (socket, address) = udp();
    let (mut sink, said) = syslog(&address, true, &Limits::default());
    tell(&mut sink, 1).unwrap();
    tell(&mut sink, 2).unwrap();
    assert!(received(&socket, 0).is_empty());
    sink.flush().unwrap();
    tell(&mut sink, 3).unwrap();
    assert_eq!(received(&socket, 2), [1, 2]);
    sink.finish().unwrap();
    assert_eq!(received(&socket, 1), [3]);

    let (mut sink, _) = syslog(&address, true, &Limits::default());
    tell(&mut sink, 4).unwrap();
    sink.flush().unwrap();
    tell(&mut sink, 5).unwrap();
    drop(sink);
    assert_eq!(received(&socket, 1), [4], "the run ended before the rest was settled");
    assert!(said.lock().unwrap().is_empty());
}

#[test]
fn without_holding_everything_goes_at_once() {
    let (socket, address) = udp();
    let (mut sink, _) = syslog(&address, false, &Limits::default());
    tell(&mut sink, 1).unwrap();
    assert_eq!(received(&socket, 1), [1]);
    sink.finish().unwrap();
}

#[test]
fn a_full_receiver_costs_messages_not_time() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let path = place("full");
    let unix = UnixListener::bind(&path).unwrap();
    let limits = Limits { syslog_lines: 64, ..Limits::default() };
    for target in [format!("tcp://{}", tcp.local_addr().unwrap()), format!("unix:{}", path.display())] {
        let (mut sink, said) = syslog(&target, false, &limits);
        let start = Instant::now();
        for number in 0..40_000 {
            tell(&mut sink, number).unwrap();
        }
        sink.finish().unwrap();
        assert!(start.elapsed() < PATIENCE, "{target}: {:?}", start.elapsed());
        let said = said.lock().unwrap();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(" of 40000 syslog messages dropped: ") && said[0].contains(" had no room in the queue"), "{said:?}");
    }
    drop(unix);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_message_too_long_is_dropped_and_counted() {
    let (socket, address) = udp();
    let (mut sink, said) = syslog(&address, false, &Limits { syslog_line_bytes: 20, ..Limits::default() });
    tell(&mut sink, 1).unwrap();
    sink.finish().unwrap();
    assert_eq!(*said.lock().unwrap(), [format!("syslog {address}: 1 of 1 syslog messages dropped: 1 too long")]);
    assert!(datagrams(|buffer| socket.recv(buffer)).is_empty());
}

#[test]
fn a_receiver_that_comes_late_or_again_gets_the_rest() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let (mut sink, said) = syslog(&format!("tcp://{address}"), false, &Limits::default());
    tell(&mut sink, 1).unwrap();
    let start = Instant::now();
    while said.lock().unwrap().is_empty() && start.elapsed() < PATIENCE {
        sleep(Duration::from_millis(5));
    }
    assert!(said.lock().unwrap()[0].contains("refused"), "{said:?}");

    let listener = TcpListener::bind(address).unwrap();
    let (mut first, _) = listener.accept().unwrap();
    let mut text = [0; 32];
    first.read_exact(&mut text).unwrap();
    // The receiver goes away in good order, and comes back.
    drop(first);
    sleep(Duration::from_millis(100));
    tell(&mut sink, 2).unwrap();
    let (mut second, _) = listener.accept().unwrap();
    sink.finish().unwrap();
    let mut text = String::new();
    second.read_to_string(&mut text).unwrap();
    assert_eq!(numbers(&[text]), [2]);
    assert_eq!(said.lock().unwrap().len(), 1, "said once, nothing dropped: {said:?}");
}

/// An output that breaks after so many calls.
struct Breaking(usize);

impl Sink for Breaking {
    fn event(&mut self, _: &Event<'_>) -> io::Result<()> {
        self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.0.checked_sub(1).map(|_| ()).ok_or_else(|| io::ErrorKind::BrokenPipe.into())
    }
}

#[test]
fn only_the_main_output_ends_a_run() {
    let mut tee = Tee::new(Box::new(Breaking(2)), Box::new(Breaking(0)));
    tell(&mut tee, 1).unwrap();
    tee.flush().unwrap();
    tee.finish().unwrap();
    tell(&mut tee, 2).unwrap();
    assert_eq!(tell(&mut tee, 3).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(tee.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}
