//! What is not asked for is not fetched.

use crate::attack::{Pickle, archive};
use cpu1::checkpoint::{Data, Flavour, Reader};
use std::ops::Range;

#[test]
fn of_a_step_file_only_the_models_share_is_fetched() {
    // Two tensors of optimizer state behind each of the model's, which is as bad as it gets: torch
    // orders the entries by their keys' text.
    const TENSORS: i64 = 60;
    const LEN: i64 = 15_000;
    let tensor = |pickle: Pickle, key: i64| {
        pickle.tensor_in(
            &format!("{key:04}"),
            "BFloat16Storage",
            LEN,
            0,
            &[LEN / 2, 2],
            &[2, 1],
        )
    };
    let mut pickle = Pickle::new().op(b"}(").text("model_state_dict").op(b"}(");
    for index in 0..TENSORS {
        pickle = tensor(pickle.text(&format!("w{index}")), 3 * index);
    }
    pickle = pickle
        .op(b"u")
        .text("optimizer_state_dict")
        .op(b"}(")
        .text("state")
        .op(b"}(");
    for index in 0..TENSORS {
        pickle = tensor(pickle.int(index).op(b"}(").text("exp_avg"), 3 * index + 1);
        pickle = tensor(pickle.text("exp_avg_sq"), 3 * index + 2).op(b"u");
    }
    let bytes = pickle.op(b"u").text("param_groups").op(b"]uu.").0;
    let names: Vec<String> = (0..3 * TENSORS)
        .map(|key| format!("m/data/{key:04}"))
        .collect();
    let storage = vec![1; 2 * LEN as usize];
    let mut entries = vec![("m/data.pkl", &bytes[..])];
    entries.extend(names.iter().map(|name| (&**name, &storage[..])));
    let file = archive(&entries);

    let mut reader = Reader::new(file.len() as u64).unwrap();
    let mut fetched = 0;
    let mut fetch = |reader: &mut Reader, range: Range<u64>| {
        fetched += range.end - range.start;
        reader
            .feed(&file[range.start as usize..range.end as usize])
            .unwrap();
    };
    while let Some(range) = reader.wants() {
        fetch(&mut reader, range);
    }
    let contents = reader.contents().unwrap();
    assert_eq!(contents.flavour, Flavour::Step);
    let all = contents.tensors.len();
    assert_eq!(
        (all, contents.skipped_tensors),
        (TENSORS as usize, 2 * TENSORS as usize)
    );
    reader.select(&(0..all).collect::<Vec<_>>()).unwrap();
    let mut last = 0;
    while let Some(range) = reader.wants() {
        assert!(range.start >= last, "requests go forwards");
        last = range.end;
        fetch(&mut reader, range);
        while let Some((_, tensor)) = reader.take().unwrap() {
            assert!(matches!(tensor.data, Data::Bf16(_)));
        }
    }
    assert!(reader.done());
    let (fed, selected) = reader.progress();
    assert_eq!(fed, selected);
    let third = (file.len() / 3) as u64;
    assert!(
        fetched < third + (100 << 10),
        "{fetched} of {} bytes",
        file.len()
    );
}
