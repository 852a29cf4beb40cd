//! Events to the model: sessions are told when they are over, everything else at the end.

use super::Writer;
use super::dialogue::Dialogue;
use super::ends::Ends;
use super::learned::Learned;
use super::message;
use super::message::Placed;
use super::model::Document;
use super::model::RedactionPolicy;
use super::spool::Spool;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Message;
use crate::event::Session;
use crate::limits;
use crate::peer::Flow;
use crate::peer::FlowId;
use crate::report::Sink;
use crate::report::Style;
use std::collections::BTreeMap;
use std::io;

/// Makes a document of events. In memory are the open sessions without their messages, the grammars, and what is bounded.
pub(super) struct Builder<W> {
    writer: W,
    policy: RedactionPolicy,
    begun: bool,
    spool: Spool,
    open: BTreeMap<FlowId, Dialogue>,
    /// A session whose connection was over before it was identified: it is told when the next such one comes.
    late: Option<FlowId>,
    learned: Learned,
    ends: Ends,
}

impl<W: Writer> Builder<W> {
    pub(super) fn new(writer: W, style: &Style) -> Self {
        // Without a file, as where no temporary folder is, memory has to do.
        let spool = Spool::new(tempfile::tempfile().ok());
        let policy = style.redact;
        Self {
            writer,
            policy,
            begun: false,
            spool,
            open: BTreeMap::new(),
            late: None,
            learned: Learned::default(),
            ends: Ends::new(policy),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.begun {
            self.begun = true;
            self.writer.begin(&super::ends::head(self.policy))?;
        }
        Ok(())
    }

    /// A dissector, or inference, reads a flow; within TLS, a second one does.
    fn identified(&mut self, flow: &Flow, session: &Session<'_>) -> io::Result<()> {
        if let Some(dialogue) = self.open.get_mut(&flow.id) {
            dialogue.identify(session);
            dialogue.see(flow);
            return Ok(());
        }
        if flow.ended.is_some() {
            self.tell_late()?;
            self.late = Some(flow.id);
        }
        if self.open.len() >= limits::DOCUMENT_SESSIONS {
            self.ends.doubts.sessions_left_out = self.ends.doubts.sessions_left_out.saturating_add(1);
            return Ok(());
        }
        self.open.insert(flow.id, Dialogue::new(flow, session));
        Ok(())
    }

    fn message(&mut self, event: &Event<'_>, said: &Message<'_>) -> io::Result<()> {
        let dialogue = event.flow.and_then(|flow| self.open.get_mut(&flow));
        let Some(dialogue) = dialogue else {
            self.omit(None);
            return Ok(());
        };
        if dialogue.full || self.spool.is_full() {
            dialogue.full = true;
            self.omit(event.flow);
            return Ok(());
        }
        let placed = match said.inferred {
            Some(inferred) => Placed { message_type: inferred.message_type.clone(), fields: inferred.fields.clone() },
            None => self.learned.message(event.at, said, dialogue),
        };
        let made = message::message(event, said, dialogue, placed, self.policy);
        self.spool.push(&mut dialogue.messages, &made)?;
        self.ends.count(&made);
        Ok(())
    }

    /// A message has no place in the document.
    fn omit(&mut self, flow: Option<FlowId>) {
        self.ends.doubts.messages_left_out = self.ends.doubts.messages_left_out.saturating_add(1);
        if let Some(dialogue) = flow.and_then(|flow| self.open.get_mut(&flow)) {
            let omitted = dialogue.session.messages_omitted.get_or_insert(0);
            *omitted = omitted.saturating_add(1);
        }
    }

    /// A session is over.
    fn tell(&mut self, id: FlowId, flow: Option<&Flow>) -> io::Result<()> {
        let Some(mut dialogue) = self.open.remove(&id) else { return Ok(()) };
        if let Some(flow) = flow {
            dialogue.see(flow);
        }
        self.late.take_if(|late| *late == id);
        self.ends.session(&dialogue);
        if !dialogue.inferred {
            self.learned.session(&dialogue);
        }
        let Dialogue { mut session, messages, .. } = dialogue;
        if let (RedactionPolicy::Data, Some(tls)) = (self.policy, &mut session.tls) {
            // The name of a server in a handshake is what a client said.
            tls.server_name = tls.server_name.take().map(|name| format!("<redacted {} bytes>", name.len()));
        }
        self.writer.session(&session, &mut self.spool.take(messages))
    }

    fn tell_late(&mut self) -> io::Result<()> {
        self.late.take().map_or(Ok(()), |late| self.tell(late, None))
    }
}

impl<W: Writer> Sink for Builder<W> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.begin()?;
        match &event.kind {
            EventKind::SessionIdentified(flow, session) => self.identified(flow, session)?,
            EventKind::PhaseEntered(phase) => {
                if let Some(dialogue) = event.flow.and_then(|flow| self.open.get_mut(&flow)) {
                    dialogue.enter(phase, &event.evidence);
                }
            }
            EventKind::MessageDecoded(message) => self.message(event, message)?,
            EventKind::FlowClosed(flow, _) => self.tell(flow.id, Some(flow))?,
            EventKind::ProtocolDescribed(description) => {
                self.tell_late()?;
                self.ends.described(description);
            }
            _ => self.ends.event(event)?,
        }
        Ok(())
    }

    fn wants_parts(&self) -> bool {
        true
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.begin()?;
        while let Some(id) = self.open.first_key_value().map(|(id, _)| *id) {
            self.tell(id, None)?;
        }
        let ends = std::mem::replace(&mut self.ends, Ends::new(self.policy));
        let rest: Document = ends.document(self.learned.descriptions());
        self.writer.finish(&rest)
    }
}
