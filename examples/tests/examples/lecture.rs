//! The lecture as a reader meets it: its figures, its layout, its verdicts, for its own network and for others.

use chainrule_examples::layout::{WIDTH, width};
use chainrule_examples::lecture::{Sample, lecture, own_network};
use chainrule_examples::network::{Network, Noted};
use chainrule_examples::network_file::parse;
use chainrule_examples::random::Random;
use chainrule_examples::report::Report;
use ndarray::{Array1, array};

/// Large enough for the claims of section 7 to hold, small enough for an unoptimised build.
const SAMPLE: Sample = Sample { networks: 24, widths: [40, 60, 10] };

/// The text, and the claims that failed.
fn report(tell: impl FnOnce(&mut Report<'_>)) -> (String, Vec<String>) {
    let mut text = Vec::new();
    let mut report = Report::new(&mut text);
    tell(&mut report);
    let failed = report.failed().to_vec();
    (String::from_utf8(text).unwrap(), failed)
}

fn own(name: &str, network: &Network) -> (String, Vec<String>) {
    report(|report| own_network(report, name, network).unwrap())
}

/// What every report has, whatever the network.
fn assert_well_formed(text: &str, failed: &[String]) {
    for line in text.lines() {
        assert!(width(line) <= WIDTH, "{} characters: {line}\n{text}", width(line));
        assert_eq!(line, line.trim_end(), "spaces at the end");
        assert!(!line.contains("NaN"), "{line}\n{text}");
    }
    assert!(failed.is_empty(), "{failed:?}\n{text}");
    let checks = text.matches("\n  [ok] ").count();
    assert!(text.ends_with(&format!("\n\nAll {checks} checks passed.\n")), "{text}");
    assert!(!text.contains("\n\n\n"), "two empty lines:\n{text}");
}

#[test]
fn the_figures_of_the_lecture() {
    let (text, failed) = report(|report| lecture(report, SAMPLE).unwrap());
    assert_well_formed(&text, &failed);
    for figure in [
        // 1
        "A[2] = (0.580079, 0.550077)\n",
        "A[2] = (0.58, 0.55), as given\n",
        "E[2] = (0.42, 0.45), from the given outputs\n",
        "E[2] = (0.419921, 0.449923), from the exact outputs\n",
        // 2
        "normalisers of W[2] = (0.6, 0.4)\n",
        "0.3/0.6 * 0.42 + 0.2/0.4 * 0.45 = 0.21 + 0.225 = 0.435\n",
        "0.2/0.6 * 0.42 + 0.1/0.4 * 0.45 = 0.14 + 0.1125 = 0.2525\n",
        "0.1/0.6 * 0.42 + 0.1/0.4 * 0.45 = 0.07 + 0.1125 = 0.1825\n",
        "E[1] = (0.435, 0.2525, 0.1825)\n",
        "[ok] rounded to two decimals, as the lecture shows them: (0.44, 0.25, 0.18)\n",
        "the sum of E[1] is 0.87, the sum of E[2] is 0.87\n",
        "E[1] = (0.435, 0.435, 0.435)             E[1] = (0.435, 0.2525, 0.1825)\n",
        "sum  = 1.305                             sum  = 0.87\n",
        // 3
        "0.3 * 0.42 + 0.2 * 0.45 = 0.216\n",
        "0.2 * 0.42 + 0.1 * 0.45 = 0.129\n",
        "0.1 * 0.42 + 0.1 * 0.45 = 0.087\n",
        "E[1] by hand                     = (0.216, 0.129, 0.087)\n",
        "E[1] by the closed form, ndarray = (0.216, 0.129, 0.087)\n",
        "E[1] by the tape, Z.vjp(E, [A])  = (0.216, 0.129, 0.087)\n",
        // 5
        "    E = (0.216, 0.129, 0.087)                E = (0.216, 0.129, 0.087)\n",
        // 6
        "dC/dA[2], tape   = (-0.419921, -0.449923)\n",
        "-dC/dA[1], by the tape     = (0.0529567, 0.0315927, 0.021364)\n",
        // 7
        "without the normaliser 0.87 becomes 0.432",
    ] {
        assert!(text.contains(figure), "{figure} is not in\n{text}");
    }
    for section in 1..=7 {
        assert!(text.contains(&format!("\n\n{section}. ")), "section {section}");
    }
    // Random networks of 2 to 6 layers, and the extremes of width.
    for depth in 2..=6 {
        let shape =
            |line: &str| line.split_whitespace().next().is_some_and(|s| s.split('-').count() == depth + 1);
        assert!(text.lines().any(|line| line.starts_with("  ") && shape(line)), "{depth} layers");
    }
    assert!(text.contains("  1-64-1 "));
}

#[test]
fn the_lecture_is_the_same_every_time() {
    let run = || report(|report| lecture(report, SAMPLE).unwrap());
    assert_eq!(run(), run());
}

#[test]
fn networks_of_all_shapes_fit_the_page() {
    let mut random = Random::new(3);
    let shapes: [&[usize]; 9] = [
        &[1, 1],
        &[1, 1, 1],
        &[2, 3, 2],
        &[40, 30, 20],
        &[3, 300],
        &[300, 3],
        &[1, 200, 1],
        &[7, 1, 7],
        &[2; 65],
    ];
    for widths in shapes {
        let mut network = random.network(widths, 1.0);
        let (text, failed) = own("net.toml", &network);
        assert_well_formed(&text, &failed);
        let all = text.matches("\n\n7. ").count();
        assert_eq!(all, 1, "the last section is there");
        // Only the outputs are known: what needs the signals is left out, and says so.
        network.inputs = None;
        network.outputs = Some(vec![Noted { value: 0.123, decimals: 3 }; network.targets.len()]);
        let (text, failed) = own("net.toml", &network);
        assert_well_formed(&text, &failed);
        assert!(text.contains("There are no inputs") && text.contains("Give `inputs` in the file"), "{text}");
    }
}

#[test]
fn numbers_of_all_sizes_pass_their_checks() {
    let mut random = Random::new(11);
    for round in 0..300 {
        let depth = random.integer(1, 4);
        let widths: Vec<usize> = (0..=depth).map(|_| random.integer(1, 7)).collect();
        // Powers of ten that leave no sum beyond the limit, in the scales of weights, inputs and targets.
        let mut power = |low: f64, high: f64| 10_f64.powf(random.uniform(low, high).round());
        let (weights, inputs, targets) = match round % 5 {
            0 => (power(-3.0, 1.0), 1.0, 1.0),
            1 => (power(-70.0, -30.0), power(-150.0, 0.0), power(-150.0, 0.0)),
            2 => (power(0.0, 30.0), power(-20.0, 20.0), power(0.0, 20.0)),
            3 => (power(-20.0, 3.0), power(0.0, 100.0), power(-5.0, 5.0)),
            _ => (power(-300.0, -150.0), power(-300.0, 100.0), power(-300.0, 100.0)),
        };
        let mut network = random.network(&widths, weights);
        network.inputs = network.inputs.map(|a| a * inputs);
        network.targets *= targets;
        // Some weights of zero, and some columns that nearly cancel.
        for w in &mut network.weights {
            for weight in w.iter_mut() {
                if random.uniform(0.0, 1.0) < 0.1 {
                    *weight = 0.0;
                }
            }
            if w.nrows() > 1 && random.uniform(0.0, 1.0) < 0.2 {
                let tiny = random.uniform(-1e-12, 1e-12);
                w[[1, 0]] = -w[[0, 0]] * (1.0 + tiny);
            }
        }
        assert!(network.beyond(chainrule_examples::lecture::LARGEST).is_none(), "{network:?}");
        let (text, failed) = own("net.toml", &network);
        assert_well_formed(&text, &failed);
    }
}

#[test]
fn columns_that_add_up_to_zero_are_explained() {
    let file = "targets = [1, 1]\ninputs = [1]\n[[layers]]\nweights = [[0.1, 0.2, 0.3]]\n\
                [[layers]]\nweights = [[0.1, 0.1], [0.2, 2], [-0.3, 3]]";
    let (text, failed) = own("net.toml", &parse("net.toml", file).unwrap());
    assert_well_formed(&text, &failed);
    assert!(text.contains("Column 1 of W[2] adds up to zero. No weight has a share in zero"), "{text}");
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.join(" ").contains("there is no split by shares to compare with."), "{text}");
}

#[test]
fn normalisers_too_small_to_divide_by_are_explained() {
    // 1e-310 is a number, and 1/1e-310 is not.
    let file = "inputs = [0.5]\ntargets = [1.0]\n[[layers]]\nweights = [[1.0, 2.0]]\n[[layers]]\nweights = [[1e-310], [2e-310]]";
    let (text, failed) = own("net.toml", &parse("net.toml", file).unwrap());
    assert_well_formed(&text, &failed);
    let words: Vec<&str> = text.split_whitespace().collect();
    assert!(words.join(" ").contains("too small for a factor to be shown"), "{text}");
    assert!(!text.contains("(inf)"), "{text}");
}

#[test]
fn saturated_neurons_and_exact_outputs_are_no_failures() {
    for file in [
        "targets = [1]\ninputs = [1e6, 1]\n[[layers]]\nweights = [[9, -9], [1, 1]]\n[[layers]]\nweights = [[1], [1]]",
        "targets = [0.5]\ninputs = [0]\n[[layers]]\nweights = [[1]]\n[[layers]]\nweights = [[0]]",
    ] {
        let (text, failed) = own("net.toml", &parse("net.toml", file).unwrap());
        assert_well_formed(&text, &failed);
        assert!(text.contains("There is no angle") || text.contains("cosine"), "{text}");
    }
}

#[test]
fn the_lectures_network_from_a_file_has_the_lectures_figures() {
    let network = Network::lecture();
    let (text, failed) = own("net.toml", &network);
    assert_well_formed(&text, &failed);
    for figure in ["(0.435, 0.2525, 0.1825)", "(0.216, 0.129, 0.087)", "without the normaliser   1.0000"] {
        assert!(text.contains(figure), "{figure} is not in\n{text}");
    }
}

#[test]
fn outputs_that_contradict_the_inputs_are_named() {
    let mut network = Network::lecture();
    network.outputs.as_mut().unwrap()[1].value = 0.9;
    let (text, failed) = own("net.toml", &network);
    assert_eq!(failed, ["output 2: the tape's 0.550077, rounded, is the given 0.90"]);
    assert!(text.contains("\n  [FAILED] output 2: "), "{text}");
    assert!(
        text.ends_with("checks FAILED.\n") && text.lines().last().unwrap().starts_with("1 of "),
        "{text}"
    );
    // Of many outputs only the wrong one.
    let weights = vec![ndarray::Array2::zeros((1, 30))];
    let mut outputs = vec![Noted { value: 0.5, decimals: 1 }; 30];
    outputs[20].value = 0.6;
    let inputs = Some(array![1.0]);
    let network = Network { weights, targets: Array1::ones(30), inputs, outputs: Some(outputs) };
    let (_, failed) = own("net.toml", &network);
    assert_eq!(failed, ["output 21: the tape's 0.5, rounded, is the given 0.6"]);
}

#[test]
fn names_of_files_cannot_break_the_layout_or_the_terminal() {
    let name = format!("\x1b[31m{}/\u{7}{}.toml", "long".repeat(60), "name ".repeat(60));
    let (text, failed) = own(&name, &Network::lecture());
    assert_well_formed(&text, &failed);
    assert!(!text.contains(['\x1b', '\u{7}']));
}

#[test]
fn a_writer_that_fails_ends_the_report_with_its_error() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            match self.0.checked_sub(bytes.len()) {
                Some(left) => self.0 = left,
                None => return Err(std::io::ErrorKind::StorageFull.into()),
            }
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut full = Full(500);
    let stop = own_network(&mut Report::new(&mut full), "net.toml", &Network::lecture()).unwrap_err();
    assert!(stop.to_string().starts_with("cannot write the output: "), "{stop}");
}
