//! The lecture as a page for browsers: `lecture --html`. The page itself is in the crate `chainrule-page`; here it is
//! written, and the engine that goes into it is built.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chainrule_page::{Page, TooLarge};

use crate::layout::printable;
use crate::network::Network;

/// What browsers run.
const TARGET: &str = "wasm32-unknown-unknown";

/// Why no page was written, and how to mend it.
#[derive(Debug)]
pub enum PageError {
    /// The name given for the page is not that of a page: perhaps a network was to be read.
    NotAPage(PathBuf),
    /// The network is too large for a page without engine.
    TooLarge(TooLarge),
    /// The file could not be written.
    Unwritable(PathBuf, std::io::Error),
}

impl fmt::Display for PageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &Path| printable(&path.display().to_string());
        match self {
            PageError::NotAPage(path) => write!(
                f,
                "`--html` writes to `{}`, whose name does not end in .html\n  help: name the page first, and then the \
                 network, if it is your own: --html page.html network.toml",
                shown(path)
            ),
            PageError::TooLarge(error) => error.fmt(f),
            PageError::Unwritable(path, error) => write!(
                f,
                "{}: cannot be written: {error}\n  help: check the directory and its permissions, or give another name",
                shown(path)
            ),
        }
    }
}

impl std::error::Error for PageError {}

/// Whether this is the name of a page: it ends in `.html`. (A network's file behind `--html` would be written over.)
///
/// # Errors
/// If it is not.
pub fn is_page(path: &Path) -> Result<(), PageError> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("html" | "htm") => Ok(()),
        _ => Err(PageError::NotAPage(path.into())),
    }
}

/// Writes the page of a network, the lecture's own if it has no name; returns how many bytes it has.
///
/// # Errors
/// If the file cannot be written, or the network is too large for a page without an engine.
pub fn write_page(
    path: &Path,
    name: Option<&str>,
    network: &Network,
    engine: Option<&[u8]>,
) -> Result<usize, PageError> {
    let name = name.map(printable);
    let page = Page { name: name.as_deref(), network, engine };
    let text = page.html().map_err(PageError::TooLarge)?;
    std::fs::write(path, &text).map_err(|error| PageError::Unwritable(path.into(), error))?;
    Ok(text.len())
}

/// Why there is no engine for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoEngine {
    reason: String,
    remedy: String,
}

impl fmt::Display for NoEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  help: {}", self.reason, self.remedy)
    }
}

impl std::error::Error for NoEngine {}

/// Builds the engine as a WebAssembly module, with the cargo that runs this program. It takes a minute the first time.
///
/// # Errors
/// If the target is not installed, the sources are not where they were, or cargo fails.
pub fn build_engine() -> Result<Vec<u8>, NoEngine> {
    let no_engine = |reason: String, remedy: &str| NoEngine { reason, remedy: remedy.into() };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !root.join("crates/page/Cargo.toml").is_file() {
        return Err(no_engine(
            "the engine's sources are not where this program was built".into(),
            "run it by `cargo run --release -- --html page.html` in the project",
        ));
    }
    if !target_is_installed(&root) {
        return Err(no_engine(
            format!("the target {TARGET} is not installed"),
            &format!("`rustup target add {TARGET}`, and write the page again"),
        ));
    }
    let tool =
        |name: &str, otherwise: &str| std::env::var_os(name).unwrap_or_else(|| OsString::from(otherwise));
    // Where the module will be has to be known, so it is said.
    let directory = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let output = Command::new(tool("CARGO", "cargo"))
        .args(["build", "--quiet", "--package", "chainrule-page", "--example", "engine"])
        .args(["--profile", "page", "--target", TARGET, "--target-dir"])
        .arg(&directory)
        .current_dir(&root)
        // Flags for this machine's processor are none for a browser.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| no_engine(format!("cargo cannot be run: {e}"), "install Rust, with cargo"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        let first = text.lines().find(|line| line.starts_with("error")).unwrap_or("cargo failed");
        return Err(no_engine(
            format!("the engine cannot be built: {}", printable(first)),
            "`cargo build -p chainrule-page --example engine --profile page --target wasm32-unknown-unknown` tells more",
        ));
    }
    let module = directory.join(TARGET).join("page/examples/engine.wasm");
    std::fs::read(&module).map_err(|e| {
        let reason = format!("{}: cannot be read: {e}", printable(&module.display().to_string()));
        no_engine(reason, "check the directory of cargo's output")
    })
}

/// Whether the standard library for the target is there.
fn target_is_installed(root: &Path) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .current_dir(root)
        .stdin(Stdio::null())
        .output();
    output.is_ok_and(|output| {
        let path = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(path.trim()).is_dir()
    })
}
