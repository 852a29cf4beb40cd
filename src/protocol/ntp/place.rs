//! Where each direction is in the dialogue, and what the two have agreed on.

use super::block::Block;
use super::dialogue::Open;
use super::dialogue::State;
use super::escape::Escaping;
use super::keyword::Keyword;
use super::login::Agreement;
use crate::peer::Peer;

/// What the next line of a direction is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    /// The version line.
    Version,
    /// The user name (client).
    User,
    /// The password (client).
    Password,
    /// An order or an answer.
    Line,
    /// A line of a block.
    Body(Block),
    /// So many bytes of a blob, the rest of one that came in parts or across a hole.
    Blob(&'static Keyword, u64),
    /// Unknown: the stream was joined midway or lost bytes, and nothing told the place since.
    Adrift,
}

/// One direction.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is true or false whatever the others are")]
pub(super) struct Side {
    pub(super) mode: Mode,
    /// Bytes are missing before the next line, which may be the rest of one.
    pub(super) torn: bool,
    /// Bytes were lost since the last line that told the place.
    pub(super) after_loss: bool,
    /// The order before a blob waits for more bytes: look at it from its start again.
    pub(super) waiting: bool,
    /// What ended in NUL was a secret, and this may be the rest of it.
    pub(super) behind_secret: bool,
    /// A result with raw line ends that is not whole yet: where its first line ends, and how far it was searched for its end.
    pub(super) open_result: Option<(usize, usize)>,
}

/// The dissector: both directions share the dialogue, each has its own place in it.
pub(super) struct Session {
    pub(super) client: Side,
    pub(super) server: Side,
    pub(super) agreement: Option<Agreement>,
    pub(super) identified: bool,
    /// Whether prompts may still come.
    pub(super) login_open: bool,
    /// Whether the server asked for the password.
    pub(super) password_asked: bool,
    /// The user whose password was given and who waits for the server's word.
    pub(super) login: Option<Vec<u8>>,
    /// How findings are written.
    pub(super) escaping: Escaping,
    /// Options that were guessed from what the server sends, each once.
    pub(super) guessed: Vec<&'static str>,
    pub(super) state: State,
    pub(super) phase: u16,
    pub(super) open: Open,
}

impl Session {
    /// A dialogue from its start, or joined midway.
    pub(super) fn new(whole: bool) -> Self {
        let side = || Side {
            mode: if whole { Mode::Version } else { Mode::Adrift },
            torn: !whole,
            after_loss: !whole,
            waiting: false,
            behind_secret: false,
            open_result: None,
        };
        Self {
            client: side(),
            server: side(),
            agreement: None,
            identified: false,
            login_open: true,
            password_asked: false,
            escaping: if whole { Escaping::None } else { Escaping::Unknown },
            guessed: Vec::new(),
            login: None,
            state: State::Start,
            phase: 0,
            open: Open::default(),
        }
    }

    pub(super) fn side(&mut self, from: Peer) -> &mut Side {
        match from {
            Peer::Client => &mut self.client,
            Peer::Server => &mut self.server,
        }
    }
}
