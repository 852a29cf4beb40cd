//! The hellos of client and server, SSLv2's framing of the first included.

use super::reader::Reader;

/// Extensions that are looked at.
const SERVER_NAME: u16 = 0;
const SIGNATURE_ALGORITHMS: u16 = 13;
const ALPN: u16 = 16;
const ENCRYPT_THEN_MAC: u16 = 22;
const EXTENDED_MASTER_SECRET: u16 = 23;
const SESSION_TICKET: u16 = 35;
const PRE_SHARED_KEY: u16 = 41;
const EARLY_DATA: u16 = 42;
const SUPPORTED_VERSIONS: u16 = 43;

/// The random number by which a server hello asks for another client hello.
///
/// # Wire
///
/// [spec] RFC 8446 4.1.3: SHA-256 of `HelloRetryRequest`.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
    0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a client offers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    /// The version field, which is not the highest offer from TLS 1.3 on.
    pub(super) version: u16,
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) suites: Vec<u16>,
    /// Types of all extensions, in order.
    pub(super) extensions: Vec<u16>,
    pub(super) server_name: Option<Vec<u8>>,
    pub(super) alpn: Option<Vec<u8>>,
    pub(super) versions: Vec<u16>,
    pub(super) signature_algorithms: Vec<u16>,
    pub(super) ticket: Option<Vec<u8>>,
    pub(super) early_data: bool,
    /// Whether it offers to resume a session of TLS 1.3.
    pub(super) pre_shared_key: bool,
}

/// What a server chose.
#[allow(clippy::struct_excessive_bools, reason = "each is an extension")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ServerHello {
    /// The version in use.
    pub(super) version: u16,
    pub(super) random: [u8; 32],
    pub(super) session_id: Vec<u8>,
    pub(super) suite: u16,
    pub(super) compression: u8,
    pub(super) extended_master_secret: bool,
    pub(super) encrypt_then_mac: bool,
    /// TLS 1.3: whether it took the client's pre-shared key.
    pub(super) resumed: bool,
    pub(super) alpn: Option<Vec<u8>>,
    /// Whether it asks for another client hello.
    pub(super) retry: bool,
}

impl ClientHello {
    /// Reads the body of the message.
    ///
    /// # Wire
    ///
    /// [spec] RFC 8446 4.1.2, RFC 5246 7.4.1.2.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let mut hello = Self { version: reader.u16()?, random: *reader.take(32)?.first_chunk()?, ..Self::default() };
        hello.session_id = reader.short()?.to_vec();
        hello.suites = numbers(reader.long()?);
        reader.short()?;
        let Some(extensions) = reader.long() else { return Some(hello) };
        for (kind, body) in Reader(extensions).extensions() {
            hello.extensions.push(kind);
            hello.extension(kind, body);
        }
        Some(hello)
    }

    /// Takes note of an extension; one that cannot be read says nothing.
    fn extension(&mut self, kind: u16, body: &[u8]) {
        let mut reader = Reader(body);
        match kind {
            SERVER_NAME => self.server_name = server_name(body),
            SIGNATURE_ALGORITHMS => self.signature_algorithms = reader.long().map(numbers).unwrap_or_default(),
            ALPN => self.alpn = alpn(body),
            SESSION_TICKET => self.ticket = Some(body.to_vec()).filter(|ticket| !ticket.is_empty()),
            EARLY_DATA => self.early_data = true,
            PRE_SHARED_KEY => self.pre_shared_key = true,
            SUPPORTED_VERSIONS => self.versions = reader.short().map(numbers).unwrap_or_default(),
            _ => {}
        }
    }

    /// Reads a hello in the framing of SSLv2, from its two bytes of length on; and how many bytes it has.
    ///
    /// # Wire
    ///
    /// [spec] RFC 5246 appendix E.2: the challenge is the random number, zeroes before it.
    pub(super) fn parse_v2(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut reader = Reader(bytes);
        let len = usize::from(reader.u16()? & 0x7fff);
        let mut reader = Reader(reader.take(len)?);
        reader.take(1)?;
        let version = reader.u16()?;
        let lens = [usize::from(reader.u16()?), usize::from(reader.u16()?), usize::from(reader.u16()?)];
        let [suites, session_id, challenge] = lens;
        let suites = reader.take(suites)?.chunks_exact(3).filter_map(|suite| match suite {
            [0, high, low] => Some(u16::from_be_bytes([*high, *low])),
            _ => None,
        });
        let mut hello = Self { version, suites: suites.collect(), ..Self::default() };
        hello.session_id = reader.take(session_id)?.to_vec();
        let challenge = reader.take(challenge)?;
        hello.random.iter_mut().rev().zip(challenge.iter().rev()).for_each(|(to, from)| *to = *from);
        Some((hello, len.saturating_add(2)))
    }

    /// The highest version it offers.
    pub(super) fn highest(&self) -> u16 {
        self.versions.iter().copied().filter(|version| (0x0300..=0x0304).contains(version)).max().unwrap_or(self.version)
    }
}

impl ServerHello {
    /// Reads the body of the message.
    ///
    /// # Wire
    ///
    /// [spec] RFC 8446 4.1.3, RFC 5246 7.4.1.3.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut reader = Reader(body);
        let mut hello = Self { version: reader.u16()?, random: *reader.take(32)?.first_chunk()?, ..Self::default() };
        hello.retry = hello.random == RETRY;
        hello.session_id = reader.short()?.to_vec();
        hello.suite = reader.u16()?;
        hello.compression = reader.u8()?;
        let Some(extensions) = reader.long() else { return Some(hello) };
        for (kind, body) in Reader(extensions).extensions() {
            match kind {
                ALPN => hello.alpn = alpn(body),
                ENCRYPT_THEN_MAC => hello.encrypt_then_mac = true,
                EXTENDED_MASTER_SECRET => hello.extended_master_secret = true,
                PRE_SHARED_KEY => hello.resumed = true,
                SUPPORTED_VERSIONS => hello.version = Reader(body).u16().unwrap_or(hello.version),
                _ => {}
            }
        }
        Some(hello)
    }
}

/// What the server says under encryption in TLS 1.3: the protocol it chose, and whether it takes early data.
pub(super) fn encrypted_extensions(body: &[u8]) -> (Option<Vec<u8>>, bool) {
    let mut said = (None, false);
    for (kind, body) in Reader(Reader(body).long().unwrap_or_default()).extensions() {
        match kind {
            ALPN => said.0 = alpn(body),
            EARLY_DATA => said.1 = true,
            _ => {}
        }
    }
    said
}

/// The first host name.
fn server_name(body: &[u8]) -> Option<Vec<u8>> {
    let mut list = Reader(Reader(body).long()?);
    list.take(1)?;
    Some(list.long()?.to_vec())
}

/// The first protocol name.
fn alpn(body: &[u8]) -> Option<Vec<u8>> {
    Some(Reader(Reader(body).long()?).short()?.to_vec())
}

/// Numbers of two bytes; an odd byte at the end is none.
fn numbers(bytes: &[u8]) -> Vec<u16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| u16::from_be_bytes(*pair)).collect()
}

/// What a version is called.
pub(super) fn version_name(version: u16) -> Option<&'static str> {
    Some(match version {
        0x0002 => "SSL 2.0",
        0x0300 => "SSL 3.0",
        0x0301 => "1.0",
        0x0302 => "1.1",
        0x0303 => "1.2",
        0x0304 => "1.3",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of suites whose length is odd once made a prototype panic.
    #[test]
    fn an_odd_list_of_suites_loses_its_last_byte() {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 5, 0, 0x2f, 0, 0x35, 9, 1, 0]);
        let hello = ClientHello::parse(&body).unwrap();
        assert_eq!(hello.suites, [0x2f, 0x35]);
        assert_eq!(hello.highest(), 0x0303);
    }

    #[test]
    fn a_hello_cut_anywhere_is_none_or_less() {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0, 0x2f, 1, 0, 0, 9, 0, 0, 0, 5, 0, 3, 0, 0, 0]);
        assert_eq!(ClientHello::parse(&body).unwrap().extensions, [0]);
        for end in 0..body.len() {
            let cut = ClientHello::parse(&body[..end]);
            assert!(cut.is_none_or(|hello| hello.extensions.is_empty()), "{end}");
        }
    }

    #[test]
    fn sslv2_framing_pads_the_challenge() {
        let mut bytes = vec![0x80, 9 + 6 + 16, 1, 3, 0, 0, 6, 0, 0, 0, 16];
        bytes.extend([0, 0, 4, 7, 0, 0xc0]);
        bytes.extend([0xab; 16]);
        let (hello, len) = ClientHello::parse_v2(&bytes).unwrap();
        assert_eq!((len, hello.version, hello.suites), (33, 0x0300, vec![4]));
        assert_eq!(hello.random[..16], [0; 16]);
        assert_eq!(hello.random[16..], [0xab; 16]);
    }
}
