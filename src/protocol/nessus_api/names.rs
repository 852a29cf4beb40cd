//! Which names tell that their value is a secret: of headers, of keys in JSON, of a query or a form. In doubt one does.

/// Letters in a row, in a name without everything but letters and digits, that make its value a secret.
///
/// # Wire
///
/// [spec nessus-http-api] 3, and what is called like it.
const INSIDE: [&[u8]; 24] = [
    b"passw",
    b"passphrase",
    b"passcode",
    b"pwd",
    b"secret",
    b"token",
    b"privatekey",
    b"privkey",
    b"authkey",
    b"accesskey",
    b"apikey",
    b"sshkey",
    b"credential",
    b"community",
    b"cookie",
    b"session",
    b"authorization",
    b"activationcode",
    b"bearer",
    b"ntlm",
    b"lmhash",
    b"nthash",
    b"onetime",
    b"signature",
];

/// Words that do: as words of their own, since other names hold their letters, too.
const WORDS: [&[u8]; 15] =
    [b"pass", b"pw", b"pin", b"otp", b"totp", b"mfa", b"sid", b"auth", b"xauth", b"key", b"keys", b"hash", b"jwt", b"sig", b"salt"];

/// What the last letters of a word may be that do: `dbpass`.
const ENDINGS: [&[u8]; 2] = [b"pass", b"pw"];

/// Whether the value of this name is a secret.
pub(super) fn is_secret_key(name: &[u8]) -> bool {
    let squashed: Vec<u8> = name.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
    INSIDE.iter().any(|inside| memchr::memmem::find(&squashed, inside).is_some())
        || words(name).any(|word| WORDS.contains(&&*word) || ENDINGS.iter().any(|ending| word.ends_with(ending)))
}

/// Whether the value of this name is what is set for something that another member names: a password, maybe.
///
/// # Wire
///
/// [spec nessus-http-api] 3: `{"id":"password","default":…}` of an editor. [guess] `{"name":"Password","value":…}`.
pub(super) fn is_setting(name: &[u8]) -> bool {
    words(name).last().is_some_and(|word| matches!(&*word, b"value" | b"values")) || name.eq_ignore_ascii_case(b"default")
}

/// Whether the items of a list of a request, of this name, are no secrets.
///
/// # Wire
///
/// [spec nessus-http-api] 2
pub(super) fn is_plain_list(name: &str) -> bool {
    matches!(name, "alt_targets" | "deleted" | "ids" | "targets" | "text_targets")
}

/// A key with escapes in it, which may hide a word that tells a secret.
pub(super) fn unescaped(text: &[u8]) -> String {
    let quoted = [b"\"", text, b"\""].concat();
    serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(text).into_owned())
}

/// The words of a name in lower case: `ssh_key`, `sshKey` and `SSHKey` have two.
fn words(name: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut words = vec![Vec::new()];
    for (at, byte) in name.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| name.get(at)).copied().unwrap_or(b' ');
        let behind = at.checked_add(1).and_then(|at| name.get(at)).copied().unwrap_or(b' ');
        let begins = byte.is_ascii_uppercase() && (!before.is_ascii_uppercase() || behind.is_ascii_lowercase());
        if begins || !byte.is_ascii_alphabetic() {
            words.push(Vec::new());
        }
        if byte.is_ascii_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.push(byte.to_ascii_lowercase());
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_secrets() {
        for name in "password escalation_password Passphrase private_key secretKey accessKey temp_token pass smtp_pass login_pass dbpass \
            passcode pw pin otp session sessionId sid cookie authorization auth x-auth key ssh_key SSHKey privkey private-key ntlm_hash \
            jwt bearer activation_code pass-word password1 password[] Passwort pass2"
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

    #[test]
    fn what_is_set_is_told_by_its_name() {
        for name in ["value", "default", "Default", "selectedValue", "preference_values"] {
            assert!(is_setting(name.as_bytes()), "{name}");
        }
        for name in ["default_tag", "default_permissions", "valued", "name"] {
            assert!(!is_setting(name.as_bytes()), "{name}");
        }
    }
}
