//! Which names tell that their value is a secret, in any protocol: of headers, of keys in JSON, of a query, a form or an element. In doubt
//! one does.

/// Letters in a row that name a secret wherever they stand: in the name of a value, of which only letters and digits count, and in prose.
pub(in crate::protocol) const NAMES: [&[u8]; 12] = [
    b"pwd",
    b"secret",
    b"token",
    b"apikey",
    b"accesskey",
    b"credential",
    b"community",
    b"cookie",
    // As some say it elsewhere.
    b"kennwort",
    b"contrase",
    b"wachtwoord",
    b"parola",
];

/// Words that do, as words of their own: other names hold their letters, too.
pub(in crate::protocol) const WORDS: [&[u8]; 6] = [b"pw", b"psk", b"pin", b"otp", b"totp", b"jwt"];

/// Letters in a row that do in the name of a value, while prose says them of other things.
///
/// # Wire
///
/// [spec nessus-http-api] 3, and what is called like it.
const INSIDE: [&[u8]; 19] = [
    b"passw",
    b"passphrase",
    b"passcode",
    b"privatekey",
    b"privkey",
    b"authkey",
    b"sshkey",
    b"session",
    b"authorization",
    b"activationcode",
    b"bearer",
    b"ntlm",
    b"lmhash",
    b"nthash",
    b"onetime",
    b"signature",
    b"passkey",
    b"masterkey",
    b"encryptionkey",
];

/// Words of the name of a value that do.
const KEY_WORDS: [&[u8]; 10] = [b"pass", b"mfa", b"sid", b"auth", b"xauth", b"key", b"keys", b"hash", b"sig", b"salt"];

/// What the last letters of a word may be that do: `dbpass`.
const ENDINGS: [&[u8]; 2] = [b"pass", b"pw"];

/// Longest name whose letters are looked at without memory of their own.
const USUAL_BYTES: usize = 64;

/// Whether the value of this name is a secret.
pub(in crate::protocol) fn is_secret_key(name: &[u8]) -> bool {
    let letters = || name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
    let mut usual = [0_u8; USUAL_BYTES];
    let inside = if name.len() <= USUAL_BYTES {
        let count = usual.iter_mut().zip(letters()).map(|(place, letter)| *place = letter).count();
        tells_inside(usual.get(..count).unwrap_or_default())
    } else {
        tells_inside(&letters().collect::<Vec<_>>())
    };
    let is_one = |word: &[u8]| WORDS.iter().chain(&KEY_WORDS).any(|secret| word.eq_ignore_ascii_case(secret));
    inside || words(name).any(|word| is_one(word) || ENDINGS.iter().any(|end| ends(word, end)))
}

/// Whether one of [`NAMES`] or [`INSIDE`] is in these letters: of each place the first letter says which of them it may be, mostly none.
fn tells_inside(letters: &[u8]) -> bool {
    (0..letters.len()).filter_map(|at| letters.get(at..)).any(|rest| match rest.first() {
        Some(first @ (b'a' | b'b' | b'c' | b'e' | b'k' | b'l' | b'm' | b'n' | b'o' | b'p' | b's' | b't' | b'w')) => {
            let begins = |inside: &&[u8]| inside.first() == Some(first) && rest.starts_with(inside);
            NAMES.iter().any(begins) || INSIDE.iter().any(begins)
        }
        _ => false,
    })
}

/// Whether a word ends so, in letters of any case.
fn ends(word: &[u8], ending: &[u8]) -> bool {
    word.len().checked_sub(ending.len()).and_then(|at| word.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

/// The words of a name: `ssh_key`, `sshKey` and `SSHKey` have two.
pub(in crate::protocol) fn words(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = name;
    std::iter::from_fn(move || {
        let first = rest.iter().position(u8::is_ascii_alphabetic)?;
        let word = rest.get(first..)?;
        let len = (1..word.len()).find(|at| !word.get(*at).is_some_and(u8::is_ascii_alphabetic) || begins(word, *at)).unwrap_or(word.len());
        let (word, behind) = word.split_at_checked(len)?;
        rest = behind;
        Some(word)
    })
}

/// Whether a word begins at this letter, which has one before it.
fn begins(letters: &[u8], at: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| letters.get(at)).copied().unwrap_or(b' ');
    let (before, here, behind) = (letter(at.checked_sub(1)), letter(Some(at)), letter(at.checked_add(1)));
    here.is_ascii_uppercase() && (!before.is_ascii_uppercase() || behind.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_secrets() {
        for name in "password escalation_password Passphrase private_key secretKey accessKey temp_token pass smtp_pass login_pass dbpass \
            passcode pw pin otp session sessionId sid cookie authorization auth x-auth key ssh_key SSHKey privkey private-key ntlm_hash \
            jwt bearer activation_code pass-word password1 password[] Passwort pass2 kennwort contrasena wachtwoord parola"
            .split_whitespace()
            .chain(["pass word"])
        {
            assert!(is_secret_key(name.as_bytes()), "{name}");
        }
        for name in "user_permissions username name text_targets folder_id uuid plugin_id plugins ping_the_remote_host keyword monkey \
            inside compliance status template scanner_id numchecksconsidered"
            .split_whitespace()
        {
            assert!(!is_secret_key(name.as_bytes()), "{name}");
        }
    }
}
