//! Tells what was inferred, as events: each service's description, then its sessions one after the other, as a dissector would.

use super::Collected;
use super::Inference;
use super::Kept;
use super::Seen;
use super::Service;
use super::describe;
use super::limits;
use crate::annotation::Annotation;
use crate::annotation::Field;
use crate::annotation::Payload;
use crate::annotation::Role;
use crate::annotation::Token;
use crate::annotation::Value;
use crate::event::Event;
use crate::event::EventKind;
use crate::event::Inferred;
use crate::event::Message;
use crate::event::Reference;
use crate::event::Session;
use crate::evidence::Evidence;
use crate::evidence::FrameId;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::peer::RolesFrom;
use crate::time::Timestamp;
use std::borrow::Cow;

/// Values of a message that are told as fields; the others are in its tokens.
const MOST_VALUES: usize = 16;

/// Where it is told, and whether with secrets.
pub struct Told<'e> {
    /// Whether secrets are shown.
    pub reveal: bool,
    /// Takes the events.
    pub emit: &'e mut dyn FnMut(Event<'_>),
}

impl Told<'_> {
    /// Tells of all services, in order.
    pub fn all(&mut self, (services, window): (Vec<Collected>, (Timestamp, Timestamp))) {
        for mut collected in services {
            let service = service(&mut collected, window);
            self.service(&service, &collected);
        }
    }

    fn service(&mut self, service: &Service, collected: &Collected) {
        let frame = |session: usize, from, span| {
            let kept = collected.sessions.get(session)?;
            kept.origin(from, span).parts.first().map(|part| part.frame.number)
        };
        let inference = describe::infer(service, &frame);
        let first = inference.units.first();
        let evidence = first.and_then(|unit| collected.sessions.get(unit.session).map(|kept| kept.origin(unit.from, unit.span)));
        let (at, frames) = evidence.map(|origin| (origin.first_at, origin.evidence.frames)).unwrap_or_default();
        self.tell(at, None, Evidence::of(frames), EventKind::ProtocolDescribed(&inference.description));
        for (session, kept) in collected.sessions.iter().enumerate() {
            self.session(session, kept, &inference);
        }
    }

    /// A session from its beginning to its end.
    fn session(&mut self, session: usize, kept: &Kept, inference: &Inference<'_>) {
        let flow = &kept.flow;
        if !flow.announced {
            (self.emit)(Event::flow_opened(flow));
        }
        // Units are in order of their sessions.
        let first = inference.units.partition_point(|unit| unit.session < session);
        let of = inference.units.iter().enumerate().skip(first).take_while(|(_, unit)| unit.session == session);
        let mut phases = inference.phases.get(session).map(Vec::as_slice).unwrap_or_default().iter().peekable();
        let mut begun = false;
        for (place, unit) in of {
            let origin = kept.origin(unit.from, unit.span);
            if !begun {
                begun = true;
                let description = Some(Cow::Borrowed(inference.description.id.as_str()));
                let contrasts = inference.contrasts.get(session).map(Vec::as_slice).unwrap_or_default();
                let session =
                    Session { protocol: "unknown", version: None, options: Vec::new(), matched: "inference", description, contrasts };
                let evidence = Evidence::of(origin.evidence.frames.clone());
                self.tell(origin.first_at, Some(kept), evidence, EventKind::SessionIdentified(flow, &session));
            }
            while let Some((_, phase)) = phases.next_if(|(first, _)| *first <= place) {
                let evidence = Evidence::of(origin.evidence.frames.clone());
                self.tell(origin.first_at, Some(kept), evidence, EventKind::PhaseEntered(phase));
            }
            self.message(place, kept, inference);
        }
        if !flow.announced
            && let Some(closing) = flow.ended
        {
            self.tell(flow.last_at, Some(kept), Evidence::of(flow.closing.clone()), EventKind::FlowClosed(flow, closing));
        }
    }

    fn message(&mut self, place: usize, kept: &Kept, inference: &Inference<'_>) {
        let (Some(unit), Some(typed)) = (inference.units.get(place), inference.typed.get(place)) else { return };
        let origin = kept.origin(unit.from, unit.span);
        let kind = typed.message_type.and_then(|index| inference.description.grammar.message_types.get(index));
        let name = kind.map_or("message", |kind| kind.name.as_str());
        let answered = inference.answers.get(place).copied().flatten().and_then(|place| inference.units.get(place));
        let response_to = answered.map(|request| Reference {
            number: request.number,
            frame: kept.origin(request.from, request.span).parts.first().map_or_else(FrameId::default, |part| part.frame),
        });
        let mut fields = fields(unit.bytes, &typed.tokens);
        if !self.reveal {
            fields.iter_mut().for_each(Field::redact);
        }
        let sentence = format!("The {} sends {} of {} bytes{{: |values}}.", unit.from.name(), name.replace('_', " "), unit.bytes.len());
        let annotation = Annotation {
            name: Cow::Borrowed(name),
            span: unit.span,
            phase: inference.phase.get(place).copied().unwrap_or(1),
            response_to,
            sentence: &sentence,
            fields,
            tokens: typed.tokens.clone(),
            bulk: name.ends_with("_line"),
        };
        let inferred =
            Inferred { message_type: kind.map(|kind| kind.id.clone()), fields: typed.fields.clone(), confidence: typed.confidence };
        let message = Message {
            protocol: "unknown",
            number: unit.number,
            from: unit.from,
            annotation: &annotation,
            payload: Payload::new(unit.bytes, &annotation.tokens, self.reveal),
            completed_at: origin.last_at,
            parts: &origin.parts,
            inferred: Some(&inferred),
        };
        self.tell(origin.first_at, Some(kept), origin.evidence, EventKind::MessageDecoded(&message));
    }

    fn tell(&mut self, at: Timestamp, kept: Option<&Kept>, evidence: Evidence, kind: EventKind<'_>) {
        (self.emit)(Event { at, flow: kept.map(|kept| kept.flow.id), evidence, kind });
    }
}

/// What inference works on, taken out of what was kept; where the bytes came from stays there.
fn service(collected: &mut Collected, window: (Timestamp, Timestamp)) -> Service {
    let seen = |kept: &mut Kept| Seen {
        flow: kept.flow.id,
        client: kept.flow.client,
        whole: kept.whole,
        turns: std::mem::take(&mut kept.turns),
        missing_behind: kept.missing_behind(),
    };
    let guessed = collected.sessions.iter().filter(|kept| kept.flow.roles == RolesFrom::LowerPort).count();
    let ambiguous = (guessed > 0).then(|| Limitation {
        code: LimitationCode::AmbiguousRoles,
        text: format!("Of {guessed} sessions only the ports tell who serves."),
    });
    Service {
        transport: collected.transport,
        server: collected.server,
        sessions: collected.sessions.iter_mut().map(seen).collect(),
        window,
        limitations: limits::capped(collected.left_out).into_iter().chain(ambiguous).collect(),
    }
}

/// The data of a message, and its secrets by their length.
fn fields<'a>(bytes: &'a [u8], tokens: &[Token]) -> Vec<Field<'a>> {
    let data = tokens.iter().filter(|token| token.role == Role::Data && !token.secret);
    let values: Vec<Cow<'a, [u8]>> =
        data.filter_map(|token| bytes.get(token.start..token.end)).map(Cow::Borrowed).take(MOST_VALUES).collect();
    let secrets: Vec<Cow<'a, [u8]>> =
        tokens.iter().filter(|token| token.secret).filter_map(|token| bytes.get(token.start..token.end)).map(Cow::Borrowed).collect();
    let mut fields = Vec::new();
    if !values.is_empty() {
        fields.push(Field::new("values", Value::List(values)));
    }
    // One field of all, so that its length is that of all: records write a name once.
    match secrets.as_slice() {
        [] => {}
        [Cow::Borrowed(secret)] => fields.push(Field::secret("secret", Value::text(secret))),
        _ => fields.push(Field::secret("secret", Value::List(secrets))),
    }
    fields
}
