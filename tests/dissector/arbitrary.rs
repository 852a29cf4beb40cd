//! Descriptions of any content: names, texts and numbers that nobody would write, as a hostile capture or document would have them.

use ntp_sniff::annotation::Role;
use ntp_sniff::grammar::LengthForm;
use ntp_sniff::grammar::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// Text that would like to be program.
pub(crate) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z_]{0,8}",
        any::<String>(),
        Just("\"]]..os.execute(\"touch /nowhere\")--".to_owned()),
        Just("]]\nos.exit()\n--[[".to_owned()),
        Just("\" ]; evil [label=\"\\".to_owned()),
        Just("x: !!js/function 'y'\n- *a # {{".to_owned()),
        Just("*/ evil(); /* \"\"\" \\u0022 \u{2028}\u{202e}".to_owned()),
        Just("\\".to_owned()),
        Just("class".to_owned()),
        Just("end".to_owned()),
        Just("<TABLE>&lt;\u{0}\u{1b}[31m".to_owned()),
    ]
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![4 => "f[1-4]", 4 => "mt[1-4]", 1 => text()]
}

fn hex() -> impl Strategy<Value = String> {
    prop_oneof![4 => "([0-9a-f]{2}){0,6}", 1 => text()]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..20, 1 => any::<u64>()]
}

fn kind() -> impl Strategy<Value = Kind> {
    let kinds = [
        Kind::Length,
        Kind::String,
        Kind::Address,
        Kind::Enum,
        Kind::TypeCode,
        Kind::Prompt,
        Kind::NumberText,
        Kind::Opaque,
        Kind::Terminator,
    ];
    prop::sample::select(kinds.to_vec())
}

fn location() -> impl Strategy<Value = Location> {
    prop_oneof![
        (number(), number()).prop_map(|(offset, size)| Location::Bytes { offset, size }),
        (number(), number()).prop_map(|(offset_bits, size_bits)| Location::Bits { offset_bits, size_bits }),
        number().prop_map(|column| Location::Column { column }),
        (of(id()), of(number()), of(id()), of(hex()), any::<bool>()).prop_map(|(after, size, size_from, until, to_end)| Location::After {
            after,
            size,
            size_from,
            until,
            to_end
        }),
    ]
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![any::<i64>().prop_map(Scalar::Number), (0_i64..9).prop_map(Scalar::Number), hex().prop_map(Scalar::Text)]
}

fn order() -> impl Strategy<Value = Option<ByteOrder>> {
    prop::sample::select(vec![None, Some(ByteOrder::Big), Some(ByteOrder::Little)])
}

fn inside() -> impl Strategy<Value = Inside> {
    let order = prop::sample::select(vec![ByteOrder::Big, ByteOrder::Little]);
    prop_oneof![
        Just(Inside::Labels),
        Just(Inside::Deltas),
        Just(Inside::Words),
        hex().prop_map(|until| Inside::Texts { until }),
        (number(), number(), number(), order, any::<bool>(), vec(any::<u8>(), 0..3)).prop_map(
            |(tag_size, aligned_to, length_size, byte_order, whole, nested)| Inside::Tagged {
                tag_size,
                aligned_to,
                length_size,
                byte_order,
                whole,
                nested
            }
        ),
    ]
}

fn field() -> impl Strategy<Value = Field> {
    let values = vec((scalar(), 1_u64..3).prop_map(|(value, count)| ValueCount { value, count }), 0..3);
    let role = prop::sample::select(vec![Role::Control, Role::Keyword, Role::Data, Role::Unknown]);
    (id(), text(), role, kind(), location(), (order(), of(inside())), values).prop_map(
        |(id, name, role, kind, location, (byte_order, inside), values)| Field {
            id,
            name,
            role,
            kind,
            location,
            inside,
            byte_order,
            values,
            range: None,
            optional: false,
            confidence: Share::ALL,
            evidence: Vec::new(),
        },
    )
}

fn side() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), Just(Some("client".to_owned())), Just(Some("server".to_owned())), text().prop_map(Some)]
}

fn message_type() -> impl Strategy<Value = MessageType> {
    let matched = (id(), scalar(), of(any::<u64>())).prop_map(|(field, equals, mask)| Match { field, equals, mask });
    let length = (number(), number()).prop_map(|(min, max)| MessageLength { min, max });
    (id(), text(), side(), of(text()), vec(matched, 0..3), length, vec(field(), 0..5)).prop_map(
        |(id, name, direction, template, matches, length, fields)| MessageType {
            id,
            name,
            direction,
            count: 1,
            sessions: 1,
            template,
            matches,
            length,
            fields,
            examples: Vec::new(),
            confidence: Share::ALL,
            evidence: Vec::new(),
            sentence: None,
        },
    )
}

fn framing() -> impl Strategy<Value = Framing> {
    let kinds = vec![
        FramingKind::Terminator,
        FramingKind::LengthPrefix,
        FramingKind::Fixed,
        FramingKind::Datagram,
        FramingKind::Tlv,
        FramingKind::Http,
        FramingKind::Unknown,
    ];
    let addend = of(prop_oneof![-9_i64..9, any::<i64>()]);
    (prop::sample::select(kinds), of(hex()), of(location()), (order(), of(Just(LengthForm::Ber))), addend, of(number()), vec(id(), 0..4))
        .prop_map(|(kind, terminator, length_field, (byte_order, length_form), length_addend, size, exceptions)| Framing {
            kind,
            terminator,
            length_field,
            length_form,
            byte_order,
            length_addend,
            size,
            exceptions,
            ..Framing::default()
        })
}

fn machine() -> impl Strategy<Value = StateMachine> {
    let state = (text(), any::<bool>()).prop_map(|(id, is_final)| State { id, is_final, visits: 1 });
    let step = (text(), text(), id()).prop_map(|(from, to, on)| Transition { from, to, on, count: 1, sessions: 1 });
    (text(), vec(state, 0..4), vec(step, 0..4)).prop_map(|(initial, states, transitions)| StateMachine {
        algorithm: String::new(),
        initial,
        states,
        transitions,
        training_sessions: 1,
        held_out_acceptance: None,
    })
}

fn grammar() -> impl Strategy<Value = Grammar> {
    let level = prop::sample::select(vec![Level::Field, Level::List]);
    let pattern = (hex(), text(), side(), level).prop_map(|(hex, text, direction, level)| BytePattern {
        hex,
        text,
        count: 1,
        support: Share::ALL,
        level,
        direction,
    });
    (framing(), of(framing()), vec(pattern, 0..3), vec(field(), 0..4), vec(message_type(), 0..5), of(machine())).prop_map(
        |(framing, server_framing, delimiters, header_fields, message_types, state_machine)| Grammar {
            framing,
            server_framing,
            delimiters,
            header_fields,
            message_types,
            state_machine,
            ..Grammar::default()
        },
    )
}

/// Any description.
pub(crate) fn description() -> impl Strategy<Value = Description> {
    let encoding = prop::sample::select(vec![Encoding::Text, Encoding::Binary, Encoding::Mixed]);
    let transport = prop::sample::select(vec!["tcp", "udp"]);
    let named = (text(), of(text()));
    (named, transport, vec(any::<u16>(), 0..3), encoding, grammar()).prop_map(|(named, transport, server_ports, encoding, grammar)| {
        let (id, known_as) = named;
        Description {
            id,
            known_as,
            transport: transport.to_owned(),
            server_ports,
            encoding,
            client_encoding: None,
            server_encoding: None,
            encryption: None,
            summary: String::new(),
            evidence: Vec::new(),
            grammar,
            limitations: Vec::new(),
        }
    })
}
