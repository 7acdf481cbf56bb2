//! [`Params`] and files: saving, loading, and making what others have saved fit.

use std::path::Path;

use chainrule_graph::{Result, Scalar};
use indexmap::IndexMap;
use ndarray::Ix2;

use super::{read, tensors, write_atomically};
use crate::fault::{Fault, list};
use crate::layer::{Declarations, Layer};
use crate::params::Params;

impl<T: Scalar> Params<T> {
    /// Writes all parameters to a [safetensors](https://github.com/huggingface/safetensors) file, which Python reads too:
    /// `safetensors.numpy.load_file(path)`. Names are the paths; order and [frozen](Params::freeze) parameters are kept in
    /// the file's metadata. The same parameters give the same bytes.
    ///
    /// The file is replaced in one step: after a failure, the old one is still there.
    ///
    /// ```
    /// use chainrule_layers::{Params, Sequential};
    ///
    /// # let folder = std::env::temp_dir().join(format!("chainrule-save-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("net.safetensors");
    /// let model = Sequential::new().dense(2, 3).tanh().dense(3, 1);
    /// let params = Params::<f64>::init(&model, 1)?;
    /// params.save(&path)?; // "net.safetensors"
    /// assert_eq!(Params::load(&path)?, params);
    /// assert_eq!(Params::load_for(&model, &path)?, params); // names and shapes checked
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be written, or a parameter is named `__metadata__`.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        match tensors::to_bytes(self, None) {
            Ok(bytes) => write_atomically(path, &bytes),
            Err(fault) => fault.in_file("save", path),
        }
    }

    /// All that is in a safetensors file, whoever wrote it, in its order.
    ///
    /// Numbers of 16 and 32 bits are read exactly, and `f64` as `f32` by rounding to the nearest (a number beyond the range of
    /// `f32` is an error).
    ///
    /// # Errors
    /// If the file cannot be read or is no valid safetensors file, or a tensor has other numbers than `F16`, `BF16`, `F32` and
    /// `F64`. The error names file and tensor.
    #[track_caller]
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match read(path).and_then(|bytes| tensors::from_bytes(&bytes).map(|(params, _)| params)) {
            Ok(params) => Ok(params),
            Err(fault) => fault.in_file("load", path),
        }
    }

    /// As [`load`](Params::load), and exactly what `model` declares: see [`matching`](Params::matching).
    ///
    /// # Errors
    /// Those of both.
    #[track_caller]
    pub fn load_for<L: Layer<T> + ?Sized>(model: &L, path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        match read(path)
            .and_then(|bytes| tensors::from_bytes::<T>(&bytes).map(|(params, _)| params))
            .and_then(|params| params.matched(model))
        {
            Ok(params) => Ok(params),
            Err(fault) => fault.in_file("load", path),
        }
    }

    /// Takes the values of a file in place of these. Names and shapes must be the same; what is frozen here stays so.
    ///
    /// # Errors
    /// Those of [`load`](Params::load), and all names that are missing, not expected, or of another shape. Nothing is changed
    /// then.
    #[track_caller]
    pub fn load_into(&mut self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let loaded = read(path).and_then(|bytes| tensors::from_bytes::<T>(&bytes).map(|(params, _)| params));
        match loaded.and_then(|loaded| loaded.compare(self.shapes()).map(|()| loaded)) {
            Err(fault) => fault.in_file("load", path),
            Ok(loaded) => {
                let (mut values, _) = loaded.into_parts();
                let names: Vec<_> = self.names().map(str::to_owned).collect();
                for name in names {
                    if let (Some(value), Some(new)) = (self.get_mut(&name), values.swap_remove(&name)) {
                        *value = new;
                    }
                }
                Ok(())
            }
        }
    }

    /// The same parameters in the order in which `model` declares them, if they are exactly those: the same names, the same
    /// shapes. Its running statistics are frozen, whatever the file said.
    ///
    /// # Errors
    /// If names are missing or not expected (all of them are listed), or of another shape (both shapes are shown).
    #[track_caller]
    pub fn matching<L: Layer<T> + ?Sized>(self, model: &L) -> Result<Self> {
        match self.matched(model) {
            Ok(params) => Ok(params),
            Err(fault) => fault.raise("matching"),
        }
    }

    /// With other names: `None` leaves a parameter out. For weights that another framework has saved.
    ///
    /// ```
    /// use chainrule_layers::Params;
    ///
    /// let mut params = Params::new();
    /// params.insert("net.fc1.weight", [1.0, 2.0]);
    /// params.insert("net.steps", [3.0]);
    /// let params = params.renamed(|name| match name {
    ///     "net.steps" => None,
    ///     name => name.strip_prefix("net.").map(str::to_owned),
    /// })?;
    /// assert_eq!(params.names().collect::<Vec<_>>(), ["fc1.weight"]);
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If two get the same name.
    #[track_caller]
    pub fn renamed(self, name: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let (old, fixed) = self.into_parts();
        let (mut values, mut still) = (IndexMap::with_capacity(old.len()), indexmap::IndexSet::new());
        for (from, value) in old {
            let Some(to) = name(&from) else { continue };
            if fixed.contains(&from) {
                still.insert(to.clone());
            }
            if values.insert(to.clone(), value).is_some() {
                let reason = format!("`{from}` would be the second parameter with the name `{to}`");
                return Fault::new(reason, "return another name for each, or `None` to leave one out")
                    .raise("renamed");
            }
        }
        Ok(Params::from_parts(values, still))
    }

    /// Transposes the matrices whose names `which` picks: PyTorch's `Linear` has its weight as `[out, in]`, and a
    /// [`Dense`](crate::Dense) as `[in, out]`, unless it is told [otherwise](crate::Convention::OutByIn).
    ///
    /// ```
    /// use chainrule_layers::Params;
    /// use ndarray::array;
    ///
    /// let mut params = Params::new();
    /// params.insert("0.weight", array![[1.0, 2.0, 3.0]]);
    /// params.insert("0.bias", [0.5]);
    /// let params = params.transposed(|name| name.ends_with(".weight"))?;
    /// assert_eq!(params.get("0.weight").map(|w| w.shape()), Some(&[3, 1][..]));
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If one of them is not a matrix.
    #[track_caller]
    pub fn transposed(self, which: impl Fn(&str) -> bool) -> Result<Self> {
        let (mut values, fixed) = self.into_parts();
        for (name, value) in values.iter_mut().filter(|(name, _)| which(name)) {
            match value.view().into_dimensionality::<Ix2>() {
                Ok(matrix) => *value = matrix.t().as_standard_layout().into_owned().into_dyn(),
                Err(_) => {
                    let reason = format!("`{name}` has shape {:?}", value.shape());
                    return Fault::new(reason, "only matrices, with two axes, have a transpose")
                        .raise("transposed");
                }
            }
        }
        Ok(Params::from_parts(values, fixed))
    }

    fn matched<L: Layer<T> + ?Sized>(self, model: &L) -> Result<Self, Fault> {
        let declared = Declarations::of(model)?;
        self.compare(declared.iter().map(|(name, declared)| (name.as_str(), declared.shape.as_slice())))?;
        let (mut values, mut fixed) = self.into_parts();
        let mut ordered = IndexMap::with_capacity(values.len());
        for (name, declared) in declared {
            if !declared.trained {
                fixed.insert(name.clone());
            }
            if let Some(value) = values.swap_remove(&name) {
                ordered.insert(name, value);
            }
        }
        Ok(Params::from_parts(ordered, fixed))
    }

    fn shapes(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.iter().map(|(name, value)| (name, value.shape()))
    }

    /// Whether these are exactly the parameters that are wanted. Reports everything that is wrong at once.
    fn compare<'a>(&self, wanted: impl Iterator<Item = (&'a str, &'a [usize])>) -> Result<(), Fault> {
        let wanted: IndexMap<&str, &[usize]> = wanted.collect();
        let missing: Vec<_> = wanted.keys().copied().filter(|&name| self.get(name).is_none()).collect();
        let besides: Vec<_> = self.names().filter(|&name| !wanted.contains_key(name)).collect();
        let mut reasons = Vec::new();
        if !missing.is_empty() {
            reasons.push(format!("missing: {}", list(missing.iter().copied())));
        }
        if !besides.is_empty() {
            reasons.push(format!("not expected: {}", list(besides.iter().copied())));
        }
        let mut help = "nothing was changed; `renamed` gives the parameters of a file other names";
        let differ = self.shapes().filter_map(|(name, is)| match wanted.get(name) {
            Some(&wanted) if wanted != is => Some((name, is, wanted)),
            _ => None,
        });
        for (count, (name, is, wanted)) in differ.enumerate() {
            // A model of another width differs everywhere: the first ones tell it.
            if count < 4 {
                reasons.push(format!("tensor `{name}` has shape {is:?} here, and {wanted:?} in the model"));
            }
            if reasons.len() == 1 {
                help = match (is, wanted) {
                    (&[a, b], &[c, d]) if (a, b) == (d, c) => {
                        "nothing was changed; this matrix is written the other way round: see `transposed`"
                    }
                    _ => "nothing was changed; these are the parameters of another model",
                };
            }
        }
        if reasons.is_empty() { Ok(()) } else { Err(Fault::new(reasons.join("; "), help)) }
    }
}
