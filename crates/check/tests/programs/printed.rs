//! A program for each operation, as printed: made by `UPDATE_PAGES=1 cargo test -p chainrule-check --test programs printing`.
#![allow(unused_imports, clippy::all)]

use chainrule_graph::*;
use ndarray::{ArrayD, NewAxis, arr0, array, s};

fn square_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.square();
    let v2 = v0.square();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn sqrt_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 + 1.75;
    let v2 = v1.sqrt();
    let v3 = v0 + 1.75;
    let v4 = v3.sqrt();
    let v5 = graph.variable("v5", arr0(-1.125));
    let v6 = v5 * v0;
    let v7 = (v2 * arr0(0.75)).sum();
    let v8 = (v4 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * arr0(0.125)).sum();
    let v11 = v9 + v10;
    v11
}

fn exp_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.exp();
    let v2 = v0.exp();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn ln_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 + 1.75;
    let v2 = v1.ln();
    let v3 = v0 + 1.75;
    let v4 = v3.ln();
    let v5 = graph.variable("v5", arr0(-1.125));
    let v6 = v5 * v0;
    let v7 = (v2 * arr0(0.75)).sum();
    let v8 = (v4 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * arr0(0.125)).sum();
    let v11 = v9 + v10;
    v11
}

fn sigmoid_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.sigmoid();
    let v2 = v0.sigmoid();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn tanh_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.tanh();
    let v2 = v0.tanh();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn relu_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.relu();
    let v2 = v0.relu();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn abs_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.abs();
    let v2 = v0.abs();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn sign_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.sign();
    let v2 = v0.sign();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn floor_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.floor();
    let v2 = v0.floor();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn expm1_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.expm1();
    let v2 = v0.expm1();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn log1p_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 + 1.0;
    let v2 = v1.log1p();
    let v3 = v0 + 1.0;
    let v4 = v3.log1p();
    let v5 = graph.variable("v5", arr0(-1.125));
    let v6 = v5 * v0;
    let v7 = (v2 * arr0(0.75)).sum();
    let v8 = (v4 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * arr0(0.125)).sum();
    let v11 = v9 + v10;
    v11
}

fn sin_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.sin();
    let v2 = v0.sin();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn cos_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.cos();
    let v2 = v0.cos();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn tan_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 + 0.25;
    let v2 = v1.tan();
    let v3 = v0 + 0.25;
    let v4 = v3.tan();
    let v5 = graph.variable("v5", arr0(-1.125));
    let v6 = v5 * v0;
    let v7 = (v2 * arr0(0.75)).sum();
    let v8 = (v4 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * arr0(0.125)).sum();
    let v11 = v9 + v10;
    v11
}

fn atan_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.atan();
    let v2 = v0.atan();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn softplus_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.softplus();
    let v2 = v0.softplus();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn erf_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.erf();
    let v2 = v0.erf();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn erfc_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.erfc();
    let v2 = v0.erfc();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn recip_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.recip();
    let v2 = v0.recip();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn powi_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.powi(-1);
    let v2 = v0.powi(-1);
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn powf_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 + 1.75;
    let v2 = v1.powf(0.75);
    let v3 = v0 + 1.75;
    let v4 = v3.powf(0.75);
    let v5 = graph.variable("v5", arr0(-1.125));
    let v6 = v5 * v0;
    let v7 = (v2 * arr0(0.75)).sum();
    let v8 = (v4 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * arr0(0.125)).sum();
    let v11 = v9 + v10;
    v11
}

fn clamp_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.clamp(Some(-0.25), None);
    let v2 = v0.clamp(Some(-0.25), None);
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn leaky_relu_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.leaky_relu(0.125);
    let v2 = v0.leaky_relu(0.125);
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn elu_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.elu(2.0);
    let v2 = v0.elu(2.0);
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn silu_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.silu();
    let v2 = v0.silu();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn gelu_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.gelu();
    let v2 = v0.gelu();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn gelu_tanh_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0.gelu_tanh();
    let v2 = v0.gelu_tanh();
    let v3 = graph.variable("v3", arr0(-1.125));
    let v4 = v3 * v1;
    let v5 = (v2 * arr0(0.75)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn add_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 + v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 + v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4 * v3;
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn sub_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 - v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 - v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4 * v3;
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn mul_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4 * v3;
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn div_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4 / v3;
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn add_number_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3 + (-2.0);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn sub_number_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3 - (-2.0);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn mul_number_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3 * (-2.0);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn div_number_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3 / (-2.0);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn neg_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = -v3;
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn map_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.map(Unary::Step);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn pow_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4 + 1.375;
    let v6 = v5.pow(v3);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * arr0(0.125)).sum();
    let v9 = v7 + v8;
    v9
}

fn maximum_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.maximum(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn minimum_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.minimum(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn less_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.less(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn less_equal_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.less_equal(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn equal_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.equal(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn greater_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.greater(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn greater_equal_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.greater_equal(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn not_equal_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.not_equal(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn atan2_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.atan2(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn hypot_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.hypot(v3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn chain_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(1.875));
    let v5 = v3.zip(Binary::Chain, v4);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn above_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(1.875));
    let v5 = v3.zip(Binary::Above, v4);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn select_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-1.125));
    let v5 = v4.less(-0.25);
    let v6 = v5.select(v4, v3);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * arr0(0.125)).sum();
    let v9 = v7 + v8;
    v9
}

fn sigmoid_cross_entropy_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(1.875));
    let v5 = v3.sigmoid_cross_entropy(v4);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn sum_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.sum();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn sum_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.sum_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn mean_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.mean();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn mean_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.mean_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn max_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.max();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn max_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.max_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn min_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.min();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn min_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.min_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn prod_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.prod();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn prod_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.prod_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn variance_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.variance();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn variance_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.variance_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn norm_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.norm();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn norm_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.norm_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn logsumexp_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.logsumexp();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn logsumexp_axes_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.logsumexp_axes(keep([0_usize; 0]));
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn softmax_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.softmax([0_usize; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn log_softmax_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.log_softmax([0_usize; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn softmax_cross_entropy_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = graph.variable("v5", array![1.875]);
    let v6 = v4.softmax_cross_entropy(v5);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * arr0(0.125)).sum();
    let v9 = v7 + v8;
    v9
}

fn softmax_cross_entropy_labels_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.softmax_cross_entropy_labels(arr0(0));
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn cumsum_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.cumsum(0);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![0.375]).sum();
    let v8 = v6 + v7;
    v8
}

fn argmax_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.argmax(0);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn argmin_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.argmin(0);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn uniform_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-2.0));
    let v5 = v4.uniform([2]);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v3 * arr0(0.5)).sum();
    let v8 = v6 + v7;
    let v9 = (v5 * array![0.375, -1.375]).sum();
    let v10 = v8 + v9;
    v10
}

fn normal_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-2.0));
    let v5 = v4.normal([2]);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v3 * arr0(0.5)).sum();
    let v8 = v6 + v7;
    let v9 = (v5 * array![0.375, -1.375]).sum();
    let v10 = v8 + v9;
    v10
}

fn fold_in_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(-2.0));
    let v5 = v4.fold_in(-0.25);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v3 * arr0(0.5)).sum();
    let v8 = v6 + v7;
    let v9 = (v5 * arr0(0.375)).sum();
    let v10 = v8 + v9;
    v10
}

fn matmul_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = graph.variable("v5", ArrayD::<f64>::from_shape_vec(vec![2, 1, 1], vec![0.75, -1.75]).unwrap());
    let v6 = v4.matmul(v5);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * array![[0.125], [0.125]]).sum();
    let v9 = v7 + v8;
    v9
}

fn dot_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.dot(v4);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * arr0(0.375)).sum();
    let v8 = v6 + v7;
    v8
}

fn outer_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.outer(v4);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![[0.375]]).sum();
    let v8 = v6 + v7;
    v8
}

fn einsum_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", array![[0.75, -1.75, 0.375], [-0.5, 1.75, -0.25]]);
    let v5 = graph.variable("v5", array![[1.875, -0.375, 0.75], [-0.5, -1.0, -1.0]]);
    let v6 = v4.einsum("ij,ij->", v5);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v3 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * arr0(0.125)).sum();
    let v11 = v9 + v10;
    v11
}

fn cholesky_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", ArrayD::<f64>::from_shape_vec(vec![0, 0], vec![]).unwrap());
    let v5 = v4.cholesky();
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v3 * arr0(0.5)).sum();
    let v8 = v6 + v7;
    let v9 = (v5 * ArrayD::<f64>::from_shape_vec(vec![0, 0], vec![]).unwrap()).sum();
    let v10 = v8 + v9;
    v10
}

fn solve_triangular_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", ArrayD::<f64>::from_shape_vec(vec![0, 0], vec![]).unwrap());
    let v5 = graph.variable("v5", ArrayD::<f64>::from_shape_vec(vec![0, 2], vec![]).unwrap());
    let v6 = v4.solve_triangular(Triangle::Upper, v5);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v3 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * ArrayD::<f64>::from_shape_vec(vec![0, 2], vec![]).unwrap()).sum();
    let v11 = v9 + v10;
    v11
}

fn solve_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", ArrayD::<f64>::from_shape_vec(vec![0, 0], vec![]).unwrap());
    let v5 = graph.variable("v5", ArrayD::<f64>::from_shape_vec(vec![0, 2], vec![]).unwrap());
    let v6 = v4.solve(v5);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v3 * arr0(0.5)).sum();
    let v9 = v7 + v8;
    let v10 = (v6 * ArrayD::<f64>::from_shape_vec(vec![0, 2], vec![]).unwrap()).sum();
    let v11 = v9 + v10;
    v11
}

fn inverse_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", ArrayD::<f64>::from_shape_vec(vec![0, 0], vec![]).unwrap());
    let v5 = v4.inverse();
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v3 * arr0(0.5)).sum();
    let v8 = v6 + v7;
    let v9 = (v5 * ArrayD::<f64>::from_shape_vec(vec![0, 0], vec![]).unwrap()).sum();
    let v10 = v8 + v9;
    v10
}

fn log_det_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", ArrayD::<f64>::from_shape_vec(vec![0, 0], vec![]).unwrap());
    let v5 = v4.log_det();
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v3 * arr0(0.5)).sum();
    let v8 = v6 + v7;
    let v9 = (v5 * arr0(0.375)).sum();
    let v10 = v8 + v9;
    v10
}

fn reshape_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1, 1]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * array![[0.5]]).sum();
    let v7 = v5 + v6;
    v7
}

fn permute_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.permute([0_usize; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn t_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.t();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn mt_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.mt();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn detach_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.detach();
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn squeeze_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.squeeze([0_usize; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn unsqueeze_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.unsqueeze([0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * array![0.5]).sum();
    let v7 = v5 + v6;
    v7
}

fn tile_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.tile([0_usize; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn broadcast_to_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.broadcast_to([0_usize; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn slice_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.slice([] as [ndarray::SliceInfoElem; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn flip_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.flip([0_usize; 0]);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn split_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.split([1], 0)[0];
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![0.375]).sum();
    let v8 = v6 + v7;
    v8
}

fn chunks_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.chunks(1, 0)[0];
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![0.375]).sum();
    let v8 = v6 + v7;
    v8
}

fn pad_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.pad([[0_usize; 2]; 0], -2.0);
    let v5 = (v1 * arr0(0.875)).sum();
    let v6 = (v4 * arr0(0.5)).sum();
    let v7 = v5 + v6;
    v7
}

fn concat_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = graph.variable("v5", array![1.0]);
    let v6 = graph.concat([v4, v5], 0);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * array![0.125, 0.125]).sum();
    let v9 = v7 + v8;
    v9
}

fn stack_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.variable("v4", arr0(1.0));
    let v5 = graph.stack([v3, v4, v3], 0);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![0.375, -1.375, 1.875]).sum();
    let v8 = v6 + v7;
    v8
}

fn take_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = graph.constant(array![0.0]);
    let v6 = v4.take(v5, 0);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * array![0.125]).sum();
    let v9 = v7 + v8;
    v9
}

fn take_along_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = graph.constant(array![0.0, 0.0, 0.0]);
    let v6 = v4.take_along(v5, 0);
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * array![0.125, 0.125, 0.25]).sum();
    let v9 = v7 + v8;
    v9
}

fn scatter_add_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = graph.variable("v5", array![0.75]);
    let v6 = graph.constant(array![0.0]);
    let v7 = v4.scatter_add(v6, v5, 0);
    let v8 = (v1 * arr0(0.875)).sum();
    let v9 = (v7 * array![0.125]).sum();
    let v10 = v8 + v9;
    v10
}

fn one_hot_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = graph.constant(array![1.0, 2.0]);
    let v5 = graph.one_hot(v4, 3);
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v3 * arr0(0.5)).sum();
    let v8 = v6 + v7;
    let v9 = (v5 * array![[0.375, -1.375, 1.875], [1.875, 0.375, 2.0]]).sum();
    let v10 = v8 + v9;
    v10
}

fn conv1d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1, 1, 1]);
    let v5 = graph.variable("v5", ArrayD::<f64>::from_shape_vec(vec![2, 1, 1], vec![0.75, -1.75]).unwrap());
    let v6 = v4.conv1d(v5, Conv::new().stride([2]).padding([2]));
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * ArrayD::<f64>::from_shape_vec(vec![1, 2, 3], vec![0.125, 0.125, 0.25, 1.375, -1.75, -1.0]).unwrap()).sum();
    let v9 = v7 + v8;
    v9
}

fn conv2d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1, 1, 1, 1]);
    let v5 = graph.variable("v5", ArrayD::<f64>::from_shape_vec(vec![2, 1, 1, 1], vec![0.75, -1.75]).unwrap());
    let v6 = v4.conv2d(v5, Conv::new().stride([3, 2]).padding([0, 2]));
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * ArrayD::<f64>::from_shape_vec(vec![1, 2, 1, 3], vec![0.125, 0.125, 0.25, 1.375, -1.75, -1.0]).unwrap()).sum();
    let v9 = v7 + v8;
    v9
}

fn conv_transpose1d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1, 1, 1]);
    let v5 = graph.variable("v5", ArrayD::<f64>::from_shape_vec(vec![1, 2, 1], vec![0.75, -1.75]).unwrap());
    let v6 = v4.conv_transpose1d(v5, Conv::new().stride([2]));
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * ArrayD::<f64>::from_shape_vec(vec![1, 2, 1], vec![0.125, 0.125]).unwrap()).sum();
    let v9 = v7 + v8;
    v9
}

fn conv_transpose2d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1, 1, 1, 1]);
    let v5 = graph.variable("v5", ArrayD::<f64>::from_shape_vec(vec![1, 2, 3, 1], vec![0.75, -1.75, 0.375, -0.5, 1.75, -0.25]).unwrap());
    let v6 = v4.conv_transpose2d(v5, Conv::new().stride([3, 2]));
    let v7 = (v1 * arr0(0.875)).sum();
    let v8 = (v6 * ArrayD::<f64>::from_shape_vec(vec![1, 2, 3, 1], vec![0.125, 0.125, 0.25, 1.375, -1.75, -1.0]).unwrap()).sum();
    let v9 = v7 + v8;
    v9
}

fn max_pool1d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.max_pool1d(Pool::new([3]).stride([2]).padding([2]));
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![0.375, -1.375]).sum();
    let v8 = v6 + v7;
    v8
}

fn max_pool2d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1, 1]);
    let v5 = v4.max_pool2d(Pool::new([1, 3]).stride([3, 2]).padding([0, 2]));
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![[0.375, -1.375]]).sum();
    let v8 = v6 + v7;
    v8
}

fn avg_pool1d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1]);
    let v5 = v4.avg_pool1d(Pool::new([3]).stride([2]).padding([2]));
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![0.375, -1.375]).sum();
    let v8 = v6 + v7;
    v8
}

fn avg_pool2d_<'g>(graph: &'g Graph) -> Var<'g> {
    let v0 = graph.variable("v0", arr0(-1.5));
    let v1 = v0 * v0;
    let v2 = graph.variable("v2", arr0(-1.625));
    let v3 = v2 * v0;
    let v4 = v3.reshape([1, 1]);
    let v5 = v4.avg_pool2d(Pool::new([1, 3]).stride([3, 2]).padding([0, 2]));
    let v6 = (v1 * arr0(0.875)).sum();
    let v7 = (v5 * array![[0.375, -1.375]]).sum();
    let v8 = v6 + v7;
    v8
}

/// The operations, and their programs.
pub(crate) const ALL: &[(&str, for<'g> fn(&'g Graph) -> Var<'g>)] = &[
    ("square", square_),
    ("sqrt", sqrt_),
    ("exp", exp_),
    ("ln", ln_),
    ("sigmoid", sigmoid_),
    ("tanh", tanh_),
    ("relu", relu_),
    ("abs", abs_),
    ("sign", sign_),
    ("floor", floor_),
    ("expm1", expm1_),
    ("log1p", log1p_),
    ("sin", sin_),
    ("cos", cos_),
    ("tan", tan_),
    ("atan", atan_),
    ("softplus", softplus_),
    ("erf", erf_),
    ("erfc", erfc_),
    ("recip", recip_),
    ("powi", powi_),
    ("powf", powf_),
    ("clamp", clamp_),
    ("leaky_relu", leaky_relu_),
    ("elu", elu_),
    ("silu", silu_),
    ("gelu", gelu_),
    ("gelu_tanh", gelu_tanh_),
    ("add", add_),
    ("sub", sub_),
    ("mul", mul_),
    ("div", div_),
    ("add_number", add_number_),
    ("sub_number", sub_number_),
    ("mul_number", mul_number_),
    ("div_number", div_number_),
    ("neg", neg_),
    ("map", map_),
    ("pow", pow_),
    ("maximum", maximum_),
    ("minimum", minimum_),
    ("less", less_),
    ("less_equal", less_equal_),
    ("equal", equal_),
    ("greater", greater_),
    ("greater_equal", greater_equal_),
    ("not_equal", not_equal_),
    ("atan2", atan2_),
    ("hypot", hypot_),
    ("chain", chain_),
    ("above", above_),
    ("select", select_),
    ("sigmoid_cross_entropy", sigmoid_cross_entropy_),
    ("sum", sum_),
    ("sum_axes", sum_axes_),
    ("mean", mean_),
    ("mean_axes", mean_axes_),
    ("max", max_),
    ("max_axes", max_axes_),
    ("min", min_),
    ("min_axes", min_axes_),
    ("prod", prod_),
    ("prod_axes", prod_axes_),
    ("variance", variance_),
    ("variance_axes", variance_axes_),
    ("norm", norm_),
    ("norm_axes", norm_axes_),
    ("logsumexp", logsumexp_),
    ("logsumexp_axes", logsumexp_axes_),
    ("softmax", softmax_),
    ("log_softmax", log_softmax_),
    ("softmax_cross_entropy", softmax_cross_entropy_),
    ("softmax_cross_entropy_labels", softmax_cross_entropy_labels_),
    ("cumsum", cumsum_),
    ("argmax", argmax_),
    ("argmin", argmin_),
    ("uniform", uniform_),
    ("normal", normal_),
    ("fold_in", fold_in_),
    ("matmul", matmul_),
    ("dot", dot_),
    ("outer", outer_),
    ("einsum", einsum_),
    ("cholesky", cholesky_),
    ("solve_triangular", solve_triangular_),
    ("solve", solve_),
    ("inverse", inverse_),
    ("log_det", log_det_),
    ("reshape", reshape_),
    ("permute", permute_),
    ("t", t_),
    ("mt", mt_),
    ("detach", detach_),
    ("squeeze", squeeze_),
    ("unsqueeze", unsqueeze_),
    ("tile", tile_),
    ("broadcast_to", broadcast_to_),
    ("slice", slice_),
    ("flip", flip_),
    ("split", split_),
    ("chunks", chunks_),
    ("pad", pad_),
    ("concat", concat_),
    ("stack", stack_),
    ("take", take_),
    ("take_along", take_along_),
    ("scatter_add", scatter_add_),
    ("one_hot", one_hot_),
    ("conv1d", conv1d_),
    ("conv2d", conv2d_),
    ("conv_transpose1d", conv_transpose1d_),
    ("conv_transpose2d", conv_transpose2d_),
    ("max_pool1d", max_pool1d_),
    ("max_pool2d", max_pool2d_),
    ("avg_pool1d", avg_pool1d_),
    ("avg_pool2d", avg_pool2d_),
];
