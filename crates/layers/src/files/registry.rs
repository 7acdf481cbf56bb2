//! [`Registry`]: how to build a layer of which a file tells the kind.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use chainrule_graph::{Error, ErrorKind, Result, Scalar};
use indexmap::IndexMap;

use super::model;
use crate::describe::Description;
use crate::fault::{Fault, list};
use crate::kinds::{KINDS, known};
use crate::layer::{Layer, join};
use crate::model::{AnyLayer, Model};

type Build<T> = Arc<dyn Fn(&Description, &Inside<'_, T>) -> Result<AnyLayer<T>> + Send + Sync>;

/// The kinds of layers that [`Model::load`] can build: all of this crate, and those of your own.
///
/// ```
/// use chainrule_graph::{Scalar, Var};
/// use chainrule_layers::{Declarations, Description, Init, Layer, Registry, Scoped, Sequential};
///
/// struct Gain(usize);
///
/// impl<T: Scalar> Layer<T> for Gain {
///     fn declare(&self, params: &mut Declarations<T>) {
///         params.parameter("gain", [self.0], Init::Constant(1.0));
///     }
///     fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
///         x * params.get("gain")
///     }
///     fn describe(&self) -> Description {
///         Description::new("gain").with("columns", self.0)
///     }
/// }
///
/// let registry = Registry::<f64>::new().register("gain", |description, _| Ok(Gain(description.get("columns")?)));
/// let model = Sequential::<f64>::new().dense(2, 3).push(Gain(3));
/// let again = registry.build(&model.describe())?;
/// assert_eq!(again.describe(), model.describe());
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone)]
pub struct Registry<T = f64> {
    /// Those that are not, or not only, this crate's.
    own: IndexMap<String, Build<T>>,
}

/// What builds the layers that a described layer is made of. See [`Registry::register`].
pub struct Inside<'r, T = f64> {
    registry: &'r Registry<T>,
    description: &'r Description,
    path: &'r str,
}

impl<T: Scalar> Registry<T> {
    /// With all layers of this crate.
    pub fn new() -> Self {
        Registry { own: IndexMap::new() }
    }

    /// With a kind of your own, or another layer for a known one. The function makes the layer of its settings, and of the
    /// layers inside:
    ///
    /// ```
    /// # use chainrule_graph::{Scalar, Var};
    /// # use chainrule_layers::{Declarations, Description, Layer, Registry, Scoped};
    /// /// `y = x + f(x)`
    /// struct Skip<L>(L);
    ///
    /// impl<T: Scalar, L: Layer<T>> Layer<T> for Skip<L> {
    ///     // ...
    /// #   fn declare(&self, params: &mut Declarations<T>) {
    /// #       params.layer("branch", &self.0);
    /// #   }
    /// #   fn forward<'g>(&self, params: &Scoped<'_, 'g, T>, x: Var<'g, T>) -> Var<'g, T> {
    /// #       x + params.apply("branch", &self.0, x)
    /// #   }
    ///     fn describe(&self) -> Description {
    ///         Description::new("skip").layers([("branch".to_owned(), self.0.describe())])
    ///     }
    /// }
    ///
    /// let registry = Registry::<f64>::new().register("skip", |_, inside| Ok(Skip(inside.layer("branch")?)));
    /// ```
    #[must_use]
    pub fn register<L: Layer<T> + 'static>(
        mut self,
        kind: impl Into<String>,
        build: impl Fn(&Description, &Inside<'_, T>) -> Result<L> + Send + Sync + 'static,
    ) -> Self {
        let build: Build<T> =
            Arc::new(move |description, inside| Ok(Arc::new(build(description, inside)?) as AnyLayer<T>));
        self.own.insert(kind.into(), build);
        self
    }

    /// The names of the kinds: this crate's, then your own.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        let own = self.own.keys().map(String::as_str).filter(|kind| !KINDS.contains(kind));
        KINDS.iter().copied().chain(own)
    }

    /// The layer that is described.
    ///
    /// # Errors
    /// If a kind is not known, or a setting is missing or wrong. The error has the path of the layer.
    #[track_caller]
    pub fn build(&self, description: &Description) -> Result<AnyLayer<T>> {
        match self.at(description, "") {
            Ok(layer) => Ok(layer),
            Err(Fault { message, help }) => Err(Error::new(ErrorKind::File, BUILD, message, help)),
        }
    }

    /// [`Model::load`] with the kinds of this registry.
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn load(&self, path: impl AsRef<Path>) -> Result<Model<AnyLayer<T>, T>> {
        model::load(self, path.as_ref())
    }

    pub(super) fn at(&self, description: &Description, path: &str) -> Result<AnyLayer<T>, Fault> {
        let place = if path.is_empty() { String::new() } else { format!("layer `{path}`: ") };
        let inside = Inside { registry: self, description, path };
        let built = match self.own.get(description.kind()) {
            Some(build) => Some(build(description, &inside)),
            None => known(description, &|layer| inside.build(layer)),
        };
        let Some(built) = built else {
            let reason =
                format!("{place}no kind `{}`; known are {}", description.kind(), every(self.kinds()));
            return Err(Fault::new(
                reason,
                "`Registry::register` takes a layer of your own; load with that registry",
            ));
        };
        built.map_err(|error| {
            // An error from further inside has its path already.
            let place = if error.operation() == BUILD { "" } else { &place };
            Fault::new(format!("{place}{}", error.message()), error.help().to_owned())
        })
    }
}

/// The operation of the errors that have a path.
const BUILD: &str = "build";

/// `` `a`, `b` ``, however many there are: whoever reads it looks for one of them.
fn every<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

impl<T: Scalar> Inside<'_, T> {
    /// The layer inside that has this name, built.
    ///
    /// # Errors
    /// If there is none, and as [`Registry::build`].
    #[track_caller]
    pub fn layer(&self, name: &str) -> Result<AnyLayer<T>> {
        let Some((_, layer)) = self.description.inside().find(|(other, _)| *other == name) else {
            let names: Vec<_> = self.description.inside().map(|(name, _)| name).collect();
            let (kind, inside) = (self.description.kind(), list(names.into_iter()));
            let message = format!("a `{kind}` without the layer `{name}` inside; there are {inside}");
            let help = "the description was made by something else";
            // Of another operation: the path is put before it.
            return Err(Error::new(ErrorKind::File, "layer", message, help));
        };
        self.at(layer, name)
    }

    /// The layer inside that this is the description of: it has a name there, and by that a path.
    fn build(&self, layer: &Description) -> Result<AnyLayer<T>> {
        let name = self.description.inside().find(|(_, other)| std::ptr::eq(*other, layer));
        self.at(layer, name.map_or("?", |(name, _)| name))
    }

    #[track_caller]
    fn at(&self, layer: &Description, name: &str) -> Result<AnyLayer<T>> {
        match self.registry.at(layer, &join(self.path, name)) {
            Ok(layer) => Ok(layer),
            Err(Fault { message, help }) => Err(Error::new(ErrorKind::File, BUILD, message, help)),
        }
    }

    /// The names of the layers inside, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.description.inside().map(|(name, _)| name)
    }
}

impl<T: Scalar> Default for Registry<T> {
    fn default() -> Self {
        Registry::new()
    }
}

/// The kinds.
impl<T: Scalar> fmt::Debug for Registry<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry ")?;
        f.debug_list().entries(self.kinds()).finish()
    }
}
