//! Schedules and plateaus against PyTorch's; figures by `data/optimisers.py`.

use chainrule_graph::{Graph, Program};
use chainrule_layers::{Params, Plateau, Schedule, Sgd};

fn figures(name: &str) -> Vec<f64> {
    let data: serde_json::Value = serde_json::from_str(include_str!("../data/optimisers.json")).unwrap();
    serde_json::from_value(data[name].clone()).unwrap()
}

#[test]
fn rates_follow_their_references() {
    for (name, schedule) in [
        ("step_decay", Schedule::step_decay(0.5, 0.3, 7)),
        ("exponential", Schedule::exponential(0.5, 0.9)),
        ("linear", Schedule::linear(0.5, 0.1, 20)),
        ("polynomial", Schedule::polynomial(0.5, 0.0, 20, 2.5)),
        ("cosine", Schedule::cosine_to(0.5, 0.05, 30)),
        ("one_cycle", Schedule::one_cycle(0.5, 30)),
    ] {
        for (t, want) in figures(name).into_iter().enumerate() {
            let have = schedule.rate(t);
            assert!((have - want).abs() <= 1e-14, "{name} at {t}: {have} {want}");
        }
    }
}

#[test]
fn ends_and_warm_up() {
    assert_eq!(Schedule::from(0.1).rate(1_000_000), 0.1);
    assert_eq!(Schedule::cosine(0.1, 5).rate(500), 0.0);
    assert_eq!(Schedule::linear(0.1, 0.3, 5).rate(500), 0.3);
    assert_eq!(Schedule::polynomial(0.1, 0.0, 5, 0.5).rate(500), 0.0);
    let end = Schedule::one_cycle(0.5, 30).rate(500);
    assert!((end - 0.5 / 250_000.0).abs() < 1e-16, "{end}");
    let warm = Schedule::step_decay(0.8, 0.5, 2).warm_up(3);
    let rates: Vec<f64> = (0..8).map(|t| warm.rate(t)).collect();
    for (have, want) in rates.into_iter().zip([0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0.4, 0.2]) {
        assert!((have - want).abs() < 1e-15);
    }
    assert!(Schedule::constant(-1.0).rate(0).is_nan());
}

/// Of a loss with gradient 1, each step takes its rate from the parameter.
#[test]
fn a_program_uses_the_rate_that_the_host_tells() {
    for schedule in [
        Schedule::one_cycle(0.5, 12),
        Schedule::cosine_to(0.5, 0.1, 9).warm_up(4),
        Schedule::exponential(0.5, 0.7),
        Schedule::polynomial(0.5, 0.1, 7, 1.5),
    ] {
        let mut params = Params::new();
        params.insert("x", [0.0]);
        let graph = Graph::new();
        let bound = params.bind(&graph);
        let loss = bound.get("x").sum();
        let updates = Sgd::new(schedule.clone()).minimize(loss, &bound).unwrap();
        let mut step = Program::new([], [loss]).updates(updates).compile().unwrap();
        for t in 0..15 {
            step.state().set("x", [0.0]).unwrap();
            step.run(()).unwrap();
            assert_eq!(step.state().get("x").unwrap()[[0]], -schedule.rate(t), "{schedule:?} {t}");
        }
        // and a factor in the state multiplies it
        step.state().set("optimizer.factor", 0.5).unwrap();
        step.state().set("x", [0.0]).unwrap();
        step.run(()).unwrap();
        assert_eq!(step.state().get("x").unwrap()[[0]], -schedule.rate(15) * 0.5);
    }
}

#[test]
fn plateaus_follow_their_references() {
    let metrics = figures("metrics");
    let lower = Plateau::new().factor(0.5).patience(2).threshold(0.01).cooldown(3).minimum(0.05);
    let rising = Plateau::new().factor(0.3).patience(4).rising();
    for (name, mut plateau) in [("plateau", lower), ("plateau_rising", rising)] {
        for (&metric, want) in metrics.iter().zip(figures(name)) {
            let have = plateau.observe(metric).unwrap();
            assert!((have - want).abs() < 1e-15, "{name} {have} {want}");
            assert_eq!(have, plateau.current());
            // saved and loaded in between
            plateau = serde_json::from_str(&serde_json::to_string(&plateau).unwrap()).unwrap();
        }
        assert!(plateau.current() < 1.0);
    }
}

#[test]
fn plateaus_of_odd_metrics() {
    let mut plateau = Plateau::new().patience(0).factor(0.5);
    let metrics = [f64::INFINITY, f64::NAN, 0.0, -1.0, f64::NAN, -1.0];
    let factors = metrics.map(|metric| plateau.observe(metric).unwrap());
    assert_eq!(factors, [0.5, 0.25, 0.25, 0.25, 0.125, 0.0625]);
    assert!(Plateau::new().factor(1.0).observe(1.0).is_err());
    assert!(Plateau::new().threshold(-1.0).observe(1.0).is_err());
    assert!(Plateau::new().minimum(f64::NAN).observe(1.0).is_err());
}

#[test]
fn schedules_are_data() {
    let schedule = Schedule::one_cycle(0.5, 30).warm_up(4);
    let text = serde_json::to_string(&schedule).unwrap();
    assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
}
