//! The programs that read what is written: tshark, Graphviz, and the compiler of Kaitai Struct under Node.js.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

/// Whether a program can be run; in CI it must.
pub(crate) fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    assert!(there || std::env::var_os("CI").is_none(), "{program} is missing, and this is CI");
    if !there {
        eprintln!("skipped: {program} is not here");
    }
    there
}

/// Where .ci/run puts the compiler of Kaitai Struct; in CI it must be there.
pub(crate) fn kaitai() -> Option<PathBuf> {
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/kaitai/node_modules");
    let there =
        modules.join("kaitai-struct-compiler").is_dir() && modules.join("js-yaml").is_dir() && modules.join("kaitai-struct").is_dir();
    assert!(there || std::env::var_os("CI").is_none(), "kaitai-struct-compiler is missing in target/kaitai, and this is CI");
    if !there {
        eprintln!(
            "skipped: kaitai-struct-compiler is not in target/kaitai (npm install --prefix target/kaitai kaitai-struct-compiler js-yaml kaitai-struct)"
        );
    }
    there.then_some(modules)
}

/// A new folder below the build directory.
pub(crate) fn folder() -> PathBuf {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let name = format!("dissector-{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

/// What tshark says when it loads these dissectors: the filter names of all protocols, and its complaints.
pub(crate) fn load(scripts: &[PathBuf]) -> (Vec<String>, String) {
    let mut tshark = Command::new("tshark");
    tshark.args(["-G", "protocols"]);
    for script in scripts {
        tshark.arg("-X").arg(format!("lua_script:{}", script.display()));
    }
    let output = tshark.output().unwrap();
    let names = String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.split('\t').nth(2)).map(str::to_owned).collect();
    (names, complaints(&output))
}

/// Fields of packets, as tshark shows them with a dissector; separated by `|`.
pub(crate) fn fields(script: &Path, capture: &Path, filter: &str, names: &[&str]) -> Vec<String> {
    let mut tshark = Command::new("tshark");
    tshark.arg("-X").arg(format!("lua_script:{}", script.display())).args(["-n", "-T", "fields", "-E", "separator=|", "-Y", filter, "-r"]);
    tshark.arg(capture);
    for name in names {
        tshark.args(["-e", name]);
    }
    let output = tshark.output().unwrap();
    assert_eq!(complaints(&output), "");
    String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
}

fn complaints(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.lines().filter(|line| !line.starts_with("Running as user")).collect::<Vec<_>>().join("\n")
}

/// Compiles structs to a language: complaints.
pub(crate) fn compile(modules: &Path, language: &str, files: &[PathBuf]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dissector/compile.js");
    let output = Command::new("node").arg(script).arg(language).args(files).env("NODE_PATH", modules).output().unwrap();
    assert!(output.status.success() == output.stdout.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Has Graphviz draw pictures: complaints.
pub(crate) fn draw(files: &[PathBuf]) -> String {
    let output = Command::new("dot").args(["-Tsvg", "-O"]).args(files).output().unwrap();
    let failed = if output.status.success() { "" } else { "failed: " };
    failed.to_owned() + &String::from_utf8_lossy(&output.stderr)
}
