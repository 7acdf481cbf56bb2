//! The data sets that the examples learn from, built in. Where they are from and under which licences: `examples/data/README.md`.

use chainrule::Result;
use chainrule::layers::{Csv, Dataset};

/// Handwritten digits: 1,797 pictures of 8 x 8 pixels as rows of 64 numbers, from 0 (white) to 1, and which digit each is.
///
/// These are the test part alone of the UCI repository's "Optical Recognition of Handwritten Digits": figures are not
/// comparable with published ones.
///
/// # Errors
/// None: the file is part of the program, and a test reads it.
pub fn digits() -> Result<Dataset<f32>> {
    let text = include_str!("../data/digits.csv");
    // The file has 0 to 16; dividing by 16 is exact.
    let data: Dataset<f32> = Csv::new().without_header().target(64).parse(text)?;
    data.map(|pictures, digits| (pictures / 16.0, digits))?.named((0..10).map(|digit| digit.to_string()))
}

/// Fisher's irises: length and width of sepals and petals of 150 flowers, in cm, and the species.
///
/// # Errors
/// None, as [`digits`].
pub fn iris() -> Result<Dataset<f32>> {
    Csv::new().label("species").parse(include_str!("../data/iris.csv"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The FNV-1a hash of a file, as Python computed it of the originals.
    fn hash(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        })
    }

    fn counts(data: &Dataset<f32>) -> Vec<usize> {
        let mut counts = vec![0; data.classes().len()];
        for label in data.labels().unwrap() {
            counts[label] += 1;
        }
        counts
    }

    /// The counts of the classes are those that the UCI repository gives for its test part.
    #[test]
    fn digits_are_as_published() {
        assert_eq!(hash(include_bytes!("../data/digits.csv")), 0x0b6d_b7d4_442b_bc5d);
        let data = digits().unwrap();
        assert_eq!(data.inputs().shape(), [1797, 64]);
        assert_eq!(counts(&data), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let total: f64 = data.inputs().iter().map(|&v| f64::from(v) * 16.0).sum();
        assert_eq!(total, 561_718.0);
        assert!(data.inputs().iter().all(|v| (0.0..=1.0).contains(v)));
        assert_eq!(data.classes()[9], "9");
    }

    #[test]
    fn irises_are_as_published() {
        assert_eq!(hash(include_bytes!("../data/iris.csv")), 0xf743_bbb2_4204_0bae);
        let data = iris().unwrap();
        assert_eq!(data.inputs().shape(), [150, 4]);
        assert_eq!(data.classes(), ["setosa", "versicolor", "virginica"]);
        assert_eq!(counts(&data), [50, 50, 50]);
        for (feature, total) in [876.5, 458.6, 563.7, 179.9].into_iter().enumerate() {
            let sum: f64 = data
                .inputs()
                .index_axis(chainrule::ndarray::Axis(1), feature)
                .iter()
                .map(|&v| f64::from(v))
                .sum();
            assert!((sum - total).abs() < 1e-4, "{feature}: {sum}");
        }
    }
}
