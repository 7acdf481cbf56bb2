//! Data in files: tables, NumPy, IDX, pictures; scales.

use crate::support::{Folder, kept};
use chainrule_graph::{Error, ErrorKind};
use chainrule_layers::{Csv, Dataset, MinMax, Standardiser, load_idx, load_npy};
use ndarray::{Array2, ArrayD, array};
use proptest::prelude::*;

#[track_caller]
fn refused<V>(result: Result<V, Error>, kind: ErrorKind, part: &str) {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(part), "{error}\nhas no {part}");
    assert!(error.location().file().ends_with("data_files.rs"), "{error}");
}

#[test]
fn tables() {
    let text = "\u{feff}a; b ;c;kind\r\n1;\"2.5\";-3e-1 ; x\r\n4;5;6;\"y; z\"\n";
    let csv = Csv::new().delimiter(';');
    let data: Dataset<f64> = csv.clone().label("kind").parse(text).unwrap();
    assert_eq!(data.inputs(), &array![[1.0, 2.5, -0.3], [4.0, 5.0, 6.0]].into_dyn());
    assert_eq!(
        (data.classes(), data.labels().unwrap()),
        (&["x".to_owned(), "y; z".to_owned()][..], vec![0, 1])
    );
    let data: Dataset<f32> = csv.clone().inputs(["c", "a"]).target("b").parse(text).unwrap();
    assert_eq!(data.inputs(), &array![[-0.3, 1.0], [6.0, 4.0]].into_dyn());
    assert_eq!(data.targets(), &array![2.5, 5.0].into_dyn());
    let data: Dataset<f64> = csv.clone().inputs([0]).targets([2, 1]).parse(text).unwrap();
    assert_eq!(data.targets(), &array![[-0.3, 2.5], [6.0, 5.0]].into_dyn());
    let data: Dataset<f64> = csv.inputs([0]).label(3).classes(["y; z", "w", "x"]).parse(text).unwrap();
    assert_eq!(data.labels().unwrap(), [2, 0]);
    let data: Dataset<f64> = Csv::new().without_header().target(1).parse("1,2\n3,4\n").unwrap();
    assert_eq!(
        (data.inputs(), data.targets()),
        (&array![[1.0], [3.0]].into_dyn(), &array![2.0, 4.0].into_dyn())
    );
    // Rounded once: by way of f64, this would be the float below.
    let data: Dataset<f32> = Csv::new().without_header().target(1).parse("1.00000005960464484,0").unwrap();
    assert_eq!(data.inputs()[[0, 0]], 1.0 + f32::EPSILON);

    let folder = Folder::new();
    let path = folder.file("t.csv", "1,2\n3,4\n5,6");
    let rows: ArrayD<f64> = Csv::new().without_header().load_array(path).unwrap();
    assert_eq!(rows, array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]].into_dyn());
}

#[test]
fn tables_that_are_wrong() {
    let csv = || Csv::new().target("y");
    let of = |csv: Csv, text: &str, part: &str| refused(csv.parse::<f64>(text), ErrorKind::File, part);
    of(csv(), "x,y\n1,2\nten,2\n", "line 3, column 0 (`x`): \"ten\" is not a finite number");
    of(csv(), "x,y\n\n1, \n", "line 3, column 1 (`y`): nothing where a number should be");
    of(csv(), "x,y\r\n1,2\r\n\r\n3,4\r\n?,2\r\n", "line 5, column 0 (`x`): \"?\" is not");
    of(csv(), "x,y\r\n1,2\r\n\r\n3,4,5\r\n", "line 4: 3 fields");
    of(csv().without_header().target(1), "\n1,2\n\"3\n\",4\n5,z\n", "line 5, column 1: \"z\"");
    of(csv(), "x,y\n1,NaN\n", "line 2, column 1 (`y`): \"NaN\" is not a finite number");
    of(csv(), "x,y\n1,1e999\n", "\"1e999\" is not a finite number");
    of(csv(), "x,y\n1,2\n1,2,3\n", "line 3: 3 fields, and 2 before");
    of(csv(), "x,y\n", "no samples");
    of(csv(), "", "no samples");
    of(csv(), "x;y\n1;2\n", "no column `y` among 1; names: `x;y`");
    of(Csv::new().inputs([2]).target(0), "x,y\n1,2\n", "no column 2 among 2");
    of(csv().without_header(), "1,2\n", "no column `y`");
    of(Csv::new(), "x\n1\n", "nothing is to be learnt");
    of(csv().delimiter('é'), "x,y\n1,2\n", "'é' between the fields");
    of(Csv::new().label("y").classes(["a"]), "x,y\n1,a\n2,b\n", "line 3: \"b\" is none of the classes `a`");
    of(Csv::new().label("y"), "x,y\n1,\n", "column 1 (`y`): nothing where a class should be");
    let bytes = b"x,y\n1,2\n\xff\xfe,2\n";
    refused(csv().parse::<f64>(bytes), ErrorKind::File, "line 3, column 0 (`x`)");
    refused(Csv::new().label("x").parse::<f64>(bytes), ErrorKind::File, "the class is not UTF-8");
    let folder = Folder::new();
    let path = folder.file("t.csv", "x,y\n1,z\n");
    refused(csv().load::<f64>(&path), ErrorKind::File, "t.csv`: line 2, column 1 (`y`): \"z\"");
    refused(csv().load::<f64>(folder.join("none.csv")), ErrorKind::File, "none.csv`: ");
}

/// The file is NumPy's own (2.4): big endian, `f4`, in Fortran's order.
#[test]
fn a_file_of_numpy() {
    let expected = array![[1.5_f32, -2.0, 0.1], [0.0, 3.0, 1e-3]].into_dyn();
    assert_eq!(load_npy::<f32>(kept("numpy.npy")).unwrap(), expected);
    assert_eq!(load_npy::<f64>(kept("numpy.npy")).unwrap(), expected.mapv(f64::from));
    refused(
        load_npy::<f64>(kept("pytorch.safetensors")),
        ErrorKind::File,
        "pytorch.safetensors`: no .npy file",
    );
}

#[cfg(feature = "npz")]
#[test]
fn an_archive_of_numpy() {
    let arrays = chainrule_layers::load_npz::<f64>(kept("numpy.npz")).unwrap();
    assert_eq!(arrays.keys().collect::<Vec<_>>(), ["weight", "bias", "half"]);
    assert_eq!(arrays["weight"], array![[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]].into_dyn());
    assert_eq!(arrays["bias"], array![0.25, -1.0].into_dyn());
    assert_eq!(arrays["half"], array![65504.0, -0.0999755859375].into_dyn());
    let path = kept("numpy.npy");
    refused(chainrule_layers::load_npz::<f64>(path), ErrorKind::File, "numpy.npy`: no valid .npz file");
}

/// The bytes of the test below, compressed by Python's `gzip`.
const GZIPPED: [u8; 32] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 98, 96, 96, 0, 99, 70, 38, 230, 255, 0, 139, 148, 159,
    86, 16, 0, 0, 0,
];

#[test]
fn idx() {
    let folder = Folder::new();
    let bytes = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 255];
    let path = folder.file("images", bytes);
    let expected = array![[1.0, 2.0], [3.0, 255.0]].into_dyn();
    assert_eq!(load_idx::<f64>(path).unwrap(), expected);
    let path = folder.file("images", &bytes[..15]);
    refused(
        load_idx::<f64>(path),
        ErrorKind::File,
        "images`: an array [2, 2] of 1-byte numbers has 4 bytes; there are 3",
    );
    let packed = folder.file("images.gz", GZIPPED);
    #[cfg(feature = "gzip")]
    {
        assert_eq!(load_idx::<f64>(&packed).unwrap(), expected);
        let path = folder.file("images.gz", &GZIPPED[..20]);
        refused(load_idx::<f64>(path), ErrorKind::File, "images.gz`: cannot be unpacked");
    }
    #[cfg(not(feature = "gzip"))]
    refused(load_idx::<f64>(packed), ErrorKind::File, "images.gz`: the file is compressed");
}

#[cfg(feature = "images")]
mod images {
    use super::*;
    use chainrule_layers::ImageFolder;
    use image::{GrayImage, Luma, Rgb, RgbImage};

    fn folder() -> Folder {
        let folder = Folder::new();
        std::fs::create_dir_all(folder.join("b")).unwrap();
        std::fs::create_dir_all(folder.join("a")).unwrap();
        let colour = RgbImage::from_fn(3, 2, |x, y| Rgb([10 * x as u8, 100 + y as u8, 255]));
        colour.save(folder.join("b/1.PNG")).unwrap();
        GrayImage::from_fn(3, 2, |x, y| Luma([(x + 3 * y) as u8])).save(folder.join("b/2.png")).unwrap();
        GrayImage::from_pixel(3, 2, Luma([51])).save(folder.join("a/x.jpg")).unwrap();
        folder.file("a/notes.txt", "passed over");
        folder.file("a/.hidden.png", "passed over");
        folder.file("list.txt", "passed over");
        folder
    }

    #[test]
    fn folders_are_classes() {
        let folder = folder();
        let data = ImageFolder::new().load::<f64>(folder.join("")).unwrap();
        assert_eq!(data.classes(), ["a", "b"]);
        assert_eq!(data.labels().unwrap(), [0, 1, 1]);
        assert_eq!(data.inputs().shape(), [3, 3, 2, 3]);
        // A JPEG of one grey is exact.
        assert!(data.inputs().index_axis(ndarray::Axis(0), 0).iter().all(|&v| v == 51.0 / 255.0));
        for (place, &value) in data.inputs().index_axis(ndarray::Axis(0), 1).indexed_iter() {
            let (channel, y, x) = (place[0], place[1], place[2]);
            assert_eq!(value, [10 * x, 100 + y, 255][channel] as f64 / 255.0);
        }
        let grey = ImageFolder::new().grey().load::<f32>(folder.join("")).unwrap();
        assert_eq!(grey.inputs().shape(), [3, 1, 2, 3]);
        let second = grey.inputs().index_axis(ndarray::Axis(0), 2);
        assert!(second.iter().enumerate().all(|(place, &v)| v == (place as f64 / 255.0) as f32));
        let small = ImageFolder::new().resized(1, 2).load::<f32>(folder.join("")).unwrap();
        assert_eq!(small.inputs().shape(), [3, 3, 1, 2]);
    }

    #[test]
    fn folders_that_are_wrong() {
        let folder = folder();
        let load = || ImageFolder::new().load::<f64>(folder.join(""));
        GrayImage::new(4, 4).save(folder.join("b/3.png")).unwrap();
        refused(load(), ErrorKind::File, "3.png`: 4 x 4 pixels, and those before 2 x 3");
        folder.file("b/3.png", "no picture");
        refused(load(), ErrorKind::File, "3.png`: ");
        std::fs::remove_file(folder.join("b/3.png")).unwrap();
        std::fs::create_dir(folder.join("c")).unwrap();
        refused(load(), ErrorKind::File, "c`: no pictures in this folder");
        refused(
            ImageFolder::new().load::<f64>(folder.join("c")),
            ErrorKind::File,
            "c`: no folders in this folder",
        );
        refused(ImageFolder::new().load::<f64>(folder.join("d")), ErrorKind::File, "d`: ");
        refused(ImageFolder::new().resized(0, 1).load::<f64>(folder.join("")), ErrorKind::File, "no pixels");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn no_bytes_make_it_panic(name in prop::sample::select(vec!["b/1.PNG", "a/x.jpg"]), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
            let folder = folder();
            let mut bytes = std::fs::read(folder.join(name)).unwrap();
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            folder.file(name, bytes);
            let _ = ImageFolder::new().load::<f64>(folder.join(""));
        }
    }
}

#[test]
fn scales() {
    let samples =
        array![[[1.0, 7.0], [-2.0, 0.1]], [[3.0, 7.0], [-4.0, 0.1]], [[8.0, 7.0], [0.0, 0.1]]].into_dyn();
    let scale = Standardiser::fit(&samples).unwrap();
    assert_eq!(scale.offsets(), [4.0, 7.0, -2.0, 0.1]);
    // (9 + 1 + 16) / 3 and (0 + 4 + 4) / 3
    assert_eq!(scale.divisors(), [(26.0_f64 / 3.0).sqrt(), 1.0, (8.0_f64 / 3.0).sqrt(), 1.0]);
    let scaled = scale.apply(&samples).unwrap();
    assert_eq!(scaled[[0, 0, 0]], -3.0 / (26.0_f64 / 3.0).sqrt());
    assert!(scaled.slice(ndarray::s![.., .., 1]).iter().all(|&v| v == 0.0));
    let back = scale.inverse(&scaled).unwrap();
    assert!(back.iter().zip(&samples).all(|(a, b)| (a - b).abs() <= 4.0 * f64::EPSILON * b.abs().max(4.0)));
    let one = samples.index_axis(ndarray::Axis(0), 1).to_owned();
    assert_eq!(scale.apply(&one).unwrap(), scaled.index_axis(ndarray::Axis(0), 1));
    let data = Dataset::new(&samples, [0.0, 1.0, 0.0]).unwrap().named(["a", "b"]).unwrap();
    let other = scale.apply_to(&data).unwrap();
    assert_eq!((other.inputs(), other.classes()), (&scaled, data.classes()));

    let folder = Folder::new();
    let path = folder.join("scale.json");
    scale.save(&path).unwrap();
    assert_eq!(Standardiser::load(&path).unwrap(), scale);
    let minmax = MinMax::fit(&samples).unwrap();
    assert_eq!(
        (minmax.offsets(), minmax.divisors()),
        (&[1.0, 7.0, -4.0, 0.1][..], &[7.0, 1.0, 4.0, 1.0][..])
    );

    refused(
        scale.apply([1.0]),
        ErrorKind::Argument,
        "fitted to samples of shape [2, 2], and the array is [1]",
    );
    refused(Standardiser::fit(Array2::<f64>::zeros((0, 2))), ErrorKind::Argument, "no samples");
    refused(Standardiser::fit(1.0), ErrorKind::Argument, "no samples in an array of shape []");
    for wrong in [f64::NAN, f64::INFINITY, 1e300] {
        refused(
            Standardiser::fit(array![[0.0, 0.0], [0.0, wrong]]),
            ErrorKind::Argument,
            "feature 1 has values",
        );
    }
    for wrong in [f64::NAN, f64::NEG_INFINITY] {
        refused(MinMax::fit(array![[0.0, 0.0], [0.0, wrong]]), ErrorKind::Argument, "feature 1 has values");
    }
    for text in [
        "",
        r#"{"shape": [2], "offset": [1.0], "divisor": [1.0]}"#,
        r#"{"shape": [1], "offset": [1.0], "divisor": [0.0]}"#,
        r#"{"shape": [18446744073709551615, 2], "offset": [1.0], "divisor": [1.0]}"#,
    ] {
        refused(Standardiser::load(folder.file("wrong.json", text)), ErrorKind::File, "wrong.json`: ");
    }
}

#[test]
fn labels() {
    let data = Dataset::new(array![[1.0], [2.0], [3.0]], [2.0, 0.0, 1.0]).unwrap();
    assert_eq!(data.labels().unwrap(), [2, 0, 1]);
    refused(data.one_hot(2), ErrorKind::Argument, "sample 0 has label 2, and there are 2 classes");
    refused(data.clone().named(["a", "b"]), ErrorKind::Argument, "sample 0 has label 2");
    let named = data.named(["a", "b", "c"]).unwrap();
    for part in [named.shuffled(1), named.select(&[0]).unwrap(), named.split(0.5).unwrap().1] {
        assert_eq!(part.classes(), ["a", "b", "c"]);
    }
    let wrong = |targets: f64| Dataset::new(array![[1.0]], [targets]).unwrap().labels();
    for target in [-1.0, 0.5, f64::NAN, 1e30] {
        refused(wrong(target), ErrorKind::Argument, "the target of sample 0 is ");
    }
    let probabilities = Dataset::new(array![[1.0]], array![[1.0]]).unwrap();
    refused(probabilities.labels(), ErrorKind::Argument, "the targets have shape [1, 1]");
}

proptest! {
    #[test]
    fn no_table_makes_it_panic(text in "[0-9ax,;\"\n\r. -]{0,60}", bytes: Vec<u8>) {
        for csv in [Csv::new().target(0), Csv::new().without_header().label(1), Csv::new().label("a")] {
            let _ = csv.parse::<f64>(&text);
            let _ = csv.parse::<f32>(&bytes);
        }
    }
}
