//! The reference captures of the API, their truth, and what the program says of them.

use serde_json::Value;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// A capture with its truth.
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) capture: PathBuf,
    pub(crate) truth: Value,
}

/// All of them, or none, said, on a user's clone.
pub(crate) fn all() -> Vec<Reference> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures/http");
    if !folder.is_dir() {
        assert!(std::env::var_os("CI").is_none(), "{} is missing, and this is CI", folder.display());
        eprintln!("skipped: {} is not here", folder.display());
        return Vec::new();
    }
    let mut found: Vec<Reference> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| Some(path.file_name()?.to_str()?.strip_suffix(".truth.json")?.to_owned()))
        .map(|name| {
            let truth = serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.truth.json"))).unwrap()).unwrap();
            let capture = ["pcap", "pcapng"].map(|ending| folder.join(format!("{name}.{ending}")));
            let capture = capture.into_iter().find(|path| path.is_file()).unwrap();
            Reference { name, capture, truth }
        })
        .collect();
    found.sort_by(|one, two| one.name.cmp(&two.name));
    assert!(found.len() > 40, "the captures are where they are looked for");
    found
}

/// Whether this program opens TLS with a key log: as long as it does not, what is inside of TLS is left out.
pub(crate) fn opens_tls() -> bool {
    static OPENS: OnceLock<bool> = OnceLock::new();
    *OPENS.get_or_init(|| {
        let help = Command::new(env!("CARGO_BIN_EXE_ntp-sniff")).arg("--help").output().unwrap();
        let opens = String::from_utf8(help.stdout).unwrap().contains("--keylog");
        if !opens {
            eprintln!("left out: what is inside of TLS, since there is no --keylog yet");
        }
        opens
    })
}

/// Bytes as two digits each.
pub(crate) fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Whether a connection speaks HTTP/2 and its keys are there.
pub(crate) fn is_http2(connection: &Value) -> bool {
    opens_tls() && connection["tls"]["alpn"] == "h2"
}

impl Reference {
    /// What the program writes, with these arguments and with the keys there are.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ntp-sniff"));
        command.arg("-r").arg(&self.capture).args(args);
        let keys = self.capture.with_extension("keys");
        if opens_tls() && keys.is_file() {
            command.arg("--keylog").arg(keys);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The records of a run.
    pub(crate) fn records(&self, args: &[&str]) -> Vec<Value> {
        let text = self.run(&[&["-T", "jsonl"], args].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Strings that must be in no output.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let list = self.truth["secrets_that_must_not_appear"].as_array().unwrap();
        list.iter().map(|secret| secret.as_str().unwrap().to_owned()).collect()
    }

    /// Whether what this connection said can be read: in the clear, or opened with keys; HTTP/2 is not.
    pub(crate) fn is_readable(&self, connection: &Value) -> bool {
        let tls = &connection["tls"];
        if tls.is_null() {
            return true;
        }
        let embedded = self.name.ends_with("_dsb");
        let keys = self.capture.with_extension("keys").is_file() || embedded;
        opens_tls() && keys && connection["keys_given"] != false && tls["handshake"].is_null() && tls["alpn"] != "h2"
    }
}
