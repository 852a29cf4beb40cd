//! A document whose every text is hostile is the page that a tame one is.

use super::page::Html;
use crate::annotation::Role;
use crate::grammar::BytePattern;
use crate::grammar::Description;
use crate::grammar::Encoding;
use crate::grammar::Exchange;
use crate::grammar::Field;
use crate::grammar::Grammar;
use crate::grammar::Ground;
use crate::grammar::Keyword;
use crate::grammar::Kind;
use crate::grammar::Level;
use crate::grammar::Limitation;
use crate::grammar::LimitationCode;
use crate::grammar::Location;
use crate::grammar::Match;
use crate::grammar::MessageType;
use crate::grammar::Relation;
use crate::grammar::RelationKind;
use crate::grammar::Scalar;
use crate::grammar::Share;
use crate::grammar::State;
use crate::grammar::StateMachine;
use crate::grammar::Transition;
use crate::grammar::ValueCount;
use crate::report::document::Writer;
use crate::report::document::ends::head;
use crate::report::document::model::Anomaly;
use crate::report::document::model::Connection;
use crate::report::document::model::Document;
use crate::report::document::model::Endpoint;
use crate::report::document::model::FrameRange;
use crate::report::document::model::RedactionPolicy;
use crate::report::document::model::Serving;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;

/// A writer whose bytes can be looked at.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<Vec<u8>>>);

impl io::Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn ground(word: &str) -> Vec<Ground> {
    let (word, counterexamples) = (word.to_owned(), vec![word.to_owned()]);
    vec![Ground { detector: word.clone(), statement: word, score: Some(Share::ALL), messages: None, sessions: None, counterexamples }]
}

fn field(word: &str) -> Field {
    Field {
        id: word.to_owned(),
        name: word.to_owned(),
        role: Role::Data,
        kind: Kind::Enum,
        location: Location::After {
            after: Some(word.to_owned()),
            size: None,
            size_from: Some(word.to_owned()),
            until: Some(word.to_owned()),
            to_end: true,
        },
        inside: None,
        byte_order: None,
        values: vec![ValueCount { value: Scalar::Text(word.to_owned()), count: 1 }],
        range: None,
        optional: true,
        confidence: Share::ALL,
        evidence: ground(word),
    }
}

fn message_type(word: &str) -> MessageType {
    MessageType {
        id: word.to_owned(),
        name: word.to_owned(),
        direction: Some(word.to_owned()),
        count: 1,
        sessions: 1,
        template: Some(word.to_owned()),
        matches: vec![Match { field: word.to_owned(), equals: Scalar::Text(word.to_owned()), mask: None }],
        length: crate::grammar::MessageLength { min: 1, max: 2 },
        fields: vec![field(word)],
        examples: vec![word.to_owned()],
        confidence: Share::ALL,
        evidence: ground(word),
        sentence: Some(word.to_owned()),
    }
}

fn grammar(word: &str) -> Grammar {
    let text = || word.to_owned();
    let pattern = BytePattern { hex: text(), text: text(), count: 1, support: Share::ALL, level: Level::Field, direction: Some(text()) };
    let state = |id: &str| State { id: id.to_owned(), is_final: true, visits: 1 };
    Grammar {
        terminators: vec![pattern.clone()],
        delimiters: vec![pattern],
        keywords: vec![Keyword {
            text: text(),
            hex: text(),
            kind: Kind::Command,
            direction: Some(text()),
            column: None,
            count: 1,
            sessions: 1,
            refused: true,
        }],
        header_fields: vec![field(word)],
        message_types: vec![message_type(word)],
        relations: vec![Relation {
            kind: RelationKind::Echoes,
            from: text(),
            to: vec![text()],
            addend: None,
            algorithm: None,
            support: 1,
            violations: 0,
            statement: text(),
        }],
        exchanges: vec![Exchange {
            request: text(),
            response: text(),
            count: 1,
            probability: Share::ALL,
            correlated_by: Some(text()),
            median_delay: Some(text()),
        }],
        state_machine: Some(StateMachine {
            algorithm: text(),
            initial: text(),
            states: vec![state(word), state("q1")],
            transitions: vec![Transition { from: text(), to: "q1".to_owned(), on: text(), count: 1, sessions: 1 }],
            training_sessions: 1,
            held_out_acceptance: Some(Share::ALL),
        }),
        ..Grammar::default()
    }
}

/// A document in which every text is this word.
fn document(word: &str) -> Document {
    let text = || word.to_owned();
    let limitations = vec![Limitation { code: LimitationCode::Other, text: text() }];
    let server = Endpoint { ip: text(), port: 1 };
    Document {
        protocols: vec![Description {
            id: text(),
            known_as: Some(text()),
            transport: text(),
            server_ports: vec![1],
            encoding: Encoding::Text,
            client_encoding: None,
            server_encoding: None,
            encryption: None,
            summary: text(),
            evidence: ground(word),
            grammar: grammar(word),
            limitations: limitations.clone(),
        }],
        services: vec![Serving { server: server.clone(), transport: text(), grade: text(), port_name: Some(text()), handshakes: 1 }],
        connections: vec![Connection {
            client_ip: "192.0.2.1".to_owned(),
            server,
            transport: text(),
            grade: text(),
            first_seen: text(),
            last_seen: text(),
            handshakes: 1,
        }],
        stories: vec![serde_json::json!({ "event": word, "at": word, "sentence": word, "name": word, "pieces": [word] })],
        anomalies: vec![Anomaly {
            name: text(),
            time: text(),
            session: Some(text()),
            sentence: text(),
            frames: vec![FrameRange { input: text(), first: 1, last: 2 }],
        }],
        limitations,
        ..head(RedactionPolicy::None)
    }
}

/// The page of such a document.
fn page(word: &str) -> String {
    let out = Shared::default();
    let mut html = Html::new(Box::new(out.clone()));
    let document = document(word);
    html.begin(&document).unwrap();
    html.finish(&document).unwrap();
    let bytes = out.0.borrow().clone();
    String::from_utf8(bytes).unwrap()
}

/// Names of elements and attributes in order: what a page is made of, without what it says.
fn skeleton(page: &str) -> Vec<String> {
    let body = page.split_once("</style>").unwrap().1.split_once("<script>").unwrap().0;
    let tags = body.split('<').skip(1).map(|tag| tag.split_once('>').expect("the end of a tag").0);
    tags.map(|tag| tag.split('"').step_by(2).collect::<Vec<_>>().join("\"")).collect()
}

#[test]
fn no_text_of_a_document_is_markup() {
    let tame = skeleton(&page("word"));
    assert!(tame.len() > 300, "everything is shown: {}", tame.len());
    for nasty in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='x' y=\"z",
        "</title></style></svg><b>",
        "a\u{202e}b\u{0}\x1b[31m\r\n<!--",
        "{{ 7 }}{% if %}`&lt;&#60;",
        "javascript:alert(1)",
    ] {
        let page = page(nasty);
        assert_eq!(skeleton(&page), tame, "{nasty:?}");
        assert!(!page.chars().any(|letter| letter == '\u{202e}' || (letter.is_control() && letter != '\n')), "{nasty:?} is visible");
    }
}

#[test]
fn a_document_of_endless_texts_is_bounded() {
    let page = page(&"<&\u{202e}'\"".repeat(20_000));
    assert!(page.len() < 200_000, "{} bytes", page.len());
}

#[test]
fn an_empty_document_is_a_page() {
    let out = Shared::default();
    let mut html = Html::new(Box::new(out.clone()));
    html.finish(&head(RedactionPolicy::Credentials)).unwrap();
    let page = String::from_utf8(out.0.borrow().clone()).unwrap();
    assert!(page.contains("No session was read.") && page.contains("Nobody was seen to serve."));
}
