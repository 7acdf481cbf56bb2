//! Files of the user's: the format, and one error with place and remedy for everything that can be wrong.

use std::fs;
use std::path::{Path, PathBuf};

use chainrule_examples::network::{Network, Noted};
use chainrule_examples::network_file::{FORMAT, MOST_BYTES, MOST_LAYERS, parse, read};
use ndarray::array;

const GOOD: &str = "targets = [1, 1]\ninputs = [1, 2]\nlayers = [{ weights = [[1, 2], [3, 4]] }]";

#[test]
fn the_format_that_help_shows_is_the_lectures_network() {
    let sample: Vec<&str> = FORMAT
        .lines()
        .skip(1)
        .take_while(|line| !line.trim_start().starts_with("Every layer"))
        .map(|line| line.strip_prefix("  ").unwrap_or(line))
        .collect();
    assert_eq!(parse("net.toml", &sample.join("\n")).unwrap(), Network::lecture());
}

#[test]
fn rows_may_stand_for_receivers() {
    let network = parse("net.toml", &format!("rows = \"receivers\"\n{GOOD}")).unwrap();
    assert_eq!(network.weights, [array![[1.0, 3.0], [2.0, 4.0]]]);
    let network = parse("net.toml", &format!("rows = \"senders\"\n{GOOD}")).unwrap();
    assert_eq!(network, parse("net.toml", GOOD).unwrap());
}

#[test]
fn outputs_alone_suffice_and_keep_their_decimals() {
    let text =
        "targets = [0, 1, 2, 3]\noutputs = [0.50, 1, 5.8e-2, 0x1]\nlayers = [{ weights = [[1, 2, 3, 4]] }]";
    let network = parse("net.toml", text).unwrap();
    let noted = |value, decimals| Noted { value, decimals };
    assert_eq!(network.outputs, Some(vec![noted(0.5, 2), noted(1.0, 0), noted(0.058, 3), noted(1.0, 0)]));
    assert_eq!(network.inputs, None);
}

#[test]
fn the_widest_and_the_deepest_are_allowed() {
    let layers = "[[layers]]\nweights = [[1]]\n".repeat(MOST_LAYERS);
    let network = parse("net.toml", &format!("targets = [1]\ninputs = [1]\n{layers}")).unwrap();
    assert_eq!(network.depth(), MOST_LAYERS);
}

#[test]
fn each_mistake_has_its_place_its_name_and_its_remedy() {
    let edit = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replacen(from, to, 1)
    };
    let layers = |layers: &str| format!("targets = [1, 1]\ninputs = [1, 2]\nlayers = {layers}");
    let many = "[[layers]]\nweights = [[1]]\n".repeat(MOST_LAYERS + 1);
    #[rustfmt::skip]
    let cases: Vec<(String, &str, &str)> = vec![
        // missing
        (String::new(), "1:1: `targets` is missing", "add `targets = [...]`"),
        (edit("targets = [1, 1]", ""), "1:1: `targets` is missing", "add `targets = [...]`"),
        ("targets = [1]\ninputs = [1]".into(), "1:1: `layers` is missing", "add `[[layers]]`"),
        (edit("inputs = [1, 2]", ""), "1:1: neither `inputs` nor `outputs` is given", "add `inputs = [...]`"),
        (layers("[{}]"), "3:11: `layers[0].weights` is missing", "add `weights ="),
        // unknown
        (edit("inputs", "input"), "2:1: unknown key `input`", "did you mean `inputs`?"),
        (edit("weights", "wieghts"), "3:13: unknown key `layers[0].wieghts`", "the keys here are weights"),
        (edit("targets", "bias = 1\ntargets"), "1:1: unknown key `bias`", "the keys here are inputs, targets, outputs"),
        // of another kind
        (edit("[1, 1]", "1"), "1:11: `targets` is an integer, not a list", "write numbers in brackets"),
        (edit("[1, 1]", "[1, \"1\"]"), "1:15: `targets[1]` is a string, not a number", "write a number, without quotes"),
        (edit("[3, 4]", "[3, [4]]"), "3:36: `layers[0].weights[1][1]` is an array, not a number", "write a number"),
        (edit("[3, 4]", "3"), "3:32: `layers[0].weights[1]` is an integer, not a list", "write numbers in brackets"),
        (layers("3"), "3:10: `layers` is an integer, not a list", "write a [[layers]] for each layer"),
        (layers("[3]"), "3:11: `layers[0]` is an integer, not a table", "write [[layers]]"),
        (edit("targets", "rows = \"both\"\ntargets"), "1:8: `rows` is neither \"senders\" nor \"receivers\"", "write rows ="),
        (edit("targets", "rows = 1\ntargets"), "1:8: `rows` is neither", "write rows ="),
        // not finite, or too large
        (edit("4]", "nan]"), "3:36: `layers[0].weights[1][1]` is nan", "write a finite number"),
        (edit("4]", "-inf]"), "3:36: `layers[0].weights[1][1]` is -inf", "write a finite number"),
        (edit("[1, 2]", "[1, inf]"), "2:14: `inputs[1]` is inf", "write a finite number"),
        (edit("[1, 1]", "[1e999, 1]"), "1:12: `targets[0]` is 1e999", "write a finite number"),
        (edit("4]", "1e151]"), "3:36: `layers[0].weights[1][1]` is 1e151", "write a finite number"),
        (edit("[1, 2]", "[1, 1e100]").replace("4]", "1e100]"), "3:23: `layers[0].weights`: ", "use smaller numbers"),
        // empty, ragged, of the wrong size
        (edit("[1, 1]", "[]"), "1:11: `targets` is empty", "write numbers in brackets"),
        (layers("[]"), "3:10: `layers` is empty", "write a [[layers]] for each layer"),
        (layers("[{ weights = [] }]"), "3:23: `layers[0].weights` is empty", "write rows of numbers"),
        (layers("[{ weights = [[]] }]"), "3:24: `layers[0].weights[0]` is empty", "write numbers in brackets"),
        (edit("[3, 4]", "[3]"), "3:32: `layers[0].weights[1]` has length 1, the rows before it 2", "give all rows of a matrix the same length"),
        (edit("[1, 1]", "[1]"), "1:11: `targets` has length 1, but the layers have 2 outputs", "make them as many"),
        (edit("[1, 2]", "[1]"), "2:10: `inputs` has length 1, but the layers have 2 inputs", "make them as many"),
        (edit("inputs = [1, 2]", "outputs = [1]"), "2:11: `outputs` has length 1, but the layers have 2 outputs", "make them as many"),
        (layers("[{ weights = [[1], [2]] }, { weights = [[1], [2]] }]"), "3:49: `layers[1].weights` has 2 rows, but the layer before it has 1 neurons", "transposed it would fit: is this rows = \"receivers\"?"),
        (layers("[{ weights = [[1, 2, 3], [4, 5, 6]] }, { weights = [[1, 2], [4, 5]] }]"), "3:61: `layers[1].weights` has 2 rows, but the layer before it has 3 neurons", "each layer takes as many signals"),
        (edit("inputs = [1, 2]", "outputs = [0.5, 1.5]"), "2:17: `outputs[1]` is not between 0 and 1", "give what came out of the last sigmoids"),
        (format!("targets = [1]\ninputs = [1]\n{many}"), "131:1: there are 65 layers, and 64 is the limit", "give a network with fewer layers"),
        // no TOML
        ("targets = [1".into(), "1:", "`--help` shows the format"),
        ("targets = [1]\ntargets = [1]".into(), "2:1: not TOML: duplicate key", "`--help` shows the format"),
        ("a b".into(), "1:", "`--help` shows the format"),
        ("[".repeat(100_000), "1:", "`--help` shows the format"),
        (format!("targets = {}", "[".repeat(100_000)), "1:", "`--help` shows the format"),
        ("ä = \u{1}".into(), "1:", "`--help` shows the format"),
    ];
    for (text, want, help) in cases {
        let error = parse("net.toml", &text).unwrap_err().to_string();
        let start: String = text.chars().take(200).collect();
        assert!(error.starts_with(&format!("net.toml:{want}")), "for\n{start}\nthe error is\n{error}");
        let (_, remedy) = error.split_once("\n  help: ").unwrap();
        assert!(remedy.starts_with(help) || remedy.contains(help), "{error}");
        assert_eq!(error.lines().count(), 2, "{error}");
    }
}

/// A folder that is gone again at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chainrule-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn files_that_are_no_text_of_a_small_size() {
    let folder = Folder::new("files");
    let error = |path: &Path| {
        let error = read(path).unwrap_err().to_string();
        let rest = error.strip_prefix(&path.display().to_string()).unwrap().to_owned();
        assert!(rest.contains("\n  help: "), "{error}");
        rest
    };
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.0.join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    assert_eq!(read(&file("good.toml", GOOD.as_bytes())).unwrap(), parse("", GOOD).unwrap());
    assert!(error(&folder.0.join("none.toml")).starts_with(": cannot be read: "));
    assert!(error(&folder.0).starts_with(": is a directory\n"));
    let latin = b"# one\n# caf\xe9\ntargets = [1]";
    assert!(error(&file("latin.toml", latin)).starts_with(":2: the file is not UTF-8 from byte 12 on"));
    assert!(error(&file("empty.toml", b"")).starts_with(":1:1: `targets` is missing"));

    // As large as may be is read; one byte more is not, and need not be.
    let size = usize::try_from(MOST_BYTES).unwrap();
    let padded = |size: usize| [GOOD.as_bytes(), b"\n#", &vec![b' '; size - GOOD.len() - 2][..]].concat();
    assert!(read(&file("full.toml", &padded(size))).is_ok());
    assert!(error(&file("large.toml", &padded(size + 1))).starts_with(": is larger than 4 MiB"));
    let sparse = folder.0.join("sparse.toml");
    fs::File::create(&sparse).unwrap().set_len(1 << 40).unwrap();
    assert!(error(&sparse).starts_with(": is larger than 4 MiB"));
}

#[cfg(unix)]
#[test]
fn devices_and_pipes_cannot_hang_it() {
    let folder = Folder::new("special");
    let socket = folder.0.join("socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    // A pipe that nobody ever writes to; opening it would wait for ever.
    let pipe = folder.0.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success());
    let mut special = vec![PathBuf::from("/dev/zero"), PathBuf::from("/dev/null"), socket];
    special.extend(made.then_some(pipe));
    for path in special {
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(": is not an ordinary file\n  help: write the network to a file"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn files_without_permission() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("locked");
    let path = folder.0.join("locked.toml");
    fs::write(&path, GOOD).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // The administrator may read everything, and then there is nothing to see here.
    if fs::File::open(&path).is_err() {
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains(": cannot be read: ") && error.contains("check its permissions"), "{error}");
    }
}
