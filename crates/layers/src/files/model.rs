//! [`Model`]: both files of it, what is computed and with which numbers.

use std::path::{Path, PathBuf};

use chainrule_graph::{Result, Scalar};

use super::{Registry, read, tensors, write_atomically};
use crate::describe::Description;
use crate::fault::Fault;
use crate::layer::Layer;
use crate::model::{AnyLayer, Model};
use crate::params::Params;

impl<T: Scalar, L: Layer<T>> Model<L, T> {
    /// Writes two files: the parameters under this path, by convention `name.safetensors`, and the architecture beside it as
    /// `name.json`. [`Model::load`] makes the model of them again.
    ///
    /// Both are complete before the first is written, and each is replaced in one step.
    ///
    /// # Errors
    /// If a layer does not [describe](Layer::describe) itself (the error names it; `model.params.save(path)` writes the
    /// parameters alone, and [`Params::load_for`] reads them again), or a file cannot be written.
    #[track_caller]
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let made = beside(path).and_then(|json| {
            Ok((json, self.layer.describe().text()?, tensors::to_bytes(&self.params, None)?))
        });
        match made {
            Ok((json, description, params)) => {
                write_atomically(&json, description.as_bytes())?;
                write_atomically(path, &params)
            }
            Err(fault) => fault.in_file("save", path),
        }
    }
}

impl<T: Scalar> Model<AnyLayer<T>, T> {
    /// The model that [`Model::save`] has written to this path and beside it: the layers are built as the description says,
    /// and the parameters must be exactly theirs.
    ///
    /// ```
    /// use chainrule_layers::{Model, Sequential};
    ///
    /// # let folder = std::env::temp_dir().join(format!("chainrule-model-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder).unwrap();
    /// # let path = folder.join("net.safetensors");
    /// let model = Model::<_, f64>::init(Sequential::new().dense(2, 3).tanh().dense(3, 1), 1)?;
    /// model.save(&path)?; // "net.safetensors", and "net.json"
    /// let again = Model::<_, f64>::load(&path)?;
    /// assert_eq!(again.predict([0.5, 1.0])?, model.predict([0.5, 1.0])?);
    /// # std::fs::remove_dir_all(&folder).unwrap();
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// A model saved as `f64` can be loaded as `f32`, and the other way round; see [`Params::load`].
    ///
    /// # Errors
    /// If a file cannot be read or is damaged, a kind of layer is not known ([`Registry`] takes those of your own), or the
    /// parameters are not those of the layers.
    #[track_caller]
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        load(&Registry::new(), path.as_ref())
    }
}

#[track_caller]
pub(super) fn load<T: Scalar>(registry: &Registry<T>, path: &Path) -> Result<Model<AnyLayer<T>, T>> {
    let json = match beside(path) {
        Ok(json) => json,
        Err(fault) => return fault.in_file("load", path),
    };
    match read(&json).and_then(|text| layer(registry, &text)) {
        Ok(layer) => {
            let params = Params::load_for(&layer, path)?;
            Ok(Model { layer, params })
        }
        Err(fault) => fault.in_file("load", &json),
    }
}

fn layer<T: Scalar>(registry: &Registry<T>, text: &[u8]) -> Result<AnyLayer<T>, Fault> {
    let text = std::str::from_utf8(text).map_err(|error| {
        Fault::new(format!("no text: {error}"), "such a file is written by `Model::save`")
    })?;
    registry.at(&Description::parse(text)?, "")
}

/// Where the description is.
fn beside(path: &Path) -> Result<PathBuf, Fault> {
    let json = path.with_extension("json");
    if json == path {
        let help = "this is the path of the parameters, such as `name.safetensors`; the description is put beside it";
        return Err(Fault::new("the description would have the same name", help));
    }
    Ok(json)
}
