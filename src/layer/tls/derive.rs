//! From what a run of the handshake says, and the secrets there are, to the ciphers of both directions; or why not.

use super::hash::prf;
use super::hash::ssl3;
use super::keylog::Label;
use super::opener;
use super::opener::Opener;
use super::phases::Secret;
use super::phases::Secrets;
use super::run::Run;
use super::store::Earlier;
use super::store::Keys;
use super::suite::Algorithm;
use super::suite::Exchange;
use super::suite::Hash;
use super::suite::Suite;
use super::suite::suite;
use crate::secured::Closed;
use crate::secured::KeySource;

/// Bytes of a master secret.
const MASTER_BYTES: usize = 48;

/// Makes the ciphers of a run of TLS 1.2 or older, and remembers the session for those that resume it.
///
/// # Errors
///
/// Why it cannot.
pub(super) fn derive(run: &mut Run, keys: &mut Keys) -> Result<KeySource, Closed> {
    let found = master(run, keys);
    let names: Vec<Vec<u8>> = names(run).into_iter().collect();
    let (master, source) = match found {
        Ok(found) => found,
        Err(why) => {
            for name in &names {
                keys.remember(name, Earlier::Closed);
            }
            return Err(why);
        }
    };
    for name in &names {
        keys.remember(name, Earlier::Open(master.clone()));
    }
    run.openers = openers(run, &master).ok_or(Closed::SuiteUnsupported)?;
    run.master = Some(master);
    run.forget();
    Ok(source)
}

/// What later sessions may call this one.
fn names(run: &Run) -> Vec<Vec<u8>> {
    let id = run.server.as_ref().map(|server| server.session_id.clone()).filter(|id| !id.is_empty());
    id.into_iter().chain(run.ticket.clone()).collect()
}

/// The missing parts of a handshake.
fn missing(run: &Run) -> Closed {
    if run.lost { Closed::HandshakeLostBytes } else { Closed::HandshakeMissing }
}

/// The hash that derives keys; none before TLS 1.2.
fn hash(run: &Run, suite: &Suite) -> Option<Hash> {
    (run.minor() >= Some(3)).then_some(suite.prf)
}

/// The master secret, and where it is from.
fn master(run: &Run, keys: &mut Keys) -> Result<(Secret, KeySource), Closed> {
    let (Some(client), Some(server)) = (&run.client, &run.server) else { return Err(missing(run)) };
    let suite = suite(server.suite).ok_or(Closed::SuiteUnsupported)?;
    if keys.knows(&client.random) {
        if let Some(found) = keys.secret(&client.random, Label::Master) {
            return Ok((found.secret, found.source));
        }
        if let Some(found) = keys.secret(&client.random, Label::Premaster) {
            return Ok((from_premaster(run, suite, &found.secret)?, found.source));
        }
    }
    if !run.done && !run.exchanged() {
        return resumed(run, keys);
    }
    if suite.exchange == Exchange::Agreed {
        return Err(Closed::EphemeralKx);
    }
    let sealed = run.sealed.as_ref().ok_or_else(|| missing(run))?;
    if let Some(found) = keys.sealed(sealed) {
        return Ok((from_premaster(run, suite, &found.secret)?, found.source));
    }
    if let Some(premaster) = keys.premaster(sealed, run.modulus.as_deref()) {
        return Ok((from_premaster(run, suite, &premaster)?, KeySource::RsaKey));
    }
    Err(if keys.has_private() { Closed::KeyNotThisCert } else { Closed::NoKeyRsa })
}

/// The master secret of the session that is resumed.
fn resumed(run: &Run, keys: &Keys) -> Result<(Secret, KeySource), Closed> {
    let (Some(client), Some(server)) = (&run.client, &run.server) else { return Err(missing(run)) };
    let id = Some(&server.session_id).filter(|id| !id.is_empty() && **id == client.session_id);
    let recalled: Vec<Earlier> = id.into_iter().chain(&client.ticket).filter_map(|name| keys.recall(name)).collect();
    let open = recalled.iter().find_map(|earlier| if let Earlier::Open(master) = earlier { Some(master.clone()) } else { None });
    match open {
        Some(master) => Ok((master, KeySource::EarlierSession)),
        None if run.lost => Err(Closed::HandshakeLostBytes),
        None if recalled.is_empty() => Err(Closed::ResumedFirstUnknown),
        None => Err(Closed::ResumedFirstClosed),
    }
}

/// The master secret of a premaster secret.
///
/// # Wire
///
/// [spec] RFC 5246 8.1, RFC 7627 4, RFC 6101 6.1.
fn from_premaster(run: &Run, suite: &Suite, premaster: &[u8]) -> Result<Secret, Closed> {
    let (Some(client), Some(server)) = (&run.client, &run.server) else { return Err(missing(run)) };
    if run.minor() == Some(0) {
        return Ok(ssl3(premaster, &[&client.random, &server.random], MASTER_BYTES));
    }
    let hash = hash(run, suite);
    if server.extended_master_secret {
        if run.lost {
            return Err(Closed::HandshakeLostBytes);
        }
        return Ok(prf(hash, premaster, b"extended master secret", &[&run.session_hash(hash)], MASTER_BYTES));
    }
    Ok(prf(hash, premaster, b"master secret", &[&client.random, &server.random], MASTER_BYTES))
}

/// The ciphers of client and server.
///
/// # Wire
///
/// [spec] RFC 5246 6.3: MAC keys, keys, initialization vectors, the client's first.
fn openers(run: &Run, master: &[u8]) -> Option<[Option<Opener>; 2]> {
    let (client, server) = (run.client.as_ref()?, run.server.as_ref()?);
    let suite = suite(server.suite)?;
    let minor = run.minor()?;
    let tagged = matches!(suite.algorithm, Algorithm::AesGcm(_) | Algorithm::AesCcm(..) | Algorithm::ChaCha20);
    let mac = if tagged { 0 } else { suite.mac.len() };
    let lens = [mac, suite.algorithm.key_bytes(), suite.algorithm.iv_bytes()];
    let len = lens.iter().fold(0_usize, |sum, len| sum.saturating_add(len.saturating_mul(2)));
    let seed: [&[u8]; 2] = [&server.random, &client.random];
    let block = if minor == 0 { ssl3(master, &seed, len) } else { prf(hash(run, suite), master, b"key expansion", &seed, len) };
    let mut rest = block.as_slice();
    let mut next = |len: usize| {
        let (taken, left) = rest.split_at_checked(len)?;
        rest = left;
        Some(Secret::new(taken.to_vec()))
    };
    let [mac, key, iv] = lens.map(|len| Some((next(len)?, next(len)?)));
    let ((client_mac, server_mac), (client_key, server_key), (client_iv, server_iv)) = (mac?, key?, iv?);
    let opener = |mac, key, iv| Opener::new(suite, minor, server.encrypt_then_mac, opener::Keys { mac, key, iv });
    Some([Some(opener(client_mac, client_key, client_iv)?), Some(opener(server_mac, server_key, server_iv)?)])
}

/// The traffic secrets of both directions of TLS 1.3, and where they are from.
///
/// # Errors
///
/// Why there are none.
pub(super) fn traffic(run: &Run, keys: &mut Keys) -> Result<([Secrets; 2], KeySource), Closed> {
    let client = run.client.as_ref().ok_or_else(|| missing(run))?;
    if !keys.knows(&client.random) {
        return Err(Closed::Tls13NoSecrets);
    }
    let mut source = None;
    let mut secret = |label| {
        let found = keys.secret(&client.random, label)?;
        source = source.or(Some(found.source));
        Some(found.secret)
    };
    let handshakes = [secret(Label::HandshakeClient), secret(Label::HandshakeServer)];
    let applications = [secret(Label::ApplicationClient), secret(Label::ApplicationServer)];
    let early = secret(Label::EarlyClient);
    let ([client_handshake, server_handshake], [client_application, server_application]) = (handshakes, applications);
    let source = source.ok_or(Closed::Tls13NoSecrets)?;
    Ok(([[early, client_handshake, client_application], [None, server_handshake, server_application]], source))
}
