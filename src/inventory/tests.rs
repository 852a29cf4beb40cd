//! The facts of made-up handshakes.

mod law;

use super::*;
use crate::evidence::FrameId;
use crate::evidence::Frames;
use crate::fact::Fact;
use crate::fact::Relation;
use crate::peer::Flow;
use crate::time::Timestamp;
use std::time::Duration;

fn handshake(client: &str, server: &str, port: u16) -> Handshake {
    Handshake {
        client: Endpoint { ip: client.parse().unwrap(), port: 40_000 },
        server: Endpoint { ip: server.parse().unwrap(), port },
        at: Timestamp::default(),
        frames: Frames::one(FrameId { input: 0, number: 2 }),
        syn_seen: true,
        client_proven: true,
        vlans: [VlanStack::default(); 2],
    }
}

fn flow(handshake: &Handshake) -> Flow {
    let flow = Flow::new(crate::peer::FlowId(1), handshake.client, handshake.server, RolesFrom::Handshake, handshake.at);
    Flow { opening: handshake.frames.clone(), announced: true, ..flow }
}

fn named(fact: &Fact) -> String {
    match fact.relation {
        Relation::Service(server) => format!("service {server}"),
        Relation::ClientPort(client, port) => format!("client {client} {port}"),
        Relation::Connection(client, server) => format!("{} {client} {server}", fact.direction.unwrap().name()),
    }
}

fn told(inventory: &mut Inventory, handshake: &Handshake) -> Vec<String> {
    let mut names = Vec::new();
    inventory.handshake(&mut flow(handshake).facts_at, handshake, &mut |event| {
        names.push(match event.kind {
            EventKind::FactSeen(fact) => named(fact),
            EventKind::AnomalyFound(anomaly) => anomaly.name().to_owned(),
            EventKind::FloodSeen(_) => "flood".to_owned(),
            _ => "other".to_owned(),
        });
    });
    names
}

#[test]
fn the_documented_example_gives_exactly_three_facts_once() {
    let mut inventory = Inventory::new(Wanted::default(), &Limits::default());
    let first = told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22));
    assert_eq!(first, ["service 10.0.0.2:22", "client 10.0.0.1 22", "internal 10.0.0.1 10.0.0.2:22"]);
    assert!(told(&mut inventory, &handshake("10.0.0.1", "10.0.0.2", 22)).is_empty());
}

#[test]
fn the_focus_decides_who_is_recorded() {
    let focus = Focus::new(&[parse_range("10.0.0.0/8").unwrap()], &[parse_range("10.9.0.0/16").unwrap()]);
    let mut inventory = Inventory::new(Wanted { focus, ..Wanted::default() }, &Limits::default());
    assert_eq!(told(&mut inventory, &handshake("10.0.0.1", "192.0.2.1", 80)), ["client 10.0.0.1 80", "outbound 10.0.0.1 192.0.2.1:80"]);
    assert_eq!(told(&mut inventory, &handshake("192.0.2.1", "10.0.0.1", 80)), ["service 10.0.0.1:80", "inbound 192.0.2.1 10.0.0.1:80"]);
    assert!(told(&mut inventory, &handshake("192.0.2.1", "192.0.2.2", 80)).is_empty());
    assert!(told(&mut inventory, &handshake("10.9.0.1", "10.0.0.1", 80)).is_empty());
}

#[test]
fn in_a_full_table_the_least_recently_seen_gives_way_and_that_is_said_once() {
    let mut inventory = Inventory::new(Wanted::default(), &Limits { facts: 6, ..Limits::default() });
    let mut seconds = 0;
    let mut seen = |number: u8| {
        seconds += 1;
        let at = Timestamp::from_parts(seconds, 0, false);
        let pair = handshake(&format!("10.0.0.{number}"), &format!("10.0.1.{number}"), 22);
        told(&mut inventory, &Handshake { at, ..pair })
    };
    assert_eq!([seen(1), seen(2), seen(1)].map(|told| told.len()), [3, 3, 0]);
    assert_eq!(seen(3).last().unwrap(), "limit_reached");
    assert_eq!(seen(1), Vec::<String>::new(), "it was seen more lately than the second");
    assert_eq!(seen(2).len(), 3, "it is told again, since it was forgotten; the limit is not");
    assert_eq!(inventory.counts(), [2, 2, 2]);
}

#[test]
fn a_fact_not_seen_for_its_lifetime_is_told_again() {
    let lifetime = Some(Duration::from_secs(60));
    let mut inventory = Inventory::new(Wanted { lifetime, ..Wanted::default() }, &Limits::default());
    let after = |seconds| Handshake { at: Timestamp::from_parts(seconds, 0, false), ..handshake("10.0.0.1", "10.0.0.2", 22) };
    assert_eq!([0, 50, 110, 171, 231].map(|seconds| told(&mut inventory, &after(seconds)).len()), [3, 0, 0, 3, 0]);
    let mut first = Vec::new();
    inventory.facts().each(&mut |fact| first.push((fact.known.first_at, fact.known.handshakes)));
    assert_eq!(first, [(Timestamp::from_parts(171, 0, false), 2); 3]);
}

#[test]
fn a_connection_that_outlives_its_facts_brings_all_of_them_back() {
    let lifetime = Some(Duration::from_secs(60));
    let mut inventory = Inventory::new(Wanted { lifetime, ..Wanted::default() }, &Limits::default());
    let handshake = handshake("10.0.0.1", "10.0.0.2", 22);
    let mut flow = flow(&handshake);
    let mut names = Vec::new();
    let mut note = |event: Event<'_>| {
        if let EventKind::FactSeen(fact) = event.kind {
            names.push(named(fact));
        }
    };
    inventory.handshake(&mut flow.facts_at, &handshake, &mut note);
    Known::of(&mut flow, |known| inventory.step(known, Step::Data, Timestamp::from_parts(600, 0, false), &handshake.frames, &mut note));
    assert_eq!(names, ["service 10.0.0.2:22", "client 10.0.0.1 22", "internal 10.0.0.1 10.0.0.2:22"].repeat(2));
    assert_eq!(inventory.counts(), [1, 1, 1]);
}

#[test]
fn a_fact_whose_time_is_up_is_forgotten_with_the_end_of_its_connection() {
    let lifetime = Some(Duration::from_secs(60));
    let mut inventory = Inventory::new(Wanted { lifetime, ..Wanted::default() }, &Limits::default());
    let handshake = handshake("10.0.0.1", "10.0.0.2", 22);
    let mut flow = flow(&handshake);
    inventory.handshake(&mut flow.facts_at, &handshake, &mut |_| ());
    assert_eq!(inventory.counts(), [1, 1, 1]);
    flow.last_at = Timestamp::from_parts(600, 0, false);
    Ended::of(&mut flow, |ended| inventory.closed(ended, &mut |_| ()));
    assert_eq!(inventory.counts(), [0, 0, 0]);
}

#[test]
fn what_gave_way_is_back_with_the_end_of_its_connection_where_nobody_looked_before() {
    let limits = Limits { facts: 4, ..Limits::default() };
    let mut inventory = Inventory::new(Wanted::default(), &limits).quiet(true, true);
    let of = |host: i64| Handshake { at: Timestamp::from_parts(host, 0, false), ..handshake("10.0.0.1", &format!("10.0.1.{host}"), 22) };
    let first = of(1);
    let mut open = flow(&first);
    inventory.handshake(&mut open.facts_at, &first, &mut |_| ());
    for host in 2..9 {
        inventory.handshake(&mut flow(&of(host)).facts_at, &of(host), &mut |_| ());
    }
    let at = Timestamp::from_parts(10, 0, false);
    Known::of(&mut open, |known| inventory.step(known, Step::Data, at, &first.frames, &mut |_| ()));
    (open.last_at, open.came_to) = (at, Some(Grade::Data));
    Ended::of(&mut open, |ended| inventory.closed(ended, &mut |_| ()));
    let (ended, mut known) = (inventory.end(), Vec::new());
    ended.each(&mut |fact| known.push((named(fact), fact.known.grade)));
    assert!(known.contains(&("internal 10.0.0.1 10.0.1.1:22".to_owned(), Grade::Data)), "{known:?}");
    assert_eq!(known.len(), 5, "all rows are seen, and the port that follows from them: {known:?}");
}

#[test]
fn what_is_told_late_cites_the_opening_too() {
    let mut inventory = Inventory::new(Wanted { record_at: RecordAt::Data, ..Wanted::default() }, &Limits::default());
    let handshake = handshake("10.0.0.1", "10.0.0.2", 22);
    assert!(told(&mut inventory, &handshake).is_empty());
    let mut flow = flow(&handshake);
    let mut cited = Vec::new();
    for (step, number) in [(Step::Established, 3), (Step::Data, 7)] {
        let frames = Frames::one(FrameId { input: 0, number });
        let mut note = |event: Event<'_>| cited.push(event.evidence.frames.spans().map(|span| span.first).collect::<Vec<_>>());
        Known::of(&mut flow, |known| inventory.step(known, step, handshake.at, &frames, &mut note));
    }
    assert_eq!(cited, [[2, 7], [2, 7], [2, 7]]);
}

#[test]
fn a_grade_is_confirmed_by_the_connection_that_has_it() {
    let mut inventory = Inventory::new(Wanted::default(), &Limits::default());
    let mut confirmed = Vec::new();
    let mut note = |event: Event<'_>| {
        if let EventKind::FactConfirmed(fact, _) = event.kind {
            let frames: Vec<_> = event.evidence.frames.spans().map(|span| span.first).collect();
            confirmed.push((fact.known.grade, frames));
        }
    };
    let handshake = handshake("10.0.0.1", "10.0.0.2", 22);
    let frame = |number| Frames::one(FrameId { input: 0, number });
    let [mut real, mut probe] = [flow(&handshake), flow(&handshake)];
    inventory.handshake(&mut real.facts_at, &handshake, &mut note);
    Known::of(&mut real, |known| inventory.step(known, Step::Established, handshake.at, &frame(3), &mut note));
    inventory.handshake(&mut probe.facts_at, &handshake, &mut note);
    Known::of(&mut probe, |known| inventory.step(known, Step::Probe, handshake.at, &frame(6), &mut note));
    (probe.announced, probe.closing) = (false, frame(6));
    Ended::of(&mut probe, |ended| inventory.closed(ended, &mut note));
    Known::of(&mut real, |known| inventory.step(known, Step::Data, handshake.at, &frame(8), &mut note));
    Ended::of(&mut real, |ended| inventory.closed(ended, &mut note));
    assert_eq!(confirmed, [(Grade::Data, vec![8])]);
}

#[test]
fn a_flood_is_one_record_and_the_real_client_is_seen() {
    let mut inventory = Inventory::new(Wanted::default(), &Limits::default());
    let mut names = Vec::new();
    for number in 0..5000_u32 {
        let client = std::net::Ipv4Addr::from_bits(0x0b00_0000 + number).to_string();
        names.extend(told(&mut inventory, &handshake(&client, "10.0.0.2", 80)));
    }
    assert_eq!(names.iter().filter(|name| name.starts_with("internal")).count(), 1000);
    assert_eq!(names.iter().filter(|name| *name == "flood").count(), 1);
    let real = handshake("10.9.9.9", "10.0.0.2", 80);
    assert!(told(&mut inventory, &real).is_empty(), "only rationed so far");
    let mut flow = flow(&real);
    let mut grades = Vec::new();
    let mut note = |event: Event<'_>| {
        if let EventKind::FactSeen(Fact { relation: Relation::Connection(client, _), known, .. }) = event.kind {
            grades.push((client.to_string(), known.grade, known.syn_seen));
        }
    };
    Known::of(&mut flow, |known| inventory.step(known, Step::Established, real.at, &real.frames, &mut note));
    flow.announced = false;
    Ended::of(&mut flow, |ended| inventory.closed(ended, &mut note));
    assert_eq!(grades, [("10.9.9.9".to_owned(), Grade::Established, true)]);
}

#[test]
fn a_copy_behind_a_router_adds_its_vlan() {
    let mut inventory = Inventory::new(Wanted::default(), &Limits::default());
    let pair = handshake("10.0.0.1", "10.0.0.2", 22);
    let mut flow = flow(&pair);
    inventory.handshake(&mut flow.facts_at, &pair, &mut |_| ());
    let mut behind = VlanStack::default();
    assert!(behind.push(20));
    inventory.copied((flow.client, flow.server), &mut flow.facts_at, behind, pair.at);
    let mut vlans = Vec::new();
    inventory.facts().each(&mut |fact| vlans.push(fact.known.vlans.to_string()));
    assert_eq!(vlans, ["20", "20", "20"]);
}

#[test]
fn counts_are_those_of_the_facts_there_are() {
    let limits = Limits { facts: 16, ..Limits::default() };
    let wanted = Wanted { lifetime: Some(Duration::from_secs(5)), record_at: RecordAt::Established, ..Wanted::default() };
    let mut inventory = Inventory::new(wanted, &limits);
    let mut most = 0;
    for number in 0..200_u32 {
        let at = Timestamp::from_parts(i64::from(number / 3), 0, false);
        let server = if number % 7 == 0 { "2001:db8::1" } else { "10.0.0.2" };
        let handshake = Handshake { at, ..handshake(&format!("10.0.1.{}", number % 11), server, 1 + u16::try_from(number % 3).unwrap()) };
        let mut flow = flow(&handshake);
        inventory.handshake(&mut flow.facts_at, &handshake, &mut |_| ());
        if number % 5 > 0 {
            Known::of(&mut flow, |known| inventory.step(known, Step::Established, at, &handshake.frames, &mut |_| ()));
        }
        let mut counts = [0; 3];
        inventory.facts().each(&mut |fact| {
            counts[match fact.relation {
                Relation::Service(_) => 0,
                Relation::ClientPort(..) => 1,
                Relation::Connection(..) => 2,
            }] += 1;
        });
        assert_eq!(inventory.counts(), counts, "{number}");
        most = most.max(counts.iter().sum::<u64>());
    }
    assert!(most > 10, "{most}");
}

#[test]
fn a_client_port_is_the_sum_of_its_recorded_connections() {
    let mut inventory = Inventory::new(Wanted::default(), &Limits::default());
    let at = |seconds| Timestamp::from_parts(seconds, 0, false);
    let reach = |inventory: &mut Inventory, server: u32, seconds| {
        let server = std::net::Ipv4Addr::from_bits(0x0b00_0000 + server).to_string();
        let handshake = Handshake { at: at(seconds), ..handshake("10.0.0.1", &server, 80) };
        let mut flow = flow(&handshake);
        inventory.handshake(&mut flow.facts_at, &handshake, &mut |_| ());
        flow
    };
    // A scanner: of its services more than a hundred are not recorded.
    let first = reach(&mut inventory, 0, 100);
    (1..200).for_each(|number| _ = reach(&mut inventory, number, 101));
    let mut waits = reach(&mut inventory, 200, 102);
    (waits.last_at, waits.announced) = (at(103), false);
    Known::of(&mut waits, |known| inventory.step(known, Step::Probe, at(103), &first.opening, &mut |_| ()));
    Ended::of(&mut waits, |ended| inventory.closed(ended, &mut |_| ()));
    // The clock went back, and a connection that is recorded came before all others.
    let again = Handshake { at: at(99), ..handshake("10.0.0.1", &first.server.ip.to_string(), 80) };
    inventory.handshake(&mut flow(&again).facts_at, &again, &mut |_| ());
    let (mut port, mut sum) = (None, (at(1000), at(0), 0, Grade::SynAckOnly));
    inventory.facts().each(&mut |fact| {
        let Fact { known: crate::fact::Known { first_at, last_at, handshakes, grade, .. }, .. } = *fact;
        match fact.relation {
            Relation::ClientPort(..) => port = Some((first_at, last_at, handshakes, grade)),
            Relation::Connection(..) => sum = (sum.0.min(first_at), sum.1.max(last_at), sum.2 + handshakes, sum.3.max(grade)),
            Relation::Service(_) => {}
        }
    });
    assert_eq!(port, Some((at(99), at(101), 101, Grade::SynAck)));
    assert_eq!(port, Some(sum));
}
