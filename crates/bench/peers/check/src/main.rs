//! The gradients of candle under chainrule's gradient test kit: a line for each operation, and a report where one is wrong.
//!
//! ```text
//! cd crates/bench/peers
//! cargo run -p chainrule-check-peers --bin check_candle            # all operations, in f64
//! cargo run -p chainrule-check-peers --bin check_candle -- max_pool # those whose name has this in it, with whole reports
//! ```
//!
//! Nothing here is special to candle: a function of `ndarray` arrays, and the gradients that another engine claims for it, are
//! all that the kit asks for.

use candle_core::{DType, Device, Result, Tensor, Var};
use candle_nn::ops;
use chainrule_check::{Cause, check_function};
use ndarray::{ArrayD, ArrayViewD, IxDyn};

fn tensor(x: ArrayViewD<'_, f64>) -> Result<Tensor> {
    Tensor::from_iter(x.iter().copied(), &Device::Cpu)?.reshape(x.shape())
}

fn array(x: &Tensor) -> Result<ArrayD<f64>> {
    let numbers = x.to_dtype(DType::F64)?.flatten_all()?.to_vec1::<f64>()?;
    ArrayD::from_shape_vec(IxDyn(x.dims()), numbers).map_err(|e| candle_core::Error::Msg(e.to_string()))
}

/// What was found, one line an operation.
struct Findings {
    wanted: Option<String>,
    right: usize,
    wrong: Vec<String>,
}

impl Findings {
    /// The gradient of `f`, a single tensor, by each of its inputs.
    fn check<const N: usize>(
        &mut self,
        name: &str,
        x: [ArrayD<f64>; N],
        f: impl Fn(&[Tensor]) -> Result<Tensor>,
    ) {
        if self.wanted.as_ref().is_some_and(|wanted| !name.contains(wanted.as_str())) {
            return;
        }
        let value = |x: &[ArrayD<f64>; N]| -> Result<ArrayD<f64>> {
            let x: Vec<Tensor> = x.iter().map(|x| tensor(x.view())).collect::<Result<_>>()?;
            array(&f(&x)?)
        };
        let gradient = |x: &[ArrayD<f64>; N], [e]: &[ArrayD<f64>; 1]| -> Result<Vec<ArrayD<f64>>> {
            let vars: Vec<Var> =
                x.iter().map(|x| Var::from_tensor(&tensor(x.view())?)).collect::<Result<_>>()?;
            let x: Vec<Tensor> = vars.iter().map(|x| x.as_tensor().clone()).collect();
            let y = f(&x)?;
            let gradients = (y * tensor(e.view())?)?.sum_all()?.backward()?;
            // A tensor that the store does not have got no gradient: for an optimiser, zeros.
            let or_zeros = |x: &Var| gradients.get(x).map_or_else(|| x.zeros_like(), |g| Ok(g.clone()));
            vars.iter().map(|x| array(&or_zeros(x)?)).collect()
        };
        let verdict = match check_function(value, gradient).at(x) {
            Ok(report) => {
                self.right += 1;
                let note = report.kinks().first().map_or("", |_| ", at a kink between its slopes");
                format!("right{note}")
            }
            Err(failure) => {
                let verdict = verdict(failure.cause());
                self.wrong.push(format!("{name}: {verdict}"));
                match self.wanted {
                    Some(_) => format!("\n{failure}\n"),
                    None => verdict,
                }
            }
        };
        println!("{name:<34} {verdict}");
    }
}

/// In a line.
fn verdict(cause: &Cause) -> String {
    match cause {
        Cause::Wrong(m) => format!("wrong: {}: {:.9}, not {:.9}", m.place, m.claimed + 0.0, m.expected + 0.0),
        Cause::Kink(m) => match m.slopes {
            Some((left, right)) => {
                format!(
                    "wrong at a kink: {}: {:.4}, not between {left:.4} and {right:.4}",
                    m.place,
                    m.claimed + 0.0
                )
            }
            None => "wrong at a kink".into(),
        },
        Cause::Refused { message } => format!("refused: {}", message.lines().next().unwrap_or_default()),
        Cause::Panicked { message } => format!("panics: {message}"),
        Cause::NotFinite { what } => format!("not finite: {what}"),
        Cause::Undecided(m) => format!("undecided: {}: differences may be off by {:.1e}", m.place, m.error),
        other => format!("{other:?}"),
    }
}

/// Numbers without a pattern, none near another or near 0.
fn numbers(shape: &[usize]) -> ArrayD<f64> {
    let mut place = 0.0_f64;
    ArrayD::from_shape_simple_fn(shape, || {
        place += 1.0;
        ((2.7 * place + 0.31 * place * place).sin() * 64.0).round() / 32.0 + 1.0 / 128.0
    })
}

fn positive(shape: &[usize]) -> ArrayD<f64> {
    numbers(shape).mapv(|x| x.abs() + 0.25)
}

fn at(values: &[f64]) -> ArrayD<f64> {
    ArrayD::from_shape_vec(IxDyn(&[values.len()]), values.to_vec()).unwrap_or_default()
}

fn indices(values: &[u32]) -> Result<Tensor> {
    Tensor::new(values, &Device::Cpu)
}

fn elementwise(found: &mut Findings) {
    type Unary = fn(&Tensor) -> Result<Tensor>;
    let real: [(&str, Unary); 21] = [
        ("abs", |x| x.abs()),
        ("cos", |x| x.cos()),
        ("elu", |x| x.elu(1.5)),
        ("erf", |x| x.erf()),
        ("exp", |x| x.exp()),
        ("gelu", |x| x.gelu()),
        ("gelu_erf", |x| x.gelu_erf()),
        ("hard_sigmoid", ops::hard_sigmoid),
        ("leaky_relu", |x| ops::leaky_relu(x, 0.1)),
        ("mish", ops::mish),
        ("neg", |x| x.neg()),
        ("powf 3", |x| x.powf(3.0)),
        ("relu", |x| x.relu()),
        ("sigmoid", ops::sigmoid),
        ("silu", |x| x.silu()),
        ("sin", |x| x.sin()),
        ("sqr", |x| x.sqr()),
        ("tanh", |x| x.tanh()),
        ("clamp", |x| x.clamp(-0.5, 1.0)),
        ("affine", |x| x.affine(2.0, -1.0)),
        ("cumsum", |x| x.cumsum(0)),
    ];
    for (name, f) in real {
        found.check(name, [numbers(&[5])], |x| f(&x[0]));
    }
    let above: [(&str, Unary); 4] = [
        ("log", |x| x.log()),
        ("recip", |x| x.recip()),
        ("sqrt", |x| x.sqrt()),
        ("powf -0.5", |x| x.powf(-0.5)),
    ];
    for (name, f) in above {
        found.check(name, [positive(&[5])], |x| f(&x[0]));
    }
    type Binary = fn(&Tensor, &Tensor) -> Result<Tensor>;
    let pairs: [(&str, Binary); 8] = [
        ("add", |a, b| a.broadcast_add(b)),
        ("sub", |a, b| a.broadcast_sub(b)),
        ("mul", |a, b| a.broadcast_mul(b)),
        ("div", |a, b| a.broadcast_div(b)),
        ("pow", |a, b| a.broadcast_pow(b)),
        ("maximum", |a, b| a.broadcast_maximum(b)),
        ("minimum", |a, b| a.broadcast_minimum(b)),
        ("where_cond", |a, b| a.gt(0.6)?.where_cond(a, &b.broadcast_as(a.shape())?)),
    ];
    for (name, f) in pairs {
        found.check(name, [positive(&[2, 3]), numbers(&[3]).mapv(|x| x + 2.5)], |x| f(&x[0], &x[1]));
    }
}

/// Where a convention is needed.
fn edges(found: &mut Findings) {
    found.check("relu at 0", [at(&[0.0])], |x| x[0].relu());
    found.check("abs at 0", [at(&[0.0])], |x| x[0].abs());
    found.check("powf 0 at 0", [at(&[0.0])], |x| x[0].powf(0.0));
    found.check("powf 1 at 0", [at(&[0.0])], |x| x[0].powf(1.0));
    found.check("powf 2 at 0", [at(&[0.0])], |x| x[0].powf(2.0));
    found.check("pow at base 0", [at(&[0.0]), at(&[2.0])], |x| x[0].pow(&x[1]));
    found.check("maximum of equal ones", [at(&[1.0]), at(&[1.0])], |x| x[0].maximum(&x[1]));
    found.check("x maximum x", [at(&[1.0])], |x| x[0].maximum(&x[0]));
    found.check("max with a tie", [at(&[1.0, 1.0, 0.5])], |x| x[0].max(0));
    found.check("min with a tie", [at(&[1.0, 1.0, 1.5])], |x| x[0].min(0));
    found.check("sigmoid at 40", [at(&[-40.0, 40.0])], |x| ops::sigmoid(&x[0]));
    found.check("log_softmax at 1000", [at(&[1000.0, 0.0])], |x| ops::log_softmax(&x[0], 0));
}

fn reductions_and_layout(found: &mut Findings) {
    type Unary = fn(&Tensor) -> Result<Tensor>;
    let all: [(&str, Unary); 17] = [
        ("sum", |x| x.sum(1)),
        ("mean", |x| x.mean(0)),
        ("var", |x| x.var(1)),
        ("max", |x| x.max(1)),
        ("min", |x| x.min(0)),
        ("logsumexp", |x| x.log_sum_exp(1)),
        ("softmax", |x| ops::softmax(x, 1)),
        ("softmax_last_dim", ops::softmax_last_dim),
        ("log_softmax", |x| ops::log_softmax(x, 1)),
        ("transpose", |x| x.t()),
        ("narrow", |x| x.narrow(1, 1, 2)),
        ("flip", |x| x.flip(&[1])),
        ("roll", |x| x.roll(1, 1)),
        ("pad_with_zeros", |x| x.pad_with_zeros(0, 1, 2)),
        ("pad_with_same", |x| x.pad_with_same(1, 1, 2)),
        ("repeat", |x| x.repeat((2, 1))),
        ("sort_last_dim", |x| Ok(x.sort_last_dim(true)?.0)),
    ];
    for (name, f) in all {
        found.check(name, [numbers(&[3, 4])], |x| f(&x[0]));
    }
    found.check("matmul", [numbers(&[2, 3]), numbers(&[3, 2])], |x| x[0].matmul(&x[1]));
    found.check("cat", [numbers(&[2, 3]), numbers(&[1, 3])], |x| Tensor::cat(&[&x[0], &x[1]], 0));
    found.check("index_select", [numbers(&[4, 2])], |x| x[0].index_select(&indices(&[3, 0, 3])?, 0));
    found.check("gather", [numbers(&[3, 2])], |x| x[0].gather(&indices(&[2, 0, 0, 0])?.reshape((2, 2))?, 0));
    found.check("index_add", [numbers(&[4, 2]), numbers(&[3, 2])], |x| {
        x[0].index_add(&indices(&[3, 0, 3])?, &x[1], 0)
    });
    found.check("scatter_add", [numbers(&[3, 2]), numbers(&[2, 2])], |x| {
        x[0].scatter_add(&indices(&[2, 0, 0, 0])?.reshape((2, 2))?, &x[1], 0)
    });
    found.check("scatter", [numbers(&[3, 2]), numbers(&[2, 2])], |x| {
        x[0].scatter(&indices(&[2, 0, 0, 1])?.reshape((2, 2))?, &x[1], 0)
    });
    found.check("slice_scatter", [numbers(&[4, 2]), numbers(&[2, 2])], |x| x[0].slice_scatter(&x[1], 0, 1));
}

fn layers(found: &mut Findings) {
    found.check("layer_norm", [numbers(&[2, 4]), positive(&[4]), numbers(&[4])], |x| {
        // It knows single precision only.
        let x: Vec<Tensor> = x.iter().map(|x| x.to_dtype(DType::F32)).collect::<Result<_>>()?;
        ops::layer_norm(&x[0], &x[1], &x[2], 1e-5)?.to_dtype(DType::F64)
    });
    found.check("layer_norm_slow", [numbers(&[2, 4]), positive(&[4]), numbers(&[4])], |x| {
        ops::layer_norm_slow(&x[0], &x[1], &x[2], 1e-5)
    });
    found.check("rms_norm", [numbers(&[2, 4]), positive(&[4])], |x| {
        let x: Vec<Tensor> = x.iter().map(|x| x.to_dtype(DType::F32)).collect::<Result<_>>()?;
        ops::rms_norm(&x[0], &x[1], 1e-5)?.to_dtype(DType::F64)
    });
    found.check("rms_norm_slow", [numbers(&[2, 4]), positive(&[4])], |x| {
        ops::rms_norm_slow(&x[0], &x[1], 1e-5)
    });
    found.check("rope", [numbers(&[1, 1, 3, 4])], |x| {
        let angles = tensor(numbers(&[3, 2]).view())?;
        candle_nn::rotary_emb::rope(&x[0], &angles.cos()?, &angles.sin()?)
    });
    let images = || numbers(&[1, 2, 4, 4]);
    found.check("conv1d", [numbers(&[1, 2, 5]), numbers(&[3, 2, 2])], |x| x[0].conv1d(&x[1], 1, 2, 1, 1));
    found.check("conv2d", [images(), numbers(&[2, 2, 3, 3])], |x| x[0].conv2d(&x[1], 1, 1, 1, 1));
    found.check("conv2d strided", [images(), numbers(&[2, 2, 3, 3])], |x| x[0].conv2d(&x[1], 0, 2, 1, 1));
    found.check("conv2d dilated", [images(), numbers(&[2, 2, 2, 2])], |x| x[0].conv2d(&x[1], 1, 1, 2, 1));
    found.check("conv2d in groups", [images(), numbers(&[4, 1, 2, 2])], |x| x[0].conv2d(&x[1], 0, 1, 1, 2));
    found.check("conv_transpose1d", [numbers(&[1, 2, 4]), numbers(&[2, 2, 3])], |x| {
        x[0].conv_transpose1d(&x[1], 0, 0, 2, 1, 1)
    });
    found.check("conv_transpose2d", [images(), numbers(&[2, 2, 3, 3])], |x| {
        x[0].conv_transpose2d(&x[1], 0, 0, 2, 1)
    });
    found.check("avg_pool2d", [images()], |x| x[0].avg_pool2d(2));
    found.check("avg_pool2d overlapping", [images()], |x| x[0].avg_pool2d_with_stride(3, 1));
    found.check("max_pool2d", [images()], |x| x[0].max_pool2d(2));
    found.check("max_pool2d overlapping", [images()], |x| x[0].max_pool2d_with_stride(3, 1));
    found.check("upsample_nearest1d", [numbers(&[1, 2, 3])], |x| x[0].upsample_nearest1d(6));
    found.check("upsample_nearest2d", [images()], |x| x[0].upsample_nearest2d(8, 8));
    found.check("upsample_nearest2d and x", [images()], |x| {
        x[0].upsample_nearest2d(8, 8)?.broadcast_mul(&x[0].mean_all()?)
    });
    found.check("upsample_bilinear2d", [images()], |x| x[0].upsample_bilinear2d(8, 8, false));
    let labels = || indices(&[2, 0]);
    found.check("cross_entropy", [numbers(&[2, 3])], |x| candle_nn::loss::cross_entropy(&x[0], &labels()?));
    found.check("binary_cross_entropy", [numbers(&[2, 3])], |x| {
        let target = tensor(numbers(&[2, 3]).mapv(|x| f64::from(u8::from(x > 0.0))).view())?;
        candle_nn::loss::binary_cross_entropy_with_logit(&x[0], &target)
    });
    found.check("huber", [numbers(&[6])], |x| candle_nn::loss::huber(&x[0], &x[0].zeros_like()?, 0.75));
}

fn main() {
    let mut found = Findings { wanted: std::env::args().nth(1), right: 0, wrong: Vec::new() };
    elementwise(&mut found);
    edges(&mut found);
    reductions_and_layout(&mut found);
    layers(&mut found);
    println!("\n{} right, {} not:", found.right, found.wrong.len());
    for line in &found.wrong {
        println!("  {line}");
    }
}
