//! Pictures in folders: one folder for each class.

use std::fs;
use std::path::{Path, PathBuf};

use chainrule_graph::{Result, Scalar};
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader};
use ndarray::{ArrayD, IxDyn};

use super::Dataset;
use crate::fault::Fault;
use crate::files::read;

/// A reader of pictures (PNG and JPEG) in folders: each folder inside of the one that is given is a class, named as it is. Needs
/// the feature `images`.
///
/// ```no_run
/// use chainrule_layers::ImageFolder;
///
/// // flowers/daisy/1.png, flowers/daisy/2.png, flowers/rose/1.png, ...
/// let data = ImageFolder::new().grey().resized(32, 32).load::<f32>("flowers")?;
/// assert_eq!(data.inputs().shape()[1..], [1, 32, 32]); // channels, height, width
/// println!("{:?}", data.classes()); // ["daisy", "rose"]
/// # Ok::<(), chainrule_graph::Error>(())
/// ```
///
/// The inputs are `[n, channels, height, width]`, from 0 (black) to 1; the targets are labels. Folders and files are in the order
/// of their names. Transparency is left out. Files that do not end in `.png`, `.jpg` or `.jpeg` are passed over.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImageFolder {
    grey: bool,
    size: Option<[u32; 2]>,
}

impl ImageFolder {
    /// Red, green and blue; all pictures of one size.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one channel, brightness.
    pub fn grey(self) -> Self {
        ImageFolder { grey: true, ..self }
    }

    /// With all pictures brought to this size, whatever their shape was; linear interpolation.
    pub fn resized(self, height: u32, width: u32) -> Self {
        ImageFolder { size: Some([height, width]), ..self }
    }

    /// The pictures below this folder.
    ///
    /// # Errors
    /// If a folder cannot be read or has no pictures in it, a picture is damaged, or they differ in size. The error names the
    /// file.
    #[track_caller]
    pub fn load<T: Scalar>(&self, folder: impl AsRef<Path>) -> Result<Dataset<T>> {
        match self.pictures(folder.as_ref()) {
            Ok(data) => Ok(data),
            Err((path, fault)) => fault.in_file("images", &path),
        }
    }

    fn pictures<T: Scalar>(&self, folder: &Path) -> Result<Dataset<T>, (PathBuf, Fault)> {
        let at = |path: &Path| {
            let path = path.to_path_buf();
            move |fault| (path, fault)
        };
        let (mut values, mut labels, mut classes) = (Vec::new(), Vec::new(), Vec::<String>::new());
        let mut size = self.size;
        for class in entries(folder).map_err(at(folder))?.into_iter().filter(|path| path.is_dir()) {
            let before = labels.len();
            for file in entries(&class).map_err(at(&class))?.into_iter().filter(|path| is_picture(path)) {
                let picture = self.picture(&file).map_err(at(&file))?;
                let is = [picture.height(), picture.width()];
                let wanted = *size.get_or_insert(is);
                if is != wanted {
                    let reason = format!(
                        "{} x {} pixels, and those before {} x {}",
                        is[0], is[1], wanted[0], wanted[1]
                    );
                    let fault = Fault::new(reason, "`resized` brings all of them to one size");
                    return Err((file, fault));
                }
                self.append(&picture, &mut values);
                labels.push(T::of(classes.len() as f64));
            }
            if labels.len() == before {
                let fault =
                    Fault::new("no pictures in this folder", "PNG and JPEG are read; take other folders out");
                return Err((class, fault));
            }
            let name = class.file_name().unwrap_or_default().to_string_lossy();
            classes.push(name.into_owned());
        }
        let [height, width] = match size {
            Some(size) if !classes.is_empty() => size.map(|length| length as usize),
            _ => {
                let fault =
                    Fault::new("no folders in this folder", "one folder for each class, with pictures in it");
                return Err((folder.to_path_buf(), fault));
            }
        };
        let shape = [labels.len(), if self.grey { 1 } else { 3 }, height, width];
        let inputs = ArrayD::from_shape_vec(IxDyn(&shape), values)
            .map_err(|error| (folder.to_path_buf(), Fault::new(format!("{shape:?}: {error}"), "")))?;
        Ok(Dataset { inputs, targets: ndarray::Array1::from(labels).into_dyn(), classes })
    }

    fn picture(&self, file: &Path) -> Result<DynamicImage, Fault> {
        let bytes = read(file)?;
        let damaged = |error: &dyn std::fmt::Display| {
            Fault::new(error.to_string(), "the file is damaged, or not what its name says")
        };
        // What it is, its bytes tell better than its name. The library refuses sizes that need more than 512 MB.
        let reader = ImageReader::new(std::io::Cursor::new(bytes)).with_guessed_format();
        let picture = reader.map_err(|error| damaged(&error))?.decode().map_err(|error| damaged(&error))?;
        match self.size {
            Some([0, _] | [_, 0]) => {
                Err(Fault::new("resized to no pixels", "give a height and a width above 0"))
            }
            // Only what has to change: resizing to the same size need not be exact.
            Some([height, width]) if [height, width] != [picture.height(), picture.width()] => {
                Ok(picture.resize_exact(width, height, FilterType::Triangle))
            }
            _ => Ok(picture),
        }
    }

    /// Channel by channel. Of 8 bits, `v / 255` is the nearest number: 16 bits hold them exactly, as `257 v / 65535`.
    fn append<T: Scalar>(&self, picture: &DynamicImage, values: &mut Vec<T>) {
        let scaled = |value: u16| T::of(f64::from(value) / 65535.0);
        if self.grey {
            values.extend(picture.to_luma16().pixels().map(|pixel| scaled(pixel.0[0])));
        } else {
            let colours = picture.to_rgb16();
            for channel in 0..3 {
                values.extend(colours.pixels().map(|pixel| scaled(pixel.0[channel])));
            }
        }
    }
}

/// What is in a folder, by name; hidden entries are left out.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Fault::io(&error))? {
        let path = entry.map_err(|error| Fault::io(&error))?.path();
        if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn is_picture(path: &Path) -> bool {
    let known = ["png", "jpg", "jpeg"];
    path.extension().is_some_and(|extension| known.iter().any(|known| extension.eq_ignore_ascii_case(known)))
}
