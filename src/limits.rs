//! Every bound of the program: its unit in its name, and the reason for its value.

use std::time::Duration;

/// Bytes of a counted blob that make one message; longer ones come in parts of this size. A key or a word list fits into one.
pub const BLOB_PART_BYTES: usize = 64 << 10;

/// Bytes the lines before a counted blob may have. The servers read at most 4 KiB of each of the four.
pub const BLOB_HEAD_BYTES: usize = 16 << 10;

/// Longest result that may stretch over several lines: findings of real servers have hundreds of kilobytes.
pub const RESULT_BYTES: usize = 1 << 20;

/// Longest head of an HTTP message. Servers take 8 to 64 KiB.
pub const HTTP_HEAD_BYTES: usize = 64 << 10;

/// Bytes of an HTTP message, head and body as they are on the wire, that make one message; longer ones come in parts of this size.
pub const HTTP_PART_BYTES: usize = 64 << 10;

/// Tokens of one message or part; what stands behind the last one is one more that nobody sees. Dense JSON of 64 KiB has some 8,000.
pub const HTTP_TOKENS: usize = 8192;

/// Bytes that any packed body may unpack to, whatever the ratio: small scripts pack 250:1.
pub const HTTP_BODY_FREE_BYTES: u64 = 4 << 20;

/// How many times larger than it came a packed body may become beyond that: reports pack 8:1, the same finding on many hosts 200:1, bombs
/// 1000:1.
pub const HTTP_BODY_RATIO: u64 = 250;

/// Bytes a packed body may unpack to at most.
pub const HTTP_BODY_BYTES: u64 = 4 << 30;

/// Window of zstd bodies in bits: what RFC 8878 recommends all readers to take, 8 MiB.
pub const HTTP_WINDOW_BITS: u32 = 23;

/// Packed bodies unpacked at once, over all connections: some 16 MiB each at worst.
pub const HTTP_DECODERS: usize = 64;

/// Requests of one connection that wait for their response.
pub const HTTP_PIPELINE: usize = 256;

/// Bytes that the requests of one connection that wait, and what was read of their bodies, may have.
pub const HTTP_PIPELINE_BYTES: usize = 512 << 10;

/// Longest text of a JSON, form or XML body that becomes a field: descriptions of scans have some hundred bytes.
pub const API_TEXT_BYTES: usize = 4096;

/// Secrets of one request that are kept, to know them where the response quotes them. A scan with credentials has some hundred
/// bytes of them.
pub const API_SECRETS_BYTES: usize = 16 << 10;

/// Items of a list that becomes a field: hosts of a scan, scans of a server.
pub const API_ITEMS: usize = 256;

/// Bytes of all fields of one body: what is behind is read and not kept. A list of 256 scans has some 20 KiB.
pub const API_FIELDS_BYTES: usize = 64 << 10;

/// Longest state, format or coding that a story keeps.
pub const API_WORD_BYTES: usize = 64;

/// Scans, and sessions, whose stories are kept: a large site has some hundred of each a day.
pub const API_STORIES: usize = 4096;

/// Failed requests remembered, to know those that are tried again.
pub const API_RETRIES: usize = 256;

/// Bytes of a block of the file in which documents keep the messages of open sessions; so many are in memory of each session.
pub const SPOOL_BLOCK_BYTES: usize = 16 << 10;

/// Blocks of that file: 16 GiB, some 800 MB of traffic.
pub const SPOOL_BLOCKS: u32 = 1 << 20;

/// Bytes of the messages of open sessions where there is no such file.
pub const SPOOL_MEMORY_BYTES: usize = 64 << 20;

/// Sessions of a document that are open at once: twice those that are dissected, since inferred ones come late.
pub const DOCUMENT_SESSIONS: usize = 1 << 17;

/// Phases of a session in a document: real dialogues have a dozen, and come back to some of them a few hundred times.
pub const DOCUMENT_PHASES: usize = 4096;

/// Anomalies in a document: more are counted.
pub const DOCUMENT_ANOMALIES: usize = 1000;

/// Messages of a service that inference takes apart, each of some 700 bytes of memory: two of the largest known dialogues, whose list of
/// plugins has 100,000 lines. Bytes that are but line ends would be as many messages.
pub const DOCUMENT_MESSAGES: usize = 1 << 18;

/// Stories in a document, of scans and logins: those that are kept (`API_STORIES` of each), and as many that ended before.
pub const DOCUMENT_STORIES: usize = 4 * API_STORIES;

/// Types of messages of a known protocol in a document: NTP has some sixty, and names of the wire can make more.
pub const DOCUMENT_TYPES: usize = 256;

/// Fields of such a type: HTTP messages have a dozen.
pub const DOCUMENT_FIELDS: usize = 64;

/// Values of a field of the protocol's own words; of fields with more, none is listed.
pub const DOCUMENT_VALUES: usize = 32;

/// Keywords of a protocol in a document: NTP has some hundred, the HTTP API has as many as JSON has keys.
pub const DOCUMENT_WORDS: usize = 1024;

/// Longest keyword of a document, in bytes.
pub const DOCUMENT_WORD_BYTES: usize = 64;

/// Steps of a state machine in a document.
pub const DOCUMENT_STEPS: usize = 4096;

/// Messages of a session that are remembered because they may be answered.
pub const DOCUMENT_REQUESTS: usize = 4096;

/// Answers of a type to requests of a type whose delays are kept for their median: more would hardly move it.
pub const DOCUMENT_DELAYS: usize = 256;

/// Services, and connections, in a document; more are counted.
pub const DOCUMENT_FACTS: usize = 1 << 16;

/// Bytes of an HTML document: browsers open that much at once, and mail carries it. What goes beyond is counted, and JSON has it.
pub const HTML_BYTES: usize = 5_000_000;

/// Bytes of it for sessions, and for the grammars of protocols: what is left is for tables, which have few rows.
pub const HTML_SESSIONS_BYTES: usize = 3_300_000;
#[allow(missing_docs, reason = "told above")]
pub const HTML_PROTOCOLS_BYTES: usize = 700_000;

/// Bytes of HTML for a message that is shown: some ten rows of sixteen bytes. Longer ones end with a count.
pub const HTML_MESSAGE_BYTES: usize = 4096;

/// Messages of one kind in a row, and in one phase, that an HTML document shows; the others are counted.
pub const HTML_RUN: usize = 3;
#[allow(missing_docs, reason = "told above")]
pub const HTML_KIND: usize = 12;

/// Rows of a table, and columns of a text, in an HTML document.
pub const HTML_ROWS: usize = 150;
#[allow(missing_docs, reason = "told above")]
pub const HTML_TEXT_COLUMNS: usize = 200;

/// Hosts in a column of the picture of a network, its edges, and states and edges of the picture of a dialogue: with more nobody sees
/// anything.
pub const HTML_HOSTS: usize = 20;
#[allow(missing_docs, reason = "told above")]
pub const HTML_EDGES: usize = 90;
#[allow(missing_docs, reason = "told above")]
pub const HTML_STATES: usize = 40;

/// Types of a grammar that its translations tell apart: protocols have tens of them, some a few hundred.
pub const EXPORT_TYPES: usize = 1000;

/// Fields that translations carry, of each type and of the header: what has more is a list.
pub const EXPORT_FIELDS: usize = 100;

/// Addresses of servers that a translation tells directions by, where both ends use the server's port: more are no service, but a scan.
pub const EXPORT_SERVERS: usize = 256;

/// Longest protocol document that is read back: it is held in memory, some ten times its size. One of an 8 MB capture has some 100 MB.
pub const DOCUMENT_BYTES: u64 = 1 << 30;

/// Longest message that a translation cuts by a length or size it is told.
pub const EXPORT_MESSAGE_BYTES: u64 = 16 << 20;

/// Connections to the metrics at once: a Prometheus keeps one, two are usual. One more, and the oldest has to go.
pub const METRICS_CONNECTIONS: usize = 16;

/// Longest request for the metrics: those of Prometheus have some 300 bytes.
pub const METRICS_REQUEST_BYTES: usize = 8 << 10;

/// How long a connection to the metrics may last, from the first byte asked to the last one read. Prometheus gives up after 10 s.
pub const METRICS_PATIENCE: Duration = Duration::from_secs(5);

/// What may be kept, in bytes, counts and capture time. Reaching one is reported by an `anomaly_found` event
/// (`limit_reached`) that carries the field's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest capture record. 262,144 is libpcap's own maximum; offloaded super-packets and USB-sized snap lengths of
    /// other tools fit into four times that. A longer one means that the file is damaged.
    pub record_bytes: usize,
    /// Memory that unpacking a compressed input may take, which its sender chose: the dictionary of xz (`xz -9` takes 65 MiB), the window
    /// of zstd (128 MiB with `--long`, eight with `-19`). What comes out is walked, not kept, and has no bound.
    pub unpack_bytes: usize,
    /// Threads that may work on an input: beside the one that decodes, one that unpacks. More would have nothing to do.
    pub threads: usize,
    /// Longest pcapng block that is not a packet (name resolution, secrets). Longer ones are skipped, not kept.
    pub block_bytes: usize,
    /// TLS secrets kept from pcapng files: a key log of some ten thousand connections.
    pub secrets_bytes: usize,
    /// Interfaces of one pcapng section; more is an attack on memory.
    pub interfaces: usize,
    /// Connections remembered at once, open or just closed.
    pub connections: usize,
    /// SYNs waiting for their SYN-ACK: a fixed table, the oldest of a set makes room.
    pub pending_syns: usize,
    /// Connections that have but a SYN-ACK: the oldest makes room, as a flood of them must not push out those at work.
    pub half_open: usize,
    /// How long a SYN waits for its SYN-ACK. Linux gives up after about 127 s.
    pub pending_syn_life: Duration,
    /// How long a SYN-ACK whose SYN was not seen waits for it: two capture queues are seldom further apart.
    pub lone_syn_ack_life: Duration,
    /// A connection that was silent for so long is over. TCP keep-alives come every two hours.
    pub idle: Duration,
    /// A closed connection is remembered for so long, so that late repetitions are not taken for a new one.
    pub closed_life: Duration,
    /// Out-of-order bytes held per direction: more than the largest usual receive window.
    pub held_bytes: usize,
    /// Out-of-order bytes held for all connections together.
    pub held_bytes_in_all: usize,
    /// Out-of-order segments held per direction: a million one-byte segments are few bytes and many nodes.
    pub held_segments: usize,
    /// A hole that the other side acknowledged is given up when it stayed open for so long.
    pub hole_life: Duration,
    /// Delivered bytes kept per direction to compare repetitions with: a few full segments.
    pub history_bytes: usize,
    /// Furthest a segment may lie ahead when no window is known; with window scaling none is above 1 GiB.
    pub reach_bytes: u64,
    /// First bytes of a direction that the protocols may look at to decide who reads it.
    pub probe_bytes: usize,
    /// Unread bytes a dissector may wait on, per direction: the longest line (a preference line of OTP is below 2 MiB).
    pub window_bytes: usize,
    /// Pieces of a connection that the protocols may look at: one-byte segments and holes cost more than their bytes.
    pub probe_pieces: usize,
    /// Connections nobody has claimed yet that are kept; the oldest gives way, those on a known port last.
    pub probes: usize,
    /// Sessions dissected at once.
    pub sessions: usize,
    /// TLS sessions read at once; those beyond are named, not read.
    pub tls_sessions: usize,
    /// Bytes of a TLS session that wait for what the other side says: a handshake's last part and some records.
    pub tls_waiting_bytes: usize,
    /// Bytes of a TLS session that wait for secrets that may still come, from a key log that grows or a pipe.
    pub tls_parked_bytes: usize,
    /// The same for all sessions together.
    pub tls_parked_bytes_in_all: usize,
    /// How long a TLS session waits for its secrets: programs write them within the handshake.
    pub tls_parked_life: Duration,
    /// Work that one direction of a TLS session may do to find its records behind lost bytes, in bytes decrypted, one of CCM or RC4
    /// counts as 8, of 3DES as 50; each byte opened adds 16. A usual loss takes some kilobytes.
    pub tls_trial_bytes: u64,
    /// Secrets kept of key logs, each of some 200 bytes.
    pub tls_secrets: usize,
    /// TLS sessions remembered because they may be resumed.
    pub tls_earlier_sessions: usize,
    /// Datagrams being put together from fragments.
    pub datagrams: usize,
    /// Bytes of all fragments held.
    pub fragment_bytes: usize,
    /// Fragments of one datagram.
    pub fragments_per_datagram: usize,
    /// How long a datagram waits for its fragments (RFC 1122: 60 to 120 s; Linux: 30 s).
    pub fragment_life: Duration,
    /// Facts of all kinds together: some 60 MB, and some 200 MB where all have VLAN tags or are of IPv6. One that was not seen for long
    /// gives way. Clients' ports that follow from connections take no room.
    pub facts: usize,
    /// Services, and clients, whose facts are rationed.
    pub rations: usize,
    /// Pairs of client and service whose login attempts are counted.
    pub logins: usize,
    /// Services counted for the summary's list of undocumented ones.
    pub undocumented: usize,
    /// Services documented by inference: a network has some dozen protocols of its own.
    pub document_services: usize,
    /// Sessions kept of each: what a protocol is shows in some hundred.
    pub document_sessions: usize,
    /// Turns kept of each: a turn is a change of speaker, or a datagram.
    pub document_turns: usize,
    /// Bytes kept of each, with their keep: two sessions of the largest known dialogue, whose list of plugins has 8 MB.
    pub document_bytes: usize,
    /// The same of all.
    pub document_bytes_in_all: usize,
    /// Two ends whose datagrams stop for so long begin a new session with the next (RFC 4787: 5 minutes).
    pub document_idle: Duration,
    /// Scans kept for the scan reports: one a minute for six weeks.
    pub scans: usize,
    /// Open ports, findings and times of all scan reports: 64 of each of 16,384 hosts.
    pub scan_items: usize,
    /// Bytes of all scan reports. A finding has some 250 bytes, a plugin of the plugin list some 100.
    pub scan_bytes: usize,
    /// Plugins kept to name findings: the largest list has 60,000, and it is let go when its session ends.
    pub scan_plugins: usize,
    /// Bytes of records that wait while facts cannot be made safe, on an interface.
    pub held_output_bytes: usize,
    /// Bytes of records that wait while an output cannot be written: some 20,000 records, a minute of a busy link.
    pub output_bytes: usize,
    /// Bytes of frames, with their keep, that wait for the decision who reads their connection: all that the protocols may look at
    /// (`probe_bytes` of both directions), in small segments.
    pub saved_flow_bytes: usize,
    /// The same of all connections: a hundred thousand SYNs at once.
    pub saved_bytes: usize,
    /// Syslog messages that wait to be sent: a minute of a thousand facts a second.
    pub syslog_lines: usize,
    /// Bytes of all syslog messages that wait.
    pub syslog_bytes: usize,
    /// Longest syslog message: what rsyslog takes when nobody set it up otherwise. An NNM or CEF message has some 300 bytes.
    pub syslog_line_bytes: usize,
    /// Lines of the timeline that the screen keeps, more than anybody scrolls through; and as many messages folded into counts, more than a
    /// plugin list has.
    pub watch_entries: usize,
    /// Memory of these lines, of the folded ones, and once more of those that wait to be drawn. A message takes some kilobyte.
    pub watch_bytes: usize,
    /// Bytes of one message that the screen keeps: some hundred rows of its details.
    pub watch_message_bytes: usize,
    /// Services that the screen lists.
    pub watch_services: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 1 << 20,
            unpack_bytes: 1 << 27,
            threads: 2,
            block_bytes: 1 << 24,
            secrets_bytes: 1 << 22,
            interfaces: 4096,
            connections: 1 << 18,
            pending_syns: 1 << 16,
            half_open: 1 << 14,
            pending_syn_life: Duration::from_secs(128),
            lone_syn_ack_life: Duration::from_secs(2),
            idle: Duration::from_secs(7800),
            closed_life: Duration::from_secs(60),
            held_bytes: 4 << 20,
            held_bytes_in_all: 64 << 20,
            held_segments: 8192,
            hole_life: Duration::from_secs(1),
            history_bytes: 16 << 10,
            reach_bytes: 1 << 30,
            probe_bytes: 16 << 10,
            window_bytes: 4 << 20,
            probe_pieces: 2048,
            probes: 1024,
            sessions: 4096,
            tls_sessions: 4096,
            tls_waiting_bytes: 256 << 10,
            tls_parked_bytes: 1 << 20,
            tls_parked_bytes_in_all: 64 << 20,
            tls_parked_life: Duration::from_secs(5),
            tls_trial_bytes: 16 << 20,
            tls_secrets: 1 << 20,
            tls_earlier_sessions: 4096,
            datagrams: 1024,
            fragment_bytes: 4 << 20,
            fragments_per_datagram: 1024,
            fragment_life: Duration::from_secs(30),
            facts: 1 << 20,
            rations: 1 << 16,
            logins: 1 << 16,
            undocumented: 4096,
            document_services: 256,
            document_sessions: 2048,
            document_turns: 1 << 16,
            document_bytes: 16 << 20,
            document_bytes_in_all: 64 << 20,
            document_idle: Duration::from_secs(300),
            scans: 1 << 16,
            scan_items: 1 << 20,
            scan_bytes: 1 << 28,
            scan_plugins: 1 << 20,
            held_output_bytes: 64 << 20,
            output_bytes: 16 << 20,
            saved_flow_bytes: 256 << 10,
            saved_bytes: 48 << 20,
            syslog_lines: 1 << 16,
            syslog_bytes: 32 << 20,
            syslog_line_bytes: 8 << 10,
            watch_entries: 20_000,
            watch_bytes: 32 << 20,
            watch_message_bytes: 4 << 10,
            watch_services: 1024,
        }
    }
}
