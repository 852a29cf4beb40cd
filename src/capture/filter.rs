//! The user's capture filter on any source: one BPF program per link type, compiled when the first such frame comes.

use super::Frame;
use crate::error::Error;
use pcap::BpfProgram;
use pcap::Capture;
use pcap::Linktype;

/// LINKTYPE number of Ethernet: what an expression is checked against before any frame is known.
const ETHERNET: u32 = 1;

/// Where the numbers in files (LINKTYPE) differ from those libpcap uses at run time on Linux (DLT).
///
/// [spec] pcap-linktype(7): equal but for a few old ones. 12 and 14 stand for raw IP in files of old systems.
const DIFFERENT: [(u32, i32); 4] = [(101, 12), (14, 12), (100, 11), (106, 19)];

/// libpcap's number for a link type as it is in files; nothing when there cannot be one.
fn to_libpcap(link_type: u32) -> Option<Linktype> {
    let different = DIFFERENT.iter().find(|(in_files, _)| *in_files == link_type).map(|(_, at_run_time)| *at_run_time);
    different.or_else(|| i32::try_from(link_type).ok()).map(Linktype)
}

/// The link type as it is in files, for a number of libpcap.
pub(super) fn from_libpcap(link_type: Linktype) -> u32 {
    let different = DIFFERENT.iter().find(|(_, at_run_time)| *at_run_time == link_type.0).map(|(in_files, _)| *in_files);
    different.or_else(|| u32::try_from(link_type.0).ok()).unwrap_or(u32::MAX)
}

/// An expression in pcap-filter syntax, asked frame by frame.
///
/// A look at a byte that was not captured is a no. `len`, `greater` and `less` see the captured length, where tcpdump sees the wire's: the
/// two differ only in frames that the snap length cut.
pub struct Filter {
    expression: String,
    /// By link type, the one asked last in front; `None` where the expression does not compile, which was said.
    programs: Vec<(u32, Option<BpfProgram>)>,
}

impl Filter {
    /// A filter; nothing is compiled yet. An empty expression admits every frame.
    #[must_use]
    pub fn new(expression: &str) -> Self {
        Self { expression: expression.to_owned(), programs: Vec::new() }
    }

    /// The expression as it was given.
    #[must_use]
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// Compiles it for Ethernet, so that a wrong expression shows before anything is read.
    ///
    /// # Errors
    ///
    /// [`Error::Filter`].
    pub fn check(&self) -> Result<(), Error> {
        self.compile(ETHERNET).map(|_| ())
    }

    /// Whether the expression is true of a frame.
    ///
    /// # Errors
    ///
    /// [`Error::Filter`] when the expression has no meaning for the frame's link type (say, `ether host` on raw IP), once for each link
    /// type; a caller that goes on gets `false` for all further frames of it.
    #[inline]
    pub fn admits(&mut self, frame: &Frame<'_>) -> Result<bool, Error> {
        match self.programs.first() {
            Some((link_type, program)) if *link_type == frame.link_type => {
                Ok(program.as_ref().is_some_and(|program| program.filter(frame.bytes)))
            }
            _ => self.admits_other(frame),
        }
    }

    /// Brings the program for the frame's link type to the front, compiling it if need be.
    #[cold]
    fn admits_other(&mut self, frame: &Frame<'_>) -> Result<bool, Error> {
        if let Some(place) = self.programs.iter().position(|(link_type, _)| *link_type == frame.link_type) {
            self.programs.swap(0, place);
        } else {
            let (program, failure) = match self.compile(frame.link_type) {
                Ok(program) => (Some(program), None),
                Err(failure) => (None, Some(failure)),
            };
            // At most 65,536 link types exist: the field has 16 bits.
            self.programs.insert(0, (frame.link_type, program));
            failure.map_or(Ok(()), Err)?;
        }
        Ok(self.programs.first().and_then(|(_, program)| program.as_ref()).is_some_and(|program| program.filter(frame.bytes)))
    }

    /// Compiles the expression for a link type.
    fn compile(&self, link_type: u32) -> Result<BpfProgram, Error> {
        let dead = to_libpcap(link_type).ok_or(pcap::Error::InvalidLinktype).and_then(Capture::dead);
        let program = dead.and_then(|dead| dead.compile(&self.expression, true));
        program.map_err(|source| Error::Filter { expression: self.expression.clone(), link_type, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FrameId;
    use crate::time::Timestamp;

    /// An IPv4 packet from 10.0.0.1 to 10.0.0.2 with a TCP header to port 1241, behind `link` bytes of link layer.
    fn packet(link: &[u8]) -> Vec<u8> {
        let mut bytes = link.to_vec();
        bytes.extend([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend([0x80, 0, 0x04, 0xd9, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    fn admits(filter: &mut Filter, link_type: u32, bytes: &[u8]) -> Result<bool, Error> {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        filter.admits(&Frame { id: FrameId::default(), at: Timestamp::default(), link_type, wire_len, bytes })
    }

    #[test]
    fn one_expression_on_several_link_types() {
        let ethernet = packet(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 0]);
        let (raw, null) = (packet(&[]), packet(&[2, 0, 0, 0]));
        let mut here = Filter::new("host 10.0.0.1 and tcp port 1241");
        let mut elsewhere = Filter::new("host 10.0.0.3");
        for (link_type, bytes) in [(1, &ethernet), (101, &raw), (1, &ethernet), (12, &raw), (0, &null), (101, &raw)] {
            assert!(admits(&mut here, link_type, bytes).unwrap(), "link type {link_type}");
            assert!(!admits(&mut elsewhere, link_type, bytes).unwrap(), "link type {link_type}");
        }
        assert!(!admits(&mut here, 1, &[]).unwrap());
    }

    #[test]
    fn a_wrong_expression_shows_before_reading() {
        assert!(Filter::new("tcp port 1241").check().is_ok());
        assert!(Filter::new("").check().is_ok());
        let error = Filter::new("tcp prot 1241").check().unwrap_err();
        assert!(error.to_string().contains("tcp prot 1241") && !error.spares_other_inputs(), "{error}");
        assert!(Filter::new("tcp\0").check().is_err());
    }

    #[test]
    fn an_expression_without_meaning_for_a_link_type_is_said_once() {
        let mut filter = Filter::new("ether host 00:01:02:03:04:05");
        assert!(filter.check().is_ok());
        assert!(matches!(admits(&mut filter, 101, &packet(&[])), Err(Error::Filter { link_type: 101, .. })));
        assert!(!admits(&mut filter, 101, &packet(&[])).unwrap());
        assert!(admits(&mut filter, 1, &packet(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 8, 0])).unwrap());
    }

    #[test]
    fn numbers_of_libpcap_go_both_ways() {
        assert_eq!((from_libpcap(Linktype(12)), from_libpcap(Linktype(1)), from_libpcap(Linktype(276))), (101, 1, 276));
        assert_eq!(to_libpcap(101), Some(Linktype(12)));
        assert_eq!(to_libpcap(u32::MAX), None);
    }
}
