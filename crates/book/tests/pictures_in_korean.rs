//! The tutorial's pictures with Korean words: the same drawings, whose words are exchanged. `UPDATE_PAGES=1` writes them.
//!
//! A picture with a new word fails here until the word is in the table.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the functions that tests share are tests too")]

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use chainrule_book::pages::root;

const WORDS: &[(&str, &str)] = &[
    ("above: values, computed from the left", "위: 값, 왼쪽에서부터 계산"),
    ("accuracy", "정확도"),
    ("and the same bits", "비트까지 같다"),
    ("back", "뒤로"),
    ("below: derivatives of the result, computed from the right", "아래: 결과의 도함수, 오른쪽에서부터 계산"),
    ("bottom", "바닥"),
    ("by shares", "몫으로"),
    ("by weights", "가중치로"),
    ("came in", "들어온 것"),
    ("corrected", "고친 것"),
    ("cost", "비용"),
    ("differentiate", "미분"),
    ("divided by its sum", "자기 합으로 나눈다"),
    ("each column", "열마다"),
    ("each receiver collects from all senders", "받는 뉴런마다 모든 보내는 뉴런에서 모은다"),
    ("each sender collects from all receivers", "보내는 뉴런마다 모든 받는 뉴런에서 모은다"),
    ("each thing once", "무엇이든 한 번씩"),
    ("epoch", "에포크"),
    ("error of the output", "출력의 오차"),
    ("errors of the hidden neurons", "은닉 뉴런의 오차"),
    ("forward", "앞으로"),
    ("gradient descent: 10,000 steps", "경사하강법: 10,000걸음"),
    ("hidden neurons", "은닉 뉴런"),
    ("inputs", "입력"),
    ("its slope g′(z)", "그 기울기 g′(z)"),
    ("loops and places", "반복문과 자리"),
    ("loss", "손실"),
    ("more nodes", "더 많은 노드"),
    ("Newton: 6 steps", "뉴턴: 6걸음"),
    ("nodes", "노드"),
    ("outputs", "출력"),
    ("outputs now", "지금의 출력"),
    ("plan", "계획"),
    ("record", "기록"),
    ("rounding", "반올림"),
    ("run", "실행"),
    ("simplify", "단순하게"),
    ("start", "출발"),
    ("step", "걸음"),
    ("steps", "단계"),
    ("sum", "합"),
    ("sums of the columns", "열의 합"),
    ("targets", "목푯값"),
    ("the curve bends", "곡선이 휜다"),
    ("the slide", "슬라이드"),
    ("value(): the same operations, one after the other", "value(): 같은 연산을 하나씩 차례로"),
];

/// A label in Korean. Formulas and numbers stay as they are, also behind a word.
fn translated(label: &str) -> Option<String> {
    let word = |label: &str| WORDS.iter().find(|(english, _)| *english == label).map(|(_, korean)| *korean);
    if let Some(korean) = word(label) {
        return Some(korean.to_owned());
    }
    if label.chars().filter(char::is_ascii_alphabetic).count() < 3 {
        return Some(label.to_owned());
    }
    let (first, number) = label.rsplit_once(' ').filter(|(_, number)| number.parse::<f64>().is_ok())?;
    Some(format!("{} {number}", word(first)?))
}

/// A picture with all labels in Korean, or the first one that is not in the table.
fn in_korean(svg: &str) -> Result<String, String> {
    let mut pieces = svg.split("<text ");
    let mut result = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let (attributes, rest) = piece.split_once('>').unwrap();
        let (label, rest) = rest.split_once('<').unwrap();
        let label = translated(label).ok_or(label)?;
        result.push_str(&format!("<text {attributes}>{label}<{rest}"));
    }
    Ok(result)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn the_korean_pictures_are_the_english_ones_with_korean_words() {
    let (english, korean) =
        (root().join("docs/src/tutorial/images"), root().join("docs/ko/src/tutorial/images"));
    let update = env::var_os("UPDATE_PAGES").is_some();
    fs::create_dir_all(&korean).unwrap();
    let mut faults = Vec::new();
    for name in names(&english) {
        let svg = match in_korean(&fs::read_to_string(english.join(&name)).unwrap()) {
            Ok(svg) => svg,
            Err(label) => {
                faults.push(format!("{name}: {label:?} is not in the table of words"));
                continue;
            }
        };
        let path = korean.join(&name);
        if update {
            fs::write(path, svg).unwrap();
        } else if !fs::read_to_string(path).is_ok_and(|there| there == svg) {
            faults.push(format!("{name} is not the English picture in Korean; UPDATE_PAGES=1 writes it"));
        }
    }
    let gone = names(&korean).difference(&names(&english)).cloned().collect::<Vec<_>>();
    faults.extend(gone.iter().map(|name| format!("{name} has no English original")));
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn numbers_stay_and_unknown_words_are_refused() {
    assert_eq!(translated("sum 0.87").as_deref(), Some("합 0.87"));
    assert_eq!(translated("E[1]").as_deref(), Some("E[1]"));
    assert_eq!(in_korean("<text x=\"1\">walrus</text>"), Err("walrus".to_owned()));
}
