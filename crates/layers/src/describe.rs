//! [`Description`]: what a layer is, as data.

use std::fmt;

use chainrule_graph::{Error, ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A layer as data: its kind, its settings, and the layers inside of it. A summary shows it, a file keeps it.
///
/// ```
/// use chainrule_layers::{Dense, Description, Layer};
///
/// let dense: &dyn Layer = &Dense::new(64, 10);
/// let description = dense.describe();
/// assert_eq!(description.kind(), "dense");
/// assert_eq!(description.get::<usize>("inputs")?, 64);
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    kind: String,
    /// Whether a layer can be built of it again.
    known: bool,
    settings: Map<String, Value>,
    layers: Vec<(String, Description)>,
}

impl Description {
    /// A layer of this kind, without settings.
    pub fn new(kind: impl Into<String>) -> Self {
        Description { kind: kind.into(), known: true, settings: Map::new(), layers: Vec::new() }
    }

    /// A layer of which only the type is known.
    pub(crate) fn of_type<L: ?Sized>() -> Self {
        let name = std::any::type_name::<L>();
        // The last name of the path, without parameters.
        let name = name.split('<').next().unwrap_or(name);
        Description { known: false, ..Description::new(name.rsplit("::").next().unwrap_or(name)) }
    }

    /// With a setting. A value that JSON cannot hold makes the description one that no layer can be built of.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => drop(self.settings.insert(name.to_owned(), value)),
            Err(_) => self.known = false,
        }
        self
    }

    /// With layers inside, under their names.
    #[must_use]
    pub fn layers(mut self, layers: impl IntoIterator<Item = (String, Description)>) -> Self {
        self.layers.extend(layers);
        self
    }

    /// The kind of layer: `"dense"`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether the layer says enough of itself to be built again.
    pub fn is_complete(&self) -> bool {
        self.known && self.layers.iter().all(|(_, layer)| layer.is_complete())
    }

    /// A setting.
    ///
    /// # Errors
    /// If there is none of this name, or it is of another type.
    #[track_caller]
    pub fn get<V: DeserializeOwned>(&self, name: &str) -> Result<V> {
        let refuse = |message: String| {
            Err(Error::new(
                ErrorKind::File,
                "describe",
                message,
                "the description was made by something else",
            ))
        };
        match self.settings.get(name) {
            None => refuse(format!("a `{}` without `{name}`", self.kind)),
            Some(value) => match serde_json::from_value(value.clone()) {
                Ok(value) => Ok(value),
                Err(reason) => refuse(format!("`{name}` of a `{}` is {value}: {reason}", self.kind)),
            },
        }
    }

    /// The layers inside, in order.
    pub fn inside(&self) -> impl ExactSizeIterator<Item = (&str, &Description)> {
        self.layers.iter().map(|(name, layer)| (name.as_str(), layer))
    }

    /// The settings, by name.
    pub fn settings(&self) -> &Map<String, Value> {
        &self.settings
    }
}

/// `dense(inputs 64, outputs 10)`
impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings: Vec<_> = self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        match settings.is_empty() {
            true => f.write_str(&self.kind),
            false => write!(f, "{}({})", self.kind, settings.join(", ")),
        }
    }
}
