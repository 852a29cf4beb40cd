//! Which request a response is to: by order while nothing is lost; behind a loss as far as it can be told, and no further.

use super::dialogue::Dialogue;
use super::draft::Draft;
use crate::peer::Peer;
use crate::time::Timestamp;

/// What is known of the order.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// Requests are lost before the one of this number.
    requests_lost: Option<u64>,
    /// Requests that wait may have been answered in bytes that are lost.
    responses_lost: bool,
    /// Requests that were told before their response came.
    given_up: u64,
    /// The exchange whose response may be to an older request: told when it is known that no other one came.
    pub(super) guess: Option<u64>,
    /// Whether there ever was a guess.
    guessed: bool,
    /// Whether this client was seen to ask before it had its response.
    pipelines: bool,
}

impl Order {
    /// Whether a loss stands between requests and responses.
    pub(super) fn is_doubtful(&self) -> bool {
        self.responses_lost || self.requests_lost.is_some()
    }

    /// An exchange is told without being over.
    pub(super) fn gives_up(&mut self, draft: &Draft) {
        if draft.is_waiting() && !draft.is_response_only() {
            self.given_up = self.given_up.saturating_add(1);
            self.pipelines = true;
            // Without the method it is not known whether a body stands behind the head.
            self.responses_lost |= draft.method == b"HEAD" || draft.method == b"CONNECT";
        }
    }
}

impl Dialogue {
    /// Messages of this side may be lost. What would have spoken against a guess may be among them: it stays one.
    pub(super) fn misses(&mut self, from: Peer) {
        self.order.guess = None;
        match from {
            Peer::Client => _ = self.order.requests_lost.get_or_insert(self.exchanges.saturating_add(1)),
            // What is asked later is not answered in what is already lost.
            Peer::Server => self.order.responses_lost |= self.is_awaited(),
        }
    }

    /// Whether a response is awaited.
    pub(super) fn is_awaited(&self) -> bool {
        self.order.given_up > 0 || self.open.iter().any(Draft::is_waiting)
    }

    /// Whether a response would be one before its request: the capture shows the directions one after the other.
    pub(super) fn is_too_early(&self) -> bool {
        !self.order.is_doubtful() && self.order.guess.is_none() && !self.is_awaited()
    }

    /// The number of the exchange that a response at this time belongs to.
    ///
    /// In order: to the oldest request without one. Where responses may be lost and two or more requests wait, the client has as a
    /// rule not asked again before it had a response: so it is to the newest. That is a guess, and noted, until nothing speaks
    /// against it; of a client that does ask before, it stays unknown.
    pub(super) fn answers(&mut self, at: Timestamp) -> u64 {
        let waiting = self.open.iter().filter(|draft| draft.is_waiting());
        let oldest = waiting.clone().next().map(|draft| (draft.number, draft.is_response_only(), draft.at));
        // An interim response came before.
        if let Some((number, true, _)) = oldest {
            return number;
        }
        if self.order.given_up > 0 && !self.order.responses_lost {
            self.order.given_up = self.order.given_up.saturating_sub(1);
            return self.without_request(at, "request_given_up");
        }
        let is_sure = |number: u64| !self.order.responses_lost && self.order.requests_lost.is_none_or(|lost| number < lost);
        let next = oldest.filter(|(number, ..)| is_sure(*number));
        // Behind a guess a response from before the next request is one too many.
        let is_too_many = self.order.guess.is_some() || (self.order.guessed && next.is_some());
        if let Some((number, ..)) = next.filter(|(_, _, asked)| !is_too_many || *asked <= at) {
            self.order.pipelines |= self.open.iter().any(|draft| draft.number > number && draft.is_waiting() && draft.at < at);
            self.settle(at, number);
            return number;
        }
        let mut asked = waiting.filter(|draft| draft.at <= at).map(|draft| draft.number);
        let newest = asked.next_back();
        let is_sole = asked.next().is_none() && self.order.given_up == 0;
        match newest {
            Some(number) if (is_sole || self.order.responses_lost) && !self.order.pipelines => self.guess(at, number),
            Some(_) => self.unknown(at),
            None if self.order.given_up > 0 => self.unknown(at),
            None if is_too_many => {
                self.order.guess = None;
                // One response too many: the one before it was not to the newest request.
                self.order.pipelines = true;
                self.order.requests_lost = Some(0);
                self.without_request(at, "order_unknown")
            }
            None => {
                self.misses(Peer::Client);
                self.without_request(at, "request_not_seen")
            }
        }
    }

    /// To the newest request; those before it are without a response.
    fn guess(&mut self, at: Timestamp, number: u64) -> u64 {
        self.settle(at, number);
        self.order.guessed = true;
        // Where both sides miss something, nothing will tell.
        let may_be_known = self.order.responses_lost != self.order.requests_lost.is_some();
        for draft in self.open.iter_mut().filter(|draft| draft.is_waiting() && draft.number <= number) {
            if draft.number < number {
                draft.answered = true;
                draft.notes.push("response_lost");
            } else {
                // It did not wait for a response that is only missing here.
                draft.notes.retain(|note| *note != "pipelined");
                draft.notes.push("order_unknown");
            }
        }
        // Behind it the order is known again.
        self.order.responses_lost = false;
        if may_be_known && !self.open.iter().any(|draft| draft.is_waiting() && draft.number != number) {
            self.order.requests_lost = None;
        }
        self.order.guess = Some(number).filter(|_| may_be_known);
        number
    }

    /// To one of several requests.
    fn unknown(&mut self, at: Timestamp) -> u64 {
        for draft in self.open.iter_mut().filter(|draft| draft.is_waiting() && draft.at <= at && !draft.is_guessed()) {
            draft.notes.push("order_unknown");
        }
        self.without_request(at, "order_unknown")
    }

    /// An exchange for a response alone.
    fn without_request(&mut self, at: Timestamp, note: &'static str) -> u64 {
        self.exchanges = self.exchanges.saturating_add(1);
        let place = self.open.iter().position(Draft::is_waiting).unwrap_or(self.open.len());
        let mut draft = Draft::new(self.exchanges, None, at);
        draft.notes.push(note);
        self.weight = self.weight.saturating_add(draft.weight());
        self.open.insert(place, draft);
        self.exchanges
    }

    /// A response to this request begins: a guess before it was right if it was made before this was asked.
    fn settle(&mut self, at: Timestamp, number: u64) {
        let asked = self.open.iter().find(|draft| draft.number == number).map_or(at, |draft| draft.at);
        let guessed = self.order.guess.take().and_then(|guess| self.open.iter_mut().find(|draft| draft.number == guess));
        if let Some(draft) = guessed.filter(|draft| draft.answered_at.is_some_and(|answered| answered <= asked)) {
            draft.notes.retain(|note| *note != "order_unknown");
        }
    }

    /// The connection ends: no other response came, so a guess was right if its response is whole.
    pub(super) fn settle_at_end(&mut self) {
        let guess = self.order.guess.take();
        if let Some(draft) = self.open.iter_mut().find(|draft| Some(draft.number) == guess && draft.answered) {
            draft.notes.retain(|note| *note != "order_unknown");
        }
    }
}
