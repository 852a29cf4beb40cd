//! The state file: facts that outlive the run, in an `SQLite` database that other programs may read meanwhile.
//!
//! # Schema
//!
//! One row of table `fact` for each relation; `facts` is a view of it with times for people.
//!
//! | column | what |
//! |---|---|
//! | `kind` | `service`, `client_port`, `connection` |
//! | `transport` | `tcp` |
//! | `client`, `server` | addresses in RFC 5952 form; empty where the kind has none |
//! | `port` | the server's |
//! | `direction` | `internal`, `inbound`, `outbound`; of connections only |
//! | `grade`, `syn_seen`, `handshakes` | as in the records |
//! | `first_seen_ns`, `last_seen_ns` | nanoseconds since the Unix epoch, UTC (in `facts`: `first_seen`, `last_seen` as text) |
//! | `vlans` | stacks separated by commas, the tags of one by points, outermost first: `10,100.20` |
//! | `told`, `confirmed` | the grade the fact was logged with, and whether its final grade was logged |
//!
//! `PRAGMA application_id` is 0x6e747073, `PRAGMA user_version` the version of this schema, 1.

mod row;

use super::table::Store;
use crate::error::Error;
use crate::fact::Fact;
use crate::fact::Relation;
use crate::inventory::Entry;
use rusqlite::Connection;
use rusqlite::OpenFlags;
use rusqlite::OptionalExtension as _;
use std::fs::File;
use std::fs::TryLockError;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// `ntps`, so that nobody else's database is taken for a state file.
const APPLICATION: i64 = 0x6e74_7073;
/// The version of the schema.
const VERSION: i64 = 1;
/// How long a reader may hold us up; readers of a write-ahead log never do for long.
const PATIENCE: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
CREATE TABLE fact (
  kind TEXT NOT NULL, transport TEXT NOT NULL, client TEXT NOT NULL, server TEXT NOT NULL, port INTEGER NOT NULL,
  direction TEXT, grade TEXT NOT NULL, syn_seen INTEGER NOT NULL,
  first_seen_ns INTEGER NOT NULL, last_seen_ns INTEGER NOT NULL, handshakes INTEGER NOT NULL,
  vlans TEXT NOT NULL, told TEXT, confirmed INTEGER NOT NULL,
  PRIMARY KEY (kind, transport, client, server, port)
) WITHOUT ROWID, STRICT;
CREATE VIEW facts AS SELECT kind, transport, client, server, port, direction, grade, syn_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ', first_seen_ns / 1e9, 'unixepoch') AS first_seen,
  strftime('%Y-%m-%dT%H:%M:%fZ', last_seen_ns / 1e9, 'unixepoch') AS last_seen,
  handshakes, vlans FROM fact WHERE told IS NOT NULL;
";

const FIND: &str = "
SELECT kind, client, server, port, direction, grade, syn_seen, first_seen_ns, last_seen_ns, handshakes, vlans, told, confirmed
FROM fact WHERE kind = ?1 AND transport = 'tcp' AND client = ?2 AND server = ?3 AND port = ?4";

const ALL: &str = "
SELECT kind, client, server, port, direction, grade, syn_seen, first_seen_ns, last_seen_ns, handshakes, vlans, told, confirmed
FROM fact WHERE transport = 'tcp' AND told IS NOT NULL ORDER BY kind, client, server, port";

const SAVE: &str = "
INSERT OR REPLACE INTO fact
  (kind, transport, client, server, port, direction, grade, syn_seen, first_seen_ns, last_seen_ns, handshakes, vlans, told, confirmed)
VALUES (?1, 'tcp', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// An open state file. Others may read it; a second run has to wait for its turn.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    database: Connection,
    /// Held as long as the database is open, and closed after it: closing any handle of the file would undo the locks of `SQLite` itself.
    _turn: File,
}

impl State {
    /// Opens a state file, or makes it.
    ///
    /// # Errors
    ///
    /// [`Error::State`]: it cannot be read or written, is something else, of a newer version, or in use by another run.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let turn = File::options().read(true).append(true).create(true).open(path).map_err(|error| failed(path, "cannot open", &error))?;
        turn.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => problem(path, "another run is using it; several runs may share it one after the other".to_owned()),
            TryLockError::Error(error) => failed(path, "cannot lock", &error),
        })?;
        let fail = |error| failed(path, "cannot use it as state file", &error);
        let database =
            Connection::open_with_flags(plain(path)?, OpenFlags::default().difference(OpenFlags::SQLITE_OPEN_URI)).map_err(fail)?;
        database.busy_timeout(PATIENCE).map_err(fail)?;
        if is_new(&database).map_err(fail)? {
            database.execute_batch("PRAGMA journal_mode = WAL").map_err(fail)?;
            let header = format!("PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {VERSION};");
            database.execute_batch(&format!("BEGIN; {header} {SCHEMA} COMMIT;")).map_err(fail)?;
        }
        check(&database, path)?;
        // A run that is killed loses nothing that was committed; only a power cut may take the last commits, never the file.
        database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;").map_err(fail)?;
        Ok(Self { path: path.to_owned(), database, _turn: turn })
    }
}

/// At rest it is one plain file, which can be read also where its reader may write nothing; a write-ahead log asks for more.
impl Drop for State {
    fn drop(&mut self) {
        // Where somebody reads it now, it stays as it is: nothing is lost, and nobody is waited for.
        _ = self.database.busy_timeout(Duration::ZERO);
        _ = self.database.execute_batch("PRAGMA journal_mode = DELETE");
    }
}

impl Store for State {
    fn find(&mut self, relation: &Relation) -> Result<Option<Entry>, Error> {
        let find = || {
            let mut find = self.database.prepare_cached(FIND)?;
            find.query_row(row::key(relation), row::entry).optional()
        };
        find().map_err(|error| failed(&self.path, "cannot read", &error))
    }

    fn save(&mut self, entries: &mut dyn Iterator<Item = Entry>) -> Result<(), Error> {
        let Self { path, database, .. } = self;
        let save = || {
            let all = database.transaction()?;
            let mut save = all.prepare_cached(SAVE)?;
            for entry in entries {
                row::save(&mut save, &entry)?;
            }
            drop(save);
            all.commit()
        };
        save().map_err(|error: rusqlite::Error| failed(path, "cannot write", &error))
    }
}

/// The facts of a state file, also of one in use; sorted by kind and address as text.
///
/// # Errors
///
/// [`Error::State`]: it cannot be read, or is something else.
pub fn read(path: &Path) -> Result<Vec<Fact>, Error> {
    let fail = |error| failed(path, "cannot read it as state file", &error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(plain(path)?, flags).map_err(fail)?;
    database.busy_timeout(PATIENCE).map_err(fail)?;
    check(&database, path)?;
    let mut all = database.prepare(ALL).map_err(fail)?;
    let facts = all.query_map([], row::entry).map_err(fail)?.map(|entry| entry.map(|entry| entry.fact));
    facts.collect::<Result<_, _>>().map_err(fail)
}

/// The path as a file and nothing else: `SQLite` takes `:memory:` for no file at all.
fn plain(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| failed(path, "cannot open", &error))
}

/// Whether nothing was ever put into the database; also when a run was killed while it made it.
fn is_new(database: &Connection) -> rusqlite::Result<bool> {
    let application: i64 = database.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = database.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(application == 0 && tables == 0)
}

/// Whether the database is ours and of a version we know.
fn check(database: &Connection, path: &Path) -> Result<(), Error> {
    let number = |pragma| database.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let fail = |error| failed(path, "cannot use it as state file", &error);
    if number("application_id").map_err(fail)? != APPLICATION {
        return Err(problem(path, "a database, but not a state file of ntp-sniff; name another file".to_owned()));
    }
    match number("user_version").map_err(fail)? {
        VERSION => Ok(()),
        version => Err(problem(path, format!("a state file of version {version}, and this program knows version {VERSION}"))),
    }
}

fn failed(path: &Path, what: &str, error: &dyn std::error::Error) -> Error {
    problem(path, format!("{what}: {error}"))
}

fn problem(path: &Path, problem: String) -> Error {
    Error::State { path: path.to_owned(), problem }
}
