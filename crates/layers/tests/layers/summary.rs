//! Summaries: the table, the counts, and what is refused.

use chainrule_layers::*;

#[test]
fn the_table() {
    let stem = Sequential::new().conv2d(3, 8, 3).batch_norm(8).relu();
    let model = Sequential::new()
        .named("stem", stem)
        .named("block", Residual(Sequential::new().push(Conv2d::new(8, 8, 3).same().without_bias()).gelu()))
        .again("block")
        .max_pool2d(2)
        .dropout(0.1)
        .flatten()
        .dense(8 * 7 * 7, 10)
        .lambda(|x| x * 2.0);
    let mut model = Model::<_, f32>::init(model, 1).unwrap();
    model.params.freeze("block").unwrap();
    let summary = model.summary([32, 3, 16, 16]).unwrap();
    let want = "\
layer       kind        output           parameters
model       sequential  [32, 10]               4762
  stem      sequential  [32, 8, 14, 14]         256
    0       conv2d      [32, 8, 14, 14]         224
    1       batch_norm  [32, 8, 14, 14]          32
    2       relu        [32, 8, 14, 14]           0
  block     residual    [32, 8, 14, 14]         576
    branch  sequential  [32, 8, 14, 14]         576
      0     conv2d      [32, 8, 14, 14]         576
      1     gelu        [32, 8, 14, 14]           0
  block     residual    [32, 8, 14, 14]         576
    branch  sequential  [32, 8, 14, 14]         576
      0     conv2d      [32, 8, 14, 14]         576
      1     gelu        [32, 8, 14, 14]           0
  3         max_pool2d  [32, 8, 7, 7]             0
  4         dropout     [32, 8, 7, 7]             0
  5         flatten     [32, 392]                 0
  6         dense       [32, 10]               3930
  7         Lambda      [32, 10]                  0
4762 numbers: 4170 trained, 576 frozen, 16 buffers";
    assert_eq!(summary.to_string(), want);
    assert_eq!((summary.trained(), summary.frozen(), summary.buffers()), (4170, 576, 16));
    assert_eq!(summary.rows()[3].path(), "stem.1");
    assert_eq!(model.params.count(), 4762);
    // Without parameters at hand all of them are trained.
    let summary = model.layer.summary([32, 3, 16, 16]).unwrap();
    assert_eq!((summary.trained(), summary.frozen(), summary.buffers()), (4746, 0, 16));
}

#[test]
fn layers_that_are_made_of_layers_by_themselves() {
    let model = Sequential::<f64>::new().transformer_block(8, 2);
    let want = "\
layer           kind                  output   parameters
model           sequential            [5, 8]          872
  0             transformer_block     [5, 8]          872
    norm1       layer_norm            [5, 8]           16
    self_attn   multi_head_attention  [5, 8]          288
      out_proj  dense                 [5, 8]           72
    norm2       layer_norm            [5, 8]           16
    linear1     dense                 [5, 32]         288
    linear2     dense                 [5, 8]          264
872 numbers: 872 trained, 0 frozen, 0 buffers";
    assert_eq!(model.summary([5, 8]).unwrap().to_string(), want);
    // One layer is a model too.
    let dense = Dense::new(2, 3);
    let params = Params::<f64>::init(&dense, 0).unwrap();
    let want = "\
layer  kind   output  parameters
model  dense  [3]              9
9 numbers: 9 trained, 0 frozen, 0 buffers";
    assert_eq!(summary(&dense, &params, [2]).unwrap().to_string(), want);
}

#[test]
fn what_does_not_fit_is_refused_at_the_users_line() {
    let model = Sequential::<f64>::new().dense(2, 3).dense(4, 1);
    let error = model.summary([7, 2]).unwrap_err();
    assert_eq!((error.location().file(), error.location().line()), (file!(), line!() - 1));
    assert_eq!(error.message(), "this layer takes vectors [4] or batches [..., 4], and the input is [7, 3]");
    let error = summary(&model, &Params::new(), [7, 2]).unwrap_err();
    assert_eq!(error.location().line(), line!() - 1);
    assert_eq!(error.message(), "the model needs a parameter `0.weight`; there are none");
    let twice = Sequential::<f64>::new().named("1", Dense::new(2, 2)).dense(2, 2);
    assert_eq!(twice.summary([2]).unwrap_err().message(), "the parameter `1.weight` is declared twice");
}

/// Nothing is computed: a model that no memory holds has a summary.
#[test]
fn a_summary_takes_no_memory() {
    let model = Sequential::<f32>::new().dense(1 << 20, 1 << 20).dense(1 << 20, 1 << 20);
    let summary = model.summary([1 << 20, 1 << 20]).unwrap();
    assert_eq!(summary.trained(), 2 * ((1 << 40) + (1 << 20)));
}
