//! Each layer against PyTorch: output, gradients, buffers. The figures are made by `data/layers.py`.

use crate::zoo::{close, torch, torch_cases};
use chainrule_graph::Graph;

#[test]
fn outputs_gradients_and_buffers_are_those_of_pytorch() {
    let torch = torch();
    for case in torch_cases::<f64>(&torch) {
        let figures = &torch[case.name];
        let graph = Graph::new();
        let bound = case.params.bind(&graph);
        let bound = if case.train { bound.train(1) } else { bound };
        let x = graph.constant(&case.x);
        let y = bound.apply(&case.layer, x);
        close(case.name, &y.value().unwrap(), &figures.y.array(), 1e-12);

        let loss = (y * figures.e.array::<f64>()).sum();
        let gradients = loss.grad(bound.trained()).unwrap();
        assert_eq!(gradients.len(), figures.dparams.len(), "{}", case.name);
        for (name, want) in &figures.dparams {
            let what = format!("{}: gradient of `{name}`", case.name);
            close(&what, &gradients.get(name).value().unwrap(), &want.array(), 1e-11);
        }
        if let Some(want) = &figures.dx {
            let what = format!("{}: gradient of the input", case.name);
            close(&what, &loss.grad(x).unwrap().value().unwrap(), &want.array(), 1e-11);
        }

        let updates = bound.updates();
        assert_eq!(updates.len(), if case.train { figures.after.len() } else { 0 }, "{}", case.name);
        for (node, next) in updates {
            let name = ["running_mean", "running_var"]
                .into_iter()
                .find(|name| bound.get(name).value().unwrap() == node.value().unwrap());
            let name = name.unwrap();
            close(name, &next.value().unwrap(), &figures.after[name].array(), 1e-13);
        }
    }
}
