//! The head of an HTTP/1 message: its lines, where each part stands, and how its body is framed.

use super::Framing;
use crate::limits::HTTP_HEAD_BYTES;
use std::ops::Range;

/// Header lines a head may have. Real clients send 7 to 20, browsers with proxies before them 60.
const MOST_HEADERS: usize = 128;

/// Where a head ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Found {
    /// Behind so many bytes.
    End(usize),
    /// Not in these bytes; it may be in more.
    Open,
    /// It is longer than any head.
    TooLong,
}

/// Looks for the empty line that ends a head. What was looked through before, up to `fresh`, is not looked through again.
///
/// # Wire
///
/// [spec] RFC 9112 2.2: lines end in CR LF, a reader may take LF alone; empty lines before the start line are skipped.
pub(in crate::protocol) fn find(bytes: &[u8], fresh: usize) -> Found {
    let blank = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    let mut from = fresh.saturating_sub(3).max(blank);
    while let Some(found) = bytes.get(from..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        let next = from.saturating_add(found).saturating_add(1);
        match bytes.get(next..) {
            Some([b'\n', ..]) => return bounded(next.saturating_add(1)),
            Some([b'\r', b'\n', ..]) => return bounded(next.saturating_add(2)),
            _ => from = next,
        }
    }
    if bytes.len() > HTTP_HEAD_BYTES { Found::TooLong } else { Found::Open }
}

fn bounded(end: usize) -> Found {
    if end > HTTP_HEAD_BYTES { Found::TooLong } else { Found::End(end) }
}

/// The first line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Start<'a> {
    /// What the client wants.
    Request {
        /// The method, as the wire has it.
        method: &'a [u8],
        /// The target: a path with its query, seldom a whole address.
        target: &'a [u8],
    },
    /// What the server says to it.
    Response {
        /// The status.
        status: u16,
        /// Its words; may be empty.
        reason: &'a [u8],
    },
}

/// A head, taken apart. Borrows the bytes it was read from.
#[derive(Clone, Debug)]
pub(in crate::protocol) struct Head<'a> {
    bytes: &'a [u8],
    /// The first line.
    pub(in crate::protocol) start: Start<'a>,
    /// The digit behind `HTTP/1.`
    pub(in crate::protocol) minor: u8,
    /// Names and values in order; without the lines that are none.
    pub(in crate::protocol) headers: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Head<'a> {
    /// The head of a request; `None` when it is none.
    pub(in crate::protocol) fn request(bytes: &'a [u8]) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        let mut config = httparse::ParserConfig::default();
        config.ignore_invalid_headers_in_requests(true).allow_multiple_spaces_in_request_line_delimiters(true);
        config.parse_request(&mut request, bytes).ok().filter(httparse::Status::is_complete)?;
        let start = Start::Request { method: request.method?.as_bytes(), target: request.path?.as_bytes() };
        Some(Self { bytes, start, minor: request.version?, headers: pairs(request.headers) })
    }

    /// The head of a response; `None` when it is none.
    pub(in crate::protocol) fn response(bytes: &'a [u8]) -> Option<Self> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut response = httparse::Response::new(&mut headers);
        let mut config = httparse::ParserConfig::default();
        config.ignore_invalid_headers_in_responses(true).allow_spaces_after_header_name_in_responses(true);
        config.allow_multiple_spaces_in_response_status_delimiters(true).allow_obsolete_multiline_headers_in_responses(true);
        config.parse_response(&mut response, bytes).ok().filter(httparse::Status::is_complete)?;
        let start = Start::Response { status: response.code?, reason: response.reason?.as_bytes() };
        Some(Self { bytes, start, minor: response.version?, headers: pairs(response.headers) })
    }

    /// Where a part of this head stands in its bytes; `None` for what is none.
    pub(in crate::protocol) fn place(&self, part: &[u8]) -> Option<Range<usize>> {
        let start = part.as_ptr().addr().checked_sub(self.bytes.as_ptr().addr())?;
        let end = start.checked_add(part.len())?;
        (end <= self.bytes.len()).then_some(start..end)
    }

    /// The bytes of a place.
    pub(in crate::protocol) fn bytes(&self, place: Range<usize>) -> &'a [u8] {
        self.bytes.get(place).unwrap_or_default()
    }

    /// The value of the first header of this name.
    pub(in crate::protocol) fn header(&self, name: &str) -> Option<&'a [u8]> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| *value)
    }

    /// The words of all headers of this name, which commas separate.
    fn words<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        let values = self.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
        values.flat_map(|(_, value)| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).filter(|word| !word.is_empty())
    }

    /// The codings of the body, in the order they were applied; without `identity`.
    pub(in crate::protocol) fn codings(&self) -> Vec<&'a [u8]> {
        self.words("content-encoding").filter(|coding| !coding.eq_ignore_ascii_case(b"identity")).collect()
    }

    /// Whether the length that is promised is one number; none promised is fine.
    pub(in crate::protocol) fn is_length_sound(&self) -> bool {
        let mut lengths = self.words("content-length").map(number);
        let first = lengths.next();
        first.is_none_or(|first| first.is_some() && lengths.all(|next| next == first))
    }

    /// Bytes of body that are promised.
    pub(in crate::protocol) fn promised(&self) -> Option<u64> {
        self.words("content-length").next().and_then(number)
    }

    /// How the body is framed. Of a response that depends on the method it answers.
    ///
    /// # Wire
    ///
    /// [spec] RFC 9112 6.3. A length that contradicts itself frames nothing.
    pub(in crate::protocol) fn framing(&self, answers: Option<&[u8]>) -> Framing {
        let last = self.words("transfer-encoding").last();
        let chunked = last.is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"));
        let promised = self.promised().filter(|_| self.is_length_sound());
        match self.start {
            Start::Request { .. } if chunked => Framing::Chunked,
            Start::Request { .. } => Framing::Length(promised.unwrap_or(0)),
            Start::Response { status: 100..=199 | 204 | 304, .. } => Framing::Length(0),
            Start::Response { .. } if answers == Some(b"HEAD") => Framing::Length(0),
            Start::Response { status: 200..=299, .. } if answers == Some(b"CONNECT") => Framing::Length(0),
            Start::Response { .. } if chunked => Framing::Chunked,
            Start::Response { .. } if last.is_some() => Framing::UntilClose,
            Start::Response { .. } => promised.map_or(Framing::UntilClose, Framing::Length),
        }
    }
}

fn pairs<'a>(headers: &[httparse::Header<'a>]) -> Vec<(&'a [u8], &'a [u8])> {
    headers.iter().filter(|header| !header.name.is_empty()).map(|header| (header.name.as_bytes(), header.value)).collect()
}

fn number(digits: &[u8]) -> Option<u64> {
    str::from_utf8(digits).ok().filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(text: &str, answers: &str) -> Framing {
        Head::response(text.as_bytes()).unwrap().framing(Some(answers.as_bytes()))
    }

    #[test]
    fn a_head_ends_at_an_empty_line_however_it_comes() {
        assert_eq!(find(b"GET / HTTP/1.1\r\nA: b\r\n\r\nrest", 0), Found::End(24));
        assert_eq!(find(b"GET / HTTP/1.1\nA: b\n\nrest", 0), Found::End(21));
        assert_eq!(find(b"\r\n\r\nGET / HTTP/1.1\r\n", 0), Found::Open);
        assert_eq!(find(&vec![b'x'; HTTP_HEAD_BYTES + 1], HTTP_HEAD_BYTES), Found::TooLong);
        let head = b"HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
        for cut in 0..head.len() {
            assert_eq!(find(&head[..cut], 0), Found::Open, "{cut}");
            assert_eq!(find(head, cut), Found::End(head.len()), "{cut}");
        }
    }

    #[test]
    fn the_framing_is_that_of_the_specification() {
        assert_eq!(response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET"), Framing::Length(5));
        assert_eq!(response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD"), Framing::Length(0));
        assert_eq!(response("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "GET"), Framing::Length(0));
        assert_eq!(response("HTTP/1.1 200 OK\r\n\r\n", "GET"), Framing::UntilClose);
        assert_eq!(response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "GET"), Framing::Chunked);
        assert_eq!(response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 6\r\n\r\n", "GET"), Framing::UntilClose);
        assert_eq!(response("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n", "GET"), Framing::Length(5));
        let get = Head::request(b"GET / HTTP/1.1\r\ncontent-length: 4\r\n\r\n").unwrap();
        assert_eq!(get.framing(None), Framing::Length(4));
    }

    #[test]
    fn parts_know_where_they_stand_and_odd_lines_are_left_out() {
        let bytes = b"GET /a HTTP/1.1\r\nDate: : Thu\r\nno colon here\r\nB:\tc \r\n\r\n";
        let head = Head::request(bytes).unwrap();
        assert_eq!(head.headers, [(&b"Date"[..], &b": Thu"[..]), (b"B", b"c")]);
        assert_eq!(head.place(head.headers[1].1), Some(48..49));
        assert_eq!(head.place(&[0; 3]), None);
    }
}
