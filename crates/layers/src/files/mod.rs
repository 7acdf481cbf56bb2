//! Files.

use std::path::Path;

use chainrule_graph::{Error, ErrorKind, Result, Scalar};
use indexmap::IndexMap;
use ndarray::{ArrayD, IxDyn};
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

pub(crate) struct Tensors<T> {
    values: IndexMap<String, ArrayD<T>>,
    doubles: IndexMap<String, ArrayD<f64>>,
    metadata: std::collections::HashMap<String, String>,
}
impl<T: Scalar> Tensors<T> {
    pub(crate) fn new() -> Self {
        Tensors { values: IndexMap::new(), doubles: IndexMap::new(), metadata: Default::default() }
    }
    pub(crate) fn insert(&mut self, name: impl Into<String>, v: ArrayD<T>) {
        self.values.insert(name.into(), v);
    }
    pub(crate) fn insert_f64(&mut self, name: impl Into<String>, v: ArrayD<f64>) {
        self.doubles.insert(name.into(), v);
    }
    pub(crate) fn describe(&mut self, key: &str, text: String) {
        self.metadata.insert(key.into(), text);
    }
    pub(crate) fn description(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }
    pub(crate) fn get(&self, name: &str) -> Option<ArrayD<T>> {
        self.values.get(name).cloned()
    }
    pub(crate) fn get_f64(&self, name: &str) -> Option<ArrayD<f64>> {
        self.doubles.get(name).cloned()
    }
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
    pub(crate) fn to_bytes(&self, _path: &Path) -> Result<Vec<u8>> {
        let mut all: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = vec![];
        for (n, v) in &self.values {
            let (d, b) = if T::NAME == "f32" {
                (Dtype::F32, v.iter().flat_map(|x| (x.bits() as u32).to_le_bytes()).collect())
            } else {
                (Dtype::F64, v.iter().flat_map(|x| x.bits().to_le_bytes()).collect())
            };
            all.push((n.clone(), d, v.shape().to_vec(), b));
        }
        for (n, v) in &self.doubles {
            all.push((
                format!("f64.{n}"),
                Dtype::F64,
                v.shape().to_vec(),
                v.iter().flat_map(|x| x.to_le_bytes()).collect(),
            ));
        }
        let views: Vec<_> =
            all.iter().map(|(n, d, s, b)| (n.clone(), TensorView::new(*d, s.clone(), b).unwrap())).collect();
        Ok(safetensors::serialize(views, Some(self.metadata.clone())).unwrap())
    }
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes =
            std::fs::read(path).map_err(|e| Error::new(ErrorKind::File, "load", e.to_string(), ""))?;
        let st = SafeTensors::deserialize(&bytes)
            .map_err(|e| Error::new(ErrorKind::File, "load", e.to_string(), ""))?;
        let (_, md) = SafeTensors::read_metadata(&bytes)
            .map_err(|e| Error::new(ErrorKind::File, "load", e.to_string(), ""))?;
        let mut out = Self::new();
        if let Some(m) = md.metadata() {
            out.metadata = m.clone();
        }
        for (n, v) in st.tensors() {
            let f: Vec<f64> = if v.dtype() == Dtype::F32 {
                v.data().chunks(4).map(|c| f32::from_le_bytes(c.try_into().unwrap()) as f64).collect()
            } else {
                v.data().chunks(8).map(|c| f64::from_le_bytes(c.try_into().unwrap())).collect()
            };
            let a = ArrayD::from_shape_vec(IxDyn(v.shape()), f).unwrap();
            if let Some(n) = n.strip_prefix("f64.") {
                out.doubles.insert(n.into(), a);
            } else {
                out.values.insert(n, a.mapv(T::of));
            }
        }
        Ok(out)
    }
}
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).map_err(|e| Error::new(ErrorKind::File, "save", e.to_string(), ""))
}
