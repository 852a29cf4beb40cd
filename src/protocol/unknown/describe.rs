//! The description of a service: every step of the inference in order, and what came of it in the words of the grammar.

use super::Language;
use super::Service;
use super::Typed;
use super::Unit;
use super::binary;
use super::class;
use super::class::Class;
use super::conceal;
use super::contrast;
use super::framing;
use super::framing::Cut;
use super::framing::Cuts;
use super::join::join;
use super::limits;
use super::login;
use super::machine;
use super::pairing;
use super::phases;
use super::sealed;
use super::text;
use super::text::Stand;
use super::words;
use crate::annotation::ByteSpan;
use crate::annotation::Role;
use crate::event::Phase;
use crate::grammar::BytePattern;
use crate::grammar::Description;
use crate::grammar::Encoding;
use crate::grammar::Grammar;
use crate::grammar::Level;
use crate::grammar::Scalar;
use crate::limits::DOCUMENT_MESSAGES;
use crate::peer::Peer;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// What was inferred of a service. Borrows what was kept of it.
#[derive(Clone, Debug)]
pub struct Inference<'a> {
    /// Its language.
    pub description: Description,
    /// Its messages, session by session, in the order they were said.
    pub units: Vec<Unit<'a>>,
    /// What was made of each.
    pub typed: Vec<Typed>,
    /// The number of the phase of each.
    pub phase: Vec<u16>,
    /// The message that each answers, by its place among all.
    pub answers: Vec<Option<usize>>,
    /// The phases of each session, with the place of their first message.
    pub phases: Vec<Vec<(usize, Phase)>>,
    /// How each session differs from the first, in sentences.
    pub contrasts: Vec<Vec<String>>,
}

/// Infers the language of a service. `frame` names the frame that brought the first byte of a span of a session.
#[must_use]
pub fn infer<'a>(service: &'a Service, frame: &dyn Fn(usize, Peer, ByteSpan) -> Option<u64>) -> Inference<'a> {
    let (mut client, mut server) = (class::of(service, Peer::Client), class::of(service, Peer::Server));
    let mut cuts = framing::decide(service, &client, &server);
    let (units, left_out) = framing::units(service, &cuts, DOCUMENT_MESSAGES);
    framing::contrary(service, &mut cuts, &units);
    for (from, class) in [(Peer::Client, &mut client), (Peer::Server, &mut server)] {
        class.ground.messages = Some(framing::messages(&units, from));
    }
    let (mut language, stands) = language(service, &units, &cuts, [&client, &server]);
    language.typed.iter_mut().zip(&units).for_each(|(typed, unit)| tile(typed, unit));
    conceal::numbers(&mut language);
    language.limitations.extend(limits::messages(left_out));
    for (from, class) in [(Peer::Client, &mut client), (Peer::Server, &mut server)] {
        sealed::judge(service, &units, &mut language, from, class);
    }
    let answers = pairing::pair(&units, &stands);
    let mut phases = phases::find(&units, &language, &stands, service.sessions.len());
    language.limitations.extend(phases.capped());
    let (partings, more) = contrast::find(service, &units, &language);
    language.limitations.extend(more);
    let told: Vec<String> = partings
        .iter()
        .map(|parting| {
            let unit = units.get(parting.unit);
            let frame = unit.and_then(|unit| frame(unit.session, unit.from, unit.span));
            let told = contrast::told(parting, &language, frame);
            let phase =
                phases.sessions.get_mut(parting.session).and_then(|list| list.iter_mut().rev().find(|(first, _)| *first <= parting.unit));
            if let Some((_, phase)) = phase {
                phase.sentence = format!("{told} {}", phase.sentence).into();
            }
            let flow = service.sessions.get(parting.session).map_or(0, |seen| seen.flow.0);
            format!("Session {flow}: {told}")
        })
        .collect();
    let (contrasts, capped) = contrast::all((service, &units), &language, frame);
    language.limitations.extend(capped);
    let grammar = grammar(&units, &mut language, &cuts, &answers, service.sessions.len());
    let description = description(service, &units, (&client, &server), grammar, (&mut language, &told));
    Inference { description, units, typed: language.typed, phase: phases.of, answers, phases: phases.sessions, contrasts }
}

/// Text by the text way, all else by the binary way.
fn language(service: &Service, units: &[Unit<'_>], cuts: &Cuts, [client, server]: [&Class; 2]) -> (Language, Vec<Stand>) {
    let is_text = |from: Peer| {
        let class = if from == Peer::Client { client } else { server };
        matches!(class.encoding, Encoding::Text | Encoding::Mixed)
    };
    let (texts, others): (Vec<usize>, Vec<usize>) =
        (0..units.len()).partition(|place| units.get(*place).is_some_and(|unit| is_text(unit.from)));
    let of = |places: &[usize]| -> Vec<Unit<'_>> { places.iter().filter_map(|place| units.get(*place).copied()).collect() };
    let mut stands = vec![Stand::default(); units.len()];
    let (mut one, mut two) = (Language::default(), Language::default());
    if !texts.is_empty() {
        let (found, stand) = text::infer(service, &of(&texts), cuts);
        one = found;
        for (place, stand) in texts.iter().zip(stand) {
            stands.get_mut(*place).into_iter().for_each(|slot| *slot = stand);
        }
    }
    if !others.is_empty() {
        let units = of(&others);
        two = binary::infer(service, &units);
        units.iter().zip(&mut two.typed).for_each(|(unit, typed)| tile(typed, unit));
        login::hide(service.transport, &units, &mut two.typed);
        conceal::binary(&units, &mut two);
    }
    (join(units.len(), (one, &texts), (two, &others)), stands)
}

/// Whatever a way left out is one more token that nothing explains, so that tokens always tile.
fn tile(typed: &mut Typed, unit: &Unit<'_>) {
    let mut at = 0;
    let ordered = typed.tokens.iter().all(|token| {
        let follows = token.start == at && token.end > token.start;
        at = token.end;
        follows
    });
    if !ordered || at > unit.bytes.len() || typed.fields.len() != typed.tokens.len() {
        (typed.tokens, typed.fields, at) = (Vec::new(), Vec::new(), 0);
    }
    if at < unit.bytes.len() {
        let kind = crate::grammar::Kind::Opaque;
        typed.tokens.push(crate::annotation::Token {
            start: at,
            end: unit.bytes.len(),
            role: kind.role(),
            kind: kind.name(),
            secret: false,
        });
        typed.fields.push(None);
    }
}

fn grammar(units: &[Unit<'_>], language: &mut Language, cuts: &Cuts, answers: &[Option<usize>], sessions: usize) -> Grammar {
    let mut ways: Vec<Vec<usize>> = vec![Vec::new(); sessions];
    for (unit, typed) in units.iter().zip(&language.typed) {
        if let (Some(way), Some(kind)) = (ways.get_mut(unit.session), typed.message_type) {
            way.push(kind);
        }
    }
    let ways: Vec<machine::Way> = ways.into_iter().map(|way| machine::collapsed(way.into_iter())).collect();
    language.limitations.extend(machine::capped(&ways));
    let (mut client, mut server) = (cuts.framing(Peer::Client), cuts.framing(Peer::Server));
    client.exceptions = exceptions(units, language, cuts, Peer::Client);
    server.exceptions = exceptions(units, language, cuts, Peer::Server);
    // Text that is data may be somebody's secret, and is hidden where data is: only numbers are told as values.
    let fields = language.header_fields.iter_mut().chain(language.types.iter_mut().flat_map(|kind| &mut kind.fields));
    for field in fields.filter(|field| field.role == Role::Data) {
        field.values.retain(|value| matches!(value.value, Scalar::Number(_)));
    }
    let exchanges = pairing::exchanges(units, language, answers);
    let state_machine = machine::infer(&ways, &language.types);
    Grammar {
        terminators: terminators(units, cuts),
        server_framing: (server != client).then_some(server),
        framing: client,
        delimiters: std::mem::take(&mut language.delimiters),
        keywords: std::mem::take(&mut language.keywords),
        header_fields: std::mem::take(&mut language.header_fields),
        message_types: std::mem::take(&mut language.types),
        relations: std::mem::take(&mut language.relations),
        exchanges,
        state_machine,
        exports: Vec::new(),
    }
}

/// Types of a side that do not end as others: those that ask, and those of which no message follows the length or size.
fn exceptions(units: &[Unit<'_>], language: &Language, cuts: &Cuts, from: Peer) -> Vec<String> {
    let mut following = BTreeSet::new();
    if let Cut::Binary(framing) = cuts.of(from) {
        let of = units.iter().zip(&language.typed).filter(|(unit, _)| unit.from == from && binary::follows(framing, unit.bytes));
        following.extend(of.filter_map(|(_, typed)| typed.message_type));
    }
    let prompt = |field: &crate::grammar::Field| field.kind == crate::grammar::Kind::Prompt;
    let derails = |place: usize| matches!(cuts.of(from), Cut::Binary(_)) && !following.contains(&place);
    let own = language.types.iter().enumerate().filter(|(_, kind)| kind.direction.as_deref() == Some(from.name()));
    own.filter(|(place, kind)| kind.fields.iter().any(prompt) || derails(*place)).map(|(_, kind)| kind.id.clone()).collect()
}

/// What ends lines: the bytes, and what a line is.
type Ending<'a> = (&'a [u8], Level);

/// What ends lines, of both sides; with how many messages end so, or have such lines where datagrams are blocks of them.
fn terminators(units: &[Unit<'_>], cuts: &Cuts) -> Vec<BytePattern> {
    let mut list: Vec<(Ending<'_>, Vec<Peer>)> = Vec::new();
    for from in [Peer::Client, Peer::Server] {
        let Some(terminator) = cuts.line_end(from) else { continue };
        match list.iter_mut().find(|(known, _)| *known == terminator) {
            Some((_, sides)) => sides.push(from),
            None => list.push((terminator, vec![from])),
        }
    }
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let pattern = |((terminator, level), sides): &(Ending<'_>, Vec<Peer>)| {
        let of = || units.iter().filter(|unit| sides.contains(&unit.from));
        // Bodies of datagrams end as they like.
        let ends = |bytes: &[u8]| {
            if *level == Level::Line { memchr::memmem::find(bytes, terminator).is_some() } else { bytes.ends_with(terminator) }
        };
        let ended = of().filter(|unit| ends(unit.bytes)).count();
        let direction = if let [one] = sides.as_slice() { Some(one.name()) } else { None };
        words::pattern(terminator, *level, count(ended), count(of().count()), direction)
    };
    list.iter().map(pattern).collect()
}

/// Everything together, with a summary for people.
fn description(
    service: &Service,
    units: &[Unit<'_>],
    (client, server): (&Class, &Class),
    grammar: Grammar,
    (language, partings): (&mut Language, &[String]),
) -> Description {
    let transport = service.transport.name();
    let encoding = both(client.encoding, server.encoding);
    let mut limitations = limits::of(service, units.len(), [client, server]);
    limitations.append(&mut language.limitations);
    limitations.extend(service.limitations.iter().cloned());
    limitations.sort();
    limitations.dedup();
    let clients: BTreeSet<_> = service.sessions.iter().map(|seen| seen.client.ip).collect();
    let plural = |count: usize, word: &str| if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") };
    let mut summary = format!(
        "The service on {transport} port {} of {} speaks a protocol that is {}: {} in {} of {}, of {}.",
        service.server.port,
        service.server.ip,
        encoding.name().replace('_', " "),
        plural(units.len(), "message"),
        plural(service.sessions.len(), "session"),
        plural(clients.len(), "client"),
        plural(grammar.message_types.len(), "kind"),
    );
    for terminator in &grammar.terminators {
        _ = write!(summary, " Lines end with {}.", terminator.text);
    }
    if let Some(delimiter) = grammar.delimiters.first() {
        _ = write!(summary, " Parts are separated by \"{}\" (hex {}).", delimiter.text, delimiter.hex);
    }
    for parting in partings {
        summary.push(' ');
        summary.push_str(parting);
    }
    Description {
        id: format!("unknown_{transport}_{}_{}", service.server.port, service.server.ip),
        known_as: None,
        transport: transport.to_owned(),
        server_ports: vec![service.server.port],
        encoding,
        client_encoding: Some(client.encoding),
        server_encoding: Some(server.encoding),
        encryption: client.encryption.clone().or_else(|| server.encryption.clone()),
        summary,
        evidence: vec![client.ground.clone(), server.ground.clone()],
        grammar,
        limitations,
    }
}

/// What both sides together are.
fn both(client: Encoding, server: Encoding) -> Encoding {
    match (client, server) {
        (one, two) if one == two => one,
        (Encoding::Unknown, one) | (one, Encoding::Unknown) => one,
        _ => Encoding::Mixed,
    }
}
