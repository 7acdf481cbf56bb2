//! The page: its numbers beside independent ones, its text, and the command that writes it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chainrule_examples::bounds::{Bounded, cosine};
use chainrule_examples::network::{Network, Noted};
use chainrule_examples::network_file::parse;
use chainrule_examples::page::{PageError, is_page, write_page};
use chainrule_examples::random::Random;
use chainrule_page::Page;
use chainrule_page::blocks::{Block, Kind};
use chainrule_page::html::MOST_STORED;
use chainrule_page::lesson::{Question, Rows, Way, answer};
use ndarray::{Array1, Array2, Axis};

fn ask(network: &Network, rows: Rows, step: Option<(Way, f64)>) -> Vec<Block> {
    answer(&Question { network: network.clone(), rows, from_noted: true, step })
}

fn find(blocks: &[Block], kind: Kind, layer: usize) -> Option<Array2<f64>> {
    blocks.iter().find(|b| b.kind == kind && b.layer == layer).map(|block| block.numbers.clone())
}

fn vector(blocks: &[Block], kind: Kind, layer: usize) -> Array1<f64> {
    find(blocks, kind, layer).unwrap_or_else(|| panic!("no {kind:?} {layer}")).row(0).to_owned()
}

/// A matrix with a row for each sender.
fn matrix(blocks: &[Block], kind: Kind, layer: usize, rows: Rows) -> Array2<f64> {
    let numbers = find(blocks, kind, layer).unwrap_or_else(|| panic!("no {kind:?} {layer}"));
    if rows == Rows::Senders { numbers } else { numbers.reversed_axes() }
}

/// The cost of a network in plain Rust.
fn cost(network: &Network) -> f64 {
    let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
    let first = network.inputs.clone().unwrap();
    let outputs = network.weights.iter().fold(first, |a, w| w.t().dot(&a).mapv(sigmoid));
    (&network.targets - &outputs).mapv(|e| e * e).sum() / 2.0
}

fn networks() -> Vec<Network> {
    let mut random = Random::new(17);
    let shapes: [&[usize]; 8] = [
        &[1, 1],
        &[2, 3, 2],
        &[3, 4, 3, 2],
        &[1, 1, 1, 1],
        &[5, 2, 6],
        &[4, 7],
        &[2, 2, 2, 2, 2, 2],
        &[9, 3, 1],
    ];
    let mut networks: Vec<Network> = shapes.iter().map(|widths| random.network(widths, 1.0)).collect();
    networks.push(Network::lecture());
    networks
}

#[test]
fn the_figures_of_the_lecture_are_in_the_answer() {
    let blocks = ask(&Network::lecture(), Rows::Senders, None);
    let reads = |kind, layer, figures: &[f64]| {
        let numbers = vector(&blocks, kind, layer);
        assert_eq!(numbers.len(), figures.len());
        for (x, figure) in numbers.iter().zip(figures) {
            assert!((x - figure).abs() < 1e-12, "{kind:?}: {numbers}");
        }
    };
    reads(Kind::Error, 2, &[0.42, 0.45]);
    reads(Kind::Normaliser, 2, &[0.6, 0.4]);
    reads(Kind::ByShares, 1, &[0.435, 0.2525, 0.1825]);
    reads(Kind::BySharesTotal, 1, &[0.87]);
    reads(Kind::Simplified, 1, &[0.216, 0.129, 0.087]);
    reads(Kind::SimplifiedTotal, 1, &[0.432]);
    reads(Kind::Rounded, 2, &[0.58, 0.55]);
}

#[test]
fn signals_and_errors_are_those_of_plain_ndarray_in_both_conventions() {
    for network in networks() {
        for rows in [Rows::Senders, Rows::Receivers] {
            let blocks = ask(&network, rows, None);
            let depth = network.depth();
            for l in 1..=depth {
                let w = &network.weights[l - 1];
                assert_eq!(&matrix(&blocks, Kind::Weights, l, rows), w);
                let sent = vector(&blocks, Kind::Signal, l - 1);
                let sums = vector(&blocks, Kind::Sum, l);
                assert!(Bounded::start(sent.clone()).through(w.t()).compare(&sums).holds);
                let carried = matrix(&blocks, Kind::SignalTerm, l, rows);
                assert_eq!(carried, w * &sent.view().insert_axis(Axis(1)));
                for ((&z, &a), &slope) in
                    sums.iter().zip(&vector(&blocks, Kind::Signal, l)).zip(&vector(&blocks, Kind::Slope, l))
                {
                    let plain = 1.0 / (1.0 + (-z).exp());
                    assert!((a - plain).abs() < 1e-15 && (slope - plain * (1.0 - plain)).abs() < 1e-15);
                }
            }
            let mut simplified = vector(&blocks, Kind::Error, depth);
            let outputs = network.noted_outputs().unwrap_or_else(|| vector(&blocks, Kind::Signal, depth));
            assert_eq!(simplified, &network.targets - &outputs);
            let mut shared = simplified.clone();
            let total = shared.sum();
            for l in network.pulled_back() {
                let w = &network.weights[l];
                assert_eq!(matrix(&blocks, Kind::Term, l + 1, rows), w * &simplified);
                let next = vector(&blocks, Kind::Simplified, l);
                assert!(Bounded::start(simplified).through(w.view()).compare(&next).holds);
                simplified = next;

                let shares = matrix(&blocks, Kind::Share, l + 1, rows);
                let sums = vector(&blocks, Kind::Normaliser, l + 1);
                assert!(Bounded::start(Array1::ones(w.nrows())).through(w.t()).compare(&sums).holds);
                assert_eq!(shares, w / &sums);
                assert_eq!(matrix(&blocks, Kind::ShareTerm, l + 1, rows), &shares * &shared);
                let next = vector(&blocks, Kind::ByShares, l);
                let plain = Bounded::start(shared).through(shares.view());
                assert!(plain.compare(&next).holds);
                // The sum is conserved, as far as sums of these sizes can be known.
                let size = shares.mapv(f64::abs).sum() * plain.value.len() as f64;
                assert!((next.sum() - total).abs() < 1e-12 * (1.0 + size * size), "{} {total}", next.sum());
                shared = next;
            }
        }
    }
}

#[test]
fn the_exact_errors_are_minus_the_gradient_and_the_gradient_is_that_of_differences() {
    for network in networks() {
        for rows in [Rows::Senders, Rows::Receivers] {
            let blocks = ask(&network, rows, None);
            assert!((vector(&blocks, Kind::Cost, network.depth())[0] - cost(&network)).abs() < 1e-15);
            for l in 0..=network.depth() {
                let (exact, gradient) =
                    (vector(&blocks, Kind::Exact, l), vector(&blocks, Kind::SignalGradient, l));
                for (e, g) in exact.iter().zip(&gradient) {
                    assert!((e + g).abs() < 1e-14 * (1.0 + e.abs()), "{e} {g}");
                }
            }
            for l in 1..=network.depth() {
                let gradient = matrix(&blocks, Kind::WeightGradient, l, rows);
                for ((i, j), &derivative) in gradient.indexed_iter() {
                    let at = |h: f64| {
                        let mut moved = network.clone();
                        moved.weights[l - 1][[i, j]] += h;
                        cost(&moved)
                    };
                    // Differences of fourth order: their error is about 1e-12 here.
                    let h = 1e-3;
                    let difference = (8.0 * (at(h) - at(-h)) - (at(2.0 * h) - at(-2.0 * h))) / (12.0 * h);
                    assert!((difference - derivative).abs() < 1e-11, "{difference} {derivative}");
                }
            }
        }
    }
}

#[test]
fn the_cosines_are_those_of_the_updates() {
    for network in networks() {
        let blocks = ask(&network, Rows::Receivers, None);
        let down = find(&blocks, Kind::WeightGradient, 1).unwrap().mapv(|x| -x);
        for (update, angle) in [(Kind::Update, Kind::Cosine), (Kind::UpdateByShares, Kind::CosineByShares)] {
            let update = find(&blocks, update, 1).unwrap();
            assert!((cosine(&update, &down).unwrap() - vector(&blocks, angle, 1)[0]).abs() < 1e-14);
        }
    }
}

#[test]
fn a_step_of_learning_goes_along_the_update_and_the_exact_one_goes_down() {
    for network in networks() {
        for rows in [Rows::Senders, Rows::Receivers] {
            let steps = [
                (Way::Shares, Kind::UpdateByShares, 1.0),
                (Way::Simplified, Kind::Update, 1.0),
                (Way::Exact, Kind::WeightGradient, -1.0),
            ];
            for (way, update, sign) in steps {
                let blocks = ask(&network, rows, Some((way, 0.125)));
                let mut moved = network.clone();
                for l in 1..=network.depth() {
                    let next = find(&blocks, Kind::Next, l).unwrap();
                    let expected =
                        &network.weights[l - 1] + &(matrix(&blocks, update, l, rows) * (sign * 0.125));
                    assert_eq!(next, expected);
                    moved.weights[l - 1] = next;
                }
                if way == Way::Exact {
                    assert!(cost(&moved) < cost(&network));
                }
            }
        }
    }
}

#[test]
fn columns_without_shares_end_the_split_and_nothing_else() {
    let file = "targets = [1, 1]\ninputs = [1]\n[[layers]]\nweights = [[0.1, 0.2, 0.3]]\n\
                [[layers]]\nweights = [[0.1, 0.1], [0.2, 2], [-0.3, 3]]";
    let network = parse("net.toml", file).unwrap();
    for rows in [Rows::Senders, Rows::Receivers] {
        let blocks = ask(&network, rows, Some((Way::Shares, 1.0)));
        assert_eq!(vector(&blocks, Kind::NoShares, 2)[0], 0.0);
        for missing in [Kind::Share, Kind::ByShares, Kind::UpdateByShares, Kind::CosineByShares, Kind::Next] {
            assert!(blocks.iter().all(|block| block.kind != missing), "{missing:?}");
        }
        assert_eq!(vector(&blocks, Kind::Simplified, 1).len(), 3);
    }
    // Shares larger than any number here: the column is there, but its sum is next to nothing.
    let file = "targets = [1]\ninputs = [1]\n[[layers]]\nweights = [[1e-310, 1e-310]]\n\
                [[layers]]\nweights = [[1e140], [-9.99999999e139]]\n[[layers]]\nweights = [[1e-200]]";
    let network = parse("net.toml", file).unwrap();
    assert!(ask(&network, Rows::Senders, None).iter().all(|block| block.kind != Kind::Refused));
}

#[test]
fn questions_that_make_no_sense_get_a_reason() {
    let message = |blocks: &[Block]| -> String {
        let numbers = &blocks.iter().find(|block| block.kind == Kind::Refused).unwrap().numbers;
        numbers.iter().map(|&x| char::from_u32(x as u32).unwrap()).collect()
    };
    let good = Question { network: Network::lecture(), rows: Rows::Senders, from_noted: true, step: None };
    assert_eq!(Question::from_blocks(&good.blocks()).unwrap(), good);
    for missing in [Kind::Weights, Kind::Targets] {
        let blocks: Vec<Block> = good.blocks().into_iter().filter(|block| block.kind != missing).collect();
        assert!(Question::from_blocks(&blocks).is_err(), "{missing:?}");
    }
    for (kind, number) in [(Kind::Weights, f64::NAN), (Kind::Inputs, f64::INFINITY), (Kind::Targets, 2e150)] {
        let mut blocks = good.blocks();
        blocks.iter_mut().find(|block| block.kind == kind).unwrap().numbers[[0, 0]] = number;
        assert!(Question::from_blocks(&blocks).unwrap_err().contains("use a smaller one"));
    }
    let mut network = Network::lecture();
    for w in &mut network.weights {
        w.fill(1e150);
    }
    network.targets.fill(-1e150);
    network.inputs = None;
    network.weights.insert(1, Array2::from_elem((3, 3), 1e150));
    assert!(message(&ask(&network, Rows::Senders, None)).contains("grow beyond all limits"));
}

/// The page without what is no markup: style, data and program.
fn markup(html: &str) -> String {
    let mut text = String::new();
    for (i, part) in html.split("</script>").flat_map(|part| part.split("</style>")).enumerate() {
        let open = part.rfind("<script ").into_iter().chain(part.rfind("<style>")).max();
        let close = open.and_then(|open| part[open..].find('>').map(|end| (open, end)));
        match close {
            Some((open, end)) => text.push_str(&(part[..open + end].to_owned() + "/>")),
            None => text.push_str(part),
        }
        assert!(i < 10, "something closes the program early");
    }
    text
}

fn assert_well_formed(html: &str) {
    let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
    let markup = markup(html);
    let document =
        roxmltree::Document::parse_with_options(&markup, options).unwrap_or_else(|e| panic!("{e}\n{markup}"));
    let mut ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is there twice");
    for node in document.descendants() {
        for reference in ["aria-labelledby", "for"].iter().filter_map(|&name| node.attribute(name)) {
            assert!(ids.contains(&reference), "nothing is called {reference}");
        }
        // Nothing is loaded from anywhere.
        for address in ["src", "href"].iter().filter_map(|&name| node.attribute(name)) {
            assert!(address.starts_with('#') || address.starts_with("data:"), "{address}");
        }
    }
    // Names of namespaces are no addresses that anything is loaded from.
    let rest = html.replace("http://www.w3.org/", "");
    assert!(!rest.contains("http:") && !rest.contains("https:") && !rest.contains("url("));
    assert!(!html.contains("{{") && !html.contains("NaN,"), "something was not filled in");
}

#[test]
fn pages_of_all_networks_are_well_formed_and_have_their_numbers() {
    let mut all = networks();
    let mut random = Random::new(5);
    all.extend(
        [&[40, 30, 20][..], &[3, 300], &[300, 3], &[1, 200, 1], &[2; 65]].map(|w| random.network(w, 1.0)),
    );
    let mut outputs_only = Network::lecture();
    outputs_only.inputs = None;
    outputs_only.outputs = Some(vec![Noted { value: 0.123, decimals: 3 }; 2]);
    all.push(outputs_only);
    for network in all {
        for engine in [None, Some(&[0, 97, 115, 109][..])] {
            let html = Page { name: Some("net.toml"), network: &network, engine }.html().unwrap();
            assert_well_formed(&html);
            assert!(html.contains(&network.shape()));
            assert!(html.contains(&format!("{:?}", network.weights[0][[0, 0]])));
            assert_eq!(html.contains("AGFzbQ=="), engine.is_some());
        }
    }
    let html = Page { name: None, network: &Network::lecture(), engine: None }.html().unwrap();
    for figure in ["0.435", "0.1825", "0.216", "0.129", "0.6", "0.58"] {
        assert!(html.contains(&format!(",{figure},")), "{figure}");
    }
}

#[test]
fn hostile_names_are_text() {
    for name in [
        "</title><script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "{{program}}{{engine}}",
        "a\u{0}b\u{1b}[31m\u{7}\r\n",
        "&amp;&#60;",
        "--><!--",
        "]]>",
    ] {
        let html = Page { name: Some(name), network: &Network::lecture(), engine: None }.html().unwrap();
        if !name.contains("{{") {
            assert_well_formed(&html);
        }
        assert_eq!(html.matches("<script").count(), 3, "{name}");
        assert!(!html.contains("<img"), "{name}");
        assert!(!html.contains(['\0', '\u{1b}', '\u{7}', '\r']), "{name}");
    }
}

#[test]
fn too_large_a_network_needs_the_engine() {
    let network = Random::new(1).network(&[200, 101], 1.0);
    const { assert!(200 * 101 > MOST_STORED) };
    let page = Page { name: None, network: &network, engine: None };
    let error = page.html().unwrap_err().to_string();
    assert!(error.contains("has 20200 weights") && error.contains("\n  help: "), "{error}");
    assert!(Page { engine: Some(&[]), ..page }.html().is_ok());
}

/// A directory that is gone again at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("chainrule-page-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn run(folder: &Folder, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_lecture"))
        .args(arguments)
        .current_dir(&folder.0)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn the_command_writes_a_page_and_says_where() {
    let folder = Folder::new("writes");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("my-network.toml");
    let sample = sample.to_str().unwrap();
    for arguments in [
        &["--html", "a.html", "--without-engine"][..],
        &["--html", "a.html", "--without-engine", sample],
        &[sample, "--without-engine", "--html=a.html"],
        &["--html", "A.HTM", "--without-engine"],
    ] {
        let (status, text, errors) = run(&folder, arguments);
        assert_eq!((status, errors.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(
            text.to_lowercase().starts_with("a.htm") && text.ends_with(" kB; open it in a browser\n"),
            "{text}"
        );
    }
    let html = std::fs::read_to_string(folder.0.join("a.html")).unwrap();
    assert_well_formed(&html);
    assert!(html.contains("my-network.toml</title>"));
}

#[test]
fn wrong_arguments_give_status_2_and_a_remedy() {
    let folder = Folder::new("wrong");
    std::fs::write(folder.0.join("net.toml"), "targets = [1]\ninputs = [1]\nlayers = [{ weights = [[1]] }]")
        .unwrap();
    for arguments in [
        &["--html"][..],
        &["--html", "net.toml"], // would be written over
        &["--html", "net.toml", "--without-engine"],
        &["--html", "", "--without-engine"],
        &["--html", "page", "--without-engine"],
        &["--html", "a.html", "--html", "b.html"],
        &["--without-engine"],
        &["--html", "a.html", "no-such-file.toml"],
    ] {
        let (status, text, errors) = run(&folder, arguments);
        assert_eq!((status, text.as_str()), (Some(2), ""), "{arguments:?}: {errors}");
        assert!(errors.contains("error: "), "{errors}");
        assert!(!folder.0.join("a.html").exists(), "{arguments:?}");
    }
    let (_, _, errors) = run(&folder, &["--html", "net.toml"]);
    assert!(
        errors.contains("`net.toml`, whose name does not end in .html\n  help: name the page first"),
        "{errors}"
    );
    assert!(std::fs::read_to_string(folder.0.join("net.toml")).unwrap().starts_with("targets"));
}

#[test]
fn a_page_that_cannot_be_written_is_an_error_with_status_1() {
    let folder = Folder::new("unwritable");
    std::fs::create_dir(folder.0.join("directory.html")).unwrap();
    for path in ["no-such-directory/page.html", "directory.html"] {
        let (status, text, errors) = run(&folder, &["--html", path, "--without-engine"]);
        assert_eq!((status, text.as_str()), (Some(1), ""));
        assert!(
            errors.starts_with(&format!("error: {path}: cannot be written: "))
                && errors.contains("\n  help: "),
            "{errors}"
        );
    }
    let error = write_page(Path::new("/no/such/page.html"), None, &Network::lecture(), None).unwrap_err();
    assert!(matches!(error, PageError::Unwritable(..)));
    assert!(is_page(Path::new("a/b.HTML")).is_ok() && is_page(Path::new("html")).is_err());
}
