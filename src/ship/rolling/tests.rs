//! Whole records in every file, whatever happens to it.

use super::*;
use std::fs;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Mutex;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ntp-sniff-rolling-{name}-{}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap_or_else(|error| error.kind().to_string())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// A manner, and what it says.
fn manner(rotation: Rotation, lasting: bool) -> (Manner, Arc<Mutex<Vec<String>>>) {
    let said = Arc::new(Mutex::new(Vec::new()));
    let hears = Arc::clone(&said);
    let say = Arc::new(move |text: &str| hears.lock().unwrap().push(text.to_owned()));
    let (reopen, lost) = (Arc::default(), Counter::default());
    (Manner { cut: Cut::Lines, rotation, lasting, most_waiting: 64, mode: 0o644, reopen, lost, say }, said)
}

#[test]
fn files_are_rotated_between_records() {
    let folder = Folder::new("size");
    let (manner, said) = manner(Rotation { size: Some(8), interval: None, keep: 2 }, true);
    let mut rolling = Rolling::open(Some(&folder.0.join("out")), manner).unwrap();
    // As it comes from a buffer: several records at once, and one in two pieces.
    for piece in [&b"one\ntwo\nthree\nfo"[..], b"ur\n", b"longer than eight\n", b"six\n"] {
        rolling.write_all(piece).unwrap();
        rolling.flush().unwrap();
    }
    drop(rolling);
    assert_eq!([folder.read("out"), folder.read("out.1"), folder.read("out.2")], ["six\n", "longer than eight\n", "four\n"]);
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 3, "no more than two old ones are kept");
    assert!(said.lock().unwrap().is_empty());
}

#[test]
fn an_interval_that_is_over_ends_the_file() {
    let folder = Folder::new("interval");
    let path = folder.0.join("out");
    fs::write(&path, "old\n").unwrap();
    File::options().append(true).open(&path).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    let (manner, _) = manner(Rotation { size: None, interval: Some(Duration::from_secs(86_400)), keep: 1 }, true);
    let mut rolling = Rolling::open(Some(&path), manner).unwrap();
    rolling.write_all(b"new\n").unwrap();
    drop(rolling);
    assert_eq!([folder.read("out"), folder.read("out.1")], ["new\n", "old\n"]);
}

#[test]
fn what_is_there_is_kept_up_to_its_last_whole_record() {
    let folder = Folder::new("append");
    let path = folder.0.join("out");
    fs::write(&path, "one\ntw").unwrap();
    let (lasts, _) = manner(Rotation::default(), true);
    Rolling::open(Some(&path), lasts).unwrap().write_all(b"three\n").unwrap();
    assert_eq!(folder.read("out"), "one\nthree\n");
    let (anew, _) = manner(Rotation::default(), false);
    Rolling::open(Some(&path), anew).unwrap().write_all(b"four\n").unwrap();
    assert_eq!(folder.read("out"), "four\n");
}

#[test]
fn a_moved_file_is_left_at_once_when_asked_and_soon_when_not() {
    let folder = Folder::new("reopen");
    let path = folder.0.join("out");
    let (manner, _) = manner(Rotation::default(), true);
    let reopen = Arc::clone(&manner.reopen);
    let mut rolling = Rolling::open(Some(&path), manner).unwrap();
    for (name, asked) in [("first", true), ("second", false)] {
        rolling.write_all(format!("{name}\n").as_bytes()).unwrap();
        rolling.flush().unwrap();
        fs::rename(&path, folder.0.join(name)).unwrap();
        reopen.store(asked, Ordering::Relaxed);
        rolling.next_look = Instant::now();
    }
    rolling.write_all(b"third\n").unwrap();
    drop(rolling);
    assert_eq!(["first", "second", "out"].map(|name| folder.read(name)), ["first\n", "second\n", "third\n"]);
}

#[test]
fn a_vanished_folder_is_said_once_and_what_has_no_room_is_counted() {
    let folder = Folder::new("vanished");
    let inner = folder.0.join("inner");
    fs::create_dir(&inner).unwrap();
    let (manner, said) = manner(Rotation::default(), true);
    let lost = manner.lost.clone();
    let mut rolling = Rolling::open(Some(&inner.join("out")), manner).unwrap();
    fs::remove_dir_all(&inner).unwrap();
    // 64 bytes may wait: six records of ten.
    for number in 0..10 {
        rolling.write_all(format!("record  {number}\n").as_bytes()).unwrap();
        rolling.flush().unwrap();
        rolling.next_try = Instant::now();
    }
    assert_eq!((said.lock().unwrap().len(), lost.get()), (1, 4), "{said:?}");
    fs::create_dir(&inner).unwrap();
    rolling.flush().unwrap();
    assert_eq!(folder.read("inner/out").lines().count(), 6);
    let said = said.lock().unwrap();
    assert!(said[0].contains("cannot write: No such file or directory") && said[1].contains("again; 4 records were dropped"), "{said:?}");
}

#[test]
fn a_full_disk_leaves_no_part_of_a_record() {
    let (lasts, said) = manner(Rotation::default(), true);
    let lost = lasts.lost.clone();
    let mut rolling = Rolling::open(Some(Path::new("/dev/full")), lasts).unwrap();
    rolling.write_all(b"one\n").unwrap();
    rolling.flush().unwrap();
    drop(rolling);
    let said = said.lock().unwrap();
    assert_eq!((lost.get(), said.len()), (1, 2), "{said:?}");
    assert!(said[1].contains("1 record was not written"), "{said:?}");
    let (fails, _) = manner(Rotation::default(), false);
    let mut rolling = Rolling::open(Some(Path::new("/dev/full")), fails).unwrap();
    rolling.write_all(b"one\n").unwrap();
    assert!(rolling.flush().is_err(), "one that does not last fails");
}

#[test]
fn what_somebody_may_need_is_not_appended_to() {
    let folder = Folder::new("foreign");
    for (cut, content, what) in
        [(Cut::Lines, &b"a letter without an end"[..], "lines"), (Cut::Blocks, b"\xd4\xc3\xb2\xa1 an old capture", "pcapng, little-endian")]
    {
        let path = folder.0.join("foreign");
        fs::write(&path, content).unwrap();
        let (manner, _) = manner(Rotation::default(), true);
        let error = Rolling::open(Some(&path), Manner { cut, ..manner }).err().unwrap();
        assert_eq!(error.to_string(), format!("it holds something else than {what}, and is not appended to"));
        assert_eq!(fs::read(&path).unwrap(), content);
    }
}

#[test]
fn a_part_of_a_record_that_is_cut_off_is_said() {
    let folder = Folder::new("part");
    let path = folder.0.join("out");
    fs::write(&path, "one\ntw").unwrap();
    let (manner, said) = manner(Rotation::default(), true);
    let mut rolling = Rolling::open(Some(&path), manner).unwrap();
    rolling.write_all(b"three\n").unwrap();
    drop(rolling);
    assert_eq!(folder.read("out"), "one\nthree\n");
    assert!(said.lock().unwrap().concat().ends_with("its last record was not whole: 2 bytes cut off"));
}

#[test]
fn a_reader_that_sleeps_holds_nothing_up() {
    let folder = Folder::new("sleeps");
    let path = folder.0.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let mut reader = File::options().read(true).write(true).open(&path).unwrap();
    let (manner, said) = manner(Rotation::default(), true);
    let lost = manner.lost.clone();
    let mut rolling = Rolling::open(Some(&path), Manner { most_waiting: 100_000, ..manner }).unwrap();
    let start = Instant::now();
    let line = |number: usize| format!("{number:0>999}\n");
    for number in 0..1000 {
        rolling.write_all(line(number).as_bytes()).unwrap();
    }
    rolling.flush().unwrap();
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    assert!(said.lock().unwrap().concat().contains("nobody reads the pipe"));
    let kept = 1000 - lost.get();
    let read = std::thread::spawn(move || {
        let mut bytes = vec![0; usize::try_from(kept).unwrap() * 1000];
        io::Read::read_exact(&mut reader, &mut bytes).unwrap();
        bytes
    });
    while !read.is_finished() {
        rolling.flush().unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    let bytes = read.join().unwrap();
    assert!(kept > 100 && kept < 1000, "{kept} were kept");
    assert!(bytes.chunks(1000).enumerate().all(|(number, record)| record == line(number).as_bytes()), "whole, and in order");
}
