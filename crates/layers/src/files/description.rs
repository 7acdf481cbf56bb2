//! [`Description`] to and from JSON.
//!
//! ```json
//! {
//!   "format": "chainrule model",
//!   "version": 1,
//!   "model": {
//!     "kind": "sequential",
//!     "layers": [
//!       { "name": "0", "kind": "dense", "settings": { "inputs": 64, "outputs": 10 } }
//!     ]
//!   }
//! }
//! ```

use chainrule_graph::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

use crate::describe::Description;
use crate::fault::{Fault, list};
use crate::layer::join;

const FORMAT: &str = "chainrule model";
const VERSION: u64 = 1;

impl Description {
    /// As JSON, for people and programs alike: kinds, settings, and the layers inside, in order.
    ///
    /// ```
    /// use chainrule_layers::{Dense, Description, Layer};
    ///
    /// let dense: &dyn Layer = &Dense::new(64, 10);
    /// let text = dense.describe().to_json()?;
    /// assert_eq!(Description::from_json(&text)?, dense.describe());
    /// # Ok::<(), chainrule_graph::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a layer does not [describe](crate::Layer::describe) itself; the error names it.
    #[track_caller]
    pub fn to_json(&self) -> Result<String> {
        match self.text() {
            Ok(text) => Ok(text),
            Err(fault) => fault.raise("to_json"),
        }
    }

    /// The contrary of [`to_json`](Description::to_json).
    ///
    /// # Errors
    /// If this is not such a text. The error has the place.
    #[track_caller]
    pub fn from_json(text: &str) -> Result<Self> {
        match Description::parse(text) {
            Ok(description) => Ok(description),
            Err(Fault { message, help }) => Err(Error::new(ErrorKind::File, "from_json", message, help)),
        }
    }

    pub(super) fn text(&self) -> Result<String, Fault> {
        if let Some((path, kind)) = self.incomplete("") {
            let place = if path.is_empty() { "the model".to_owned() } else { format!("layer `{path}`") };
            let help = "write `Layer::describe` for it, and register its kind for loading; the parameters alone can be saved by \
                        `params.save(path)`";
            return Err(Fault::new(format!("{place} (a `{kind}`) does not describe itself"), help));
        }
        let all = json!({ "format": FORMAT, "version": VERSION, "model": self.json() });
        match serde_json::to_string_pretty(&all) {
            Ok(text) => Ok(text + "\n"),
            Err(error) => {
                Err(Fault::new(format!("cannot be written as JSON: {error}"), "look at the settings"))
            }
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        const HELP: &str = "such a file is written by `Model::save`";
        let wrong = |message: String| Err(Fault::new(message, HELP));
        let all: Value = match serde_json::from_str(text) {
            Ok(all) => all,
            // It has line and column.
            Err(error) => return wrong(format!("no valid JSON: {error}")),
        };
        if all.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return wrong(format!("no description of a model: there is no `\"format\": \"{FORMAT}\"`"));
        }
        match all.get("version").and_then(Value::as_u64) {
            Some(1..=VERSION) => {}
            version => {
                let version = version.map_or("without a version".to_owned(), |v| format!("in version {v}"));
                let reason = format!("written {version}; known is {VERSION}");
                return Err(Fault::new(reason, "use the version of chainrule that wrote it, or a later one"));
            }
        }
        match all.get("model") {
            Some(model) => read(model, ""),
            None => wrong("there is no `model`".to_owned()),
        }
    }

    fn json(&self) -> Value {
        let mut json = Map::new();
        json.insert("kind".to_owned(), self.kind().into());
        if !self.settings().is_empty() {
            json.insert("settings".to_owned(), self.settings().clone().into());
        }
        if self.inside().len() > 0 {
            let named = |(name, layer): (&str, &Description)| match layer.json() {
                Value::Object(layer) => {
                    let mut json = Map::new();
                    json.insert("name".to_owned(), name.into());
                    json.extend(layer);
                    Value::Object(json)
                }
                other => other,
            };
            json.insert("layers".to_owned(), self.inside().map(named).collect());
        }
        json.into()
    }

    /// Path and kind of the first layer that does not say enough to be built again.
    fn incomplete(&self, path: &str) -> Option<(String, &str)> {
        // The innermost first: a layer is incomplete because of what is in it.
        let inside = self.inside().find_map(|(name, layer)| layer.incomplete(&join(path, name)));
        inside.or_else(|| (!self.is_complete()).then(|| (path.to_owned(), self.kind())))
    }
}

/// One layer. As deep as the JSON is, which its parser limits.
fn read(json: &Value, path: &str) -> Result<Description, Fault> {
    let place = if path.is_empty() { "the model".to_owned() } else { format!("layer `{path}`") };
    let wrong = |what: &str| {
        Err(Fault::new(format!("{place}: {what}"), "see the documentation of `Description::to_json`"))
    };
    let Some(json) = json.as_object() else { return wrong("it is not an object") };
    let known = ["name", "kind", "settings", "layers"];
    if let Some(key) = json.keys().find(|key| !known.contains(&key.as_str())) {
        return wrong(&format!("`{key}` is none of {}", list(known.into_iter())));
    }
    let Some(kind) = json.get("kind").and_then(Value::as_str) else {
        return wrong("it has no `kind`, or one that is no text");
    };
    let mut description = Description::new(kind);
    match json.get("settings") {
        None => {}
        Some(Value::Object(settings)) => {
            for (name, value) in settings {
                description = description.with(name, value);
            }
        }
        Some(_) => return wrong("its `settings` are not an object"),
    }
    match json.get("layers") {
        None => {}
        Some(Value::Array(layers)) => {
            let mut inside = Vec::with_capacity(layers.len());
            for (number, layer) in layers.iter().enumerate() {
                let Some(name) = layer.get("name").and_then(Value::as_str) else {
                    return wrong(&format!("entry {number} of its `layers` has no `name`"));
                };
                inside.push((name.to_owned(), read(layer, &join(path, name))?));
            }
            description = description.layers(inside);
        }
        Some(_) => return wrong("its `layers` are not a list"),
    }
    Ok(description)
}
