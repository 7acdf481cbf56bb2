//! Pictures of dense networks.

use chainrule_graph::ErrorKind;
use chainrule_view::{Theme, network};
use ndarray::{Array2, array};
use roxmltree::Document;

/// The lecture's `W[2]`, a row for each sender, and its errors.
fn lecture() -> (Array2<f64>, [ndarray::Array1<f64>; 2]) {
    (array![[0.3, 0.2], [0.2, 0.1], [0.1, 0.1]], [array![0.216, 0.129, 0.087], array![0.42, 0.45]])
}

fn texts(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap();
    let texts = document.descendants().filter(|node| node.has_tag_name("text"));
    texts.map(|node| node.text().unwrap_or_default().to_owned()).collect()
}

#[test]
fn errors_come_back_with_the_sums_of_the_lecture() {
    let (w, [e1, e2]) = lecture();
    let picture = network([&w]).errors([&e1, &e2]).arithmetic(true);
    let shown = texts(&picture.to_svg().unwrap());
    for text in [
        "E[0]",
        "E[1]",
        "W[1] 3 x 2",
        "0.216",
        "0.45",
        "E[0], neuron 1: 0.3 · 0.42 + 0.2 · 0.45 = 0.216",
        "E[0], neuron 2: 0.2 · 0.42 + 0.1 · 0.45 = 0.129",
        "E[0], neuron 3: 0.1 · 0.42 + 0.1 · 0.45 = 0.087",
    ] {
        assert!(shown.iter().any(|line| line == text), "{text} is not in {shown:?}");
    }
    assert_eq!(picture.to_svg().unwrap(), picture.to_svg().unwrap());
    // Figures that are not those sums are refused, with the neuron that is off.
    let wrong = [array![0.216, 0.13, 0.087], e2];
    let picture = network([&w]).errors([&wrong[0], &wrong[1]]);
    assert!(picture.to_svg().is_ok());
    let error = picture.arithmetic(true).to_svg().unwrap_err();
    assert_eq!((error.kind(), error.location().line()), (ErrorKind::Argument, line!() - 1));
    assert!(error.message().starts_with("E[0] of neuron 2 is 0.13, the sum 0.129"), "{error}");
}

#[test]
fn signals_go_forward_with_their_sums_in_any_number_type() {
    let w = array![[0.5_f32, -2.0], [0.25, 1.0]];
    let svg = network([&w]).signals([&array![1.0_f32, -2.0]]).arithmetic(true).to_svg().unwrap();
    let shown = texts(&svg);
    assert!(shown.contains(&"Z[1], neuron 1: 0.5 · 1 + 0.25 · (-2) = 0".into()), "{shown:?}");
    assert!(shown.contains(&"Z[1], neuron 2: (-2) · 1 + 1 · (-2) = -4".into()), "{shown:?}");
    // One negative weight, one dashed line.
    assert_eq!(svg.matches("stroke-dasharray:6 4").count(), 1);
}

#[test]
fn sizes_that_do_not_fit_are_refused() {
    let (w, [e1, e2]) = lecture();
    let refused = |picture: chainrule_view::Network| picture.to_svg().unwrap_err().to_string();
    let error = network([&w, &w]).to_svg().unwrap_err();
    assert_eq!((error.location().file(), error.location().line()), (file!(), line!() - 1));
    assert!(refused(network(&Vec::<Array2<f64>>::new())).contains("there are no weights"));
    assert!(refused(network([&w, &w])).contains("W[2] has 3 rows, the layer before it 2 neurons"));
    assert!(refused(network([&w]).signals([&e2])).contains("A[0] has 2 numbers, its layer 3 neurons"));
    assert!(refused(network([&w]).errors([&e1])).contains("E[1] has 3 numbers, its layer 2 neurons"));
    let three = [&e1, &e2, &e2];
    assert!(refused(network([&w]).errors(three)).contains("3 layers of errors, and 2 layers of neurons"));
    assert!(refused(network([Array2::<f64>::zeros((0, 2)).view()])).contains("layer 0 has no neurons"));
}

#[test]
fn weights_do_not_overlap_and_large_layers_are_abridged() {
    for widths in [vec![1, 1], vec![2, 3, 2], vec![5, 4, 5], vec![3, 12, 3], vec![784, 40, 10]] {
        let weight = |(i, j): (usize, usize)| ((i * 7 + j * 3) % 11) as f64 / 8.0 - 0.7;
        let weights: Vec<Array2<f64>> =
            widths.windows(2).map(|pair| Array2::from_shape_fn((pair[0], pair[1]), weight)).collect();
        let svg = network(&weights).theme(Theme::Dark).to_svg().unwrap();
        let document = Document::parse(&svg).unwrap();
        let number =
            |node: roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap().parse::<f64>().unwrap();
        // The patches of ground under weights.
        let patches =
            document.descendants().filter(|node| node.has_tag_name("rect") && node.has_attribute("x"));
        let frames: Vec<[f64; 4]> = patches
            .map(|node| {
                let [x, y, width, height] = ["x", "y", "width", "height"].map(|name| number(node, name));
                [x, y, x + width, y + height]
            })
            .collect();
        for (i, a) in frames.iter().enumerate() {
            for b in &frames[i + 1..] {
                assert!(
                    a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] + 1.5 || b[3] <= a[1] + 1.5,
                    "{a:?} {b:?}"
                );
            }
        }
        let circles = document.descendants().filter(|node| node.has_tag_name("circle")).count();
        assert_eq!(circles, widths.iter().map(|&width| if width > 12 { 11 } else { width }).sum::<usize>());
        assert_eq!(svg.contains(">773 more</text>"), widths[0] == 784);
        assert_eq!(svg.contains(">-0.7</text>"), widths[0] != 784, "{widths:?}");
    }
}
