//! What TLS is opened with: the files the user named, and what the captures bring along.

use crate::cli::keys::KeyFiles;
use ntp_sniff::capture::files::search;
use ntp_sniff::capture::secrets::Inbox;
use ntp_sniff::error::Error;
use ntp_sniff::layer::Keys;
use ntp_sniff::limits::Limits;
use std::path::Path;
use std::path::PathBuf;

/// Reads the files. Where an input cannot be read twice, secrets that come with it go through the inbox that is given back; those of all
/// other inputs are searched for when a session needs them. An interface has no files to `read`.
///
/// # Errors
///
/// [`Error::Keys`]
pub(crate) fn open(
    files: &KeyFiles,
    read: &[PathBuf],
    limits: &Limits,
    remark: &mut dyn FnMut(&str),
) -> Result<(Keys, Option<Inbox>), Error> {
    let pipe = read.iter().any(|path| path == Path::new("-") || !path.is_file());
    let (keys, remarks) = Keys::open(&files.keylog, &files.rsa_key, pipe || read.is_empty(), limits)?;
    for text in &remarks {
        remark(text);
    }
    let (inbox, captures, bounds) = (Inbox::default(), read.to_vec(), limits.clone());
    let keys = keys.from_capture(limits, &inbox, Some(Box::new(move || search(&captures, &bounds))));
    Ok((keys, pipe.then_some(inbox)))
}
