//! Writes safetensors files of float32 tensors; the browser writes none.

use crate::checkpoint::Value;
use serde_json::{Map, Value as Json, json};
use std::io::{self, Write};

/// Headers are padded to a multiple of this, so that the data of a file in memory are aligned.
const ALIGNMENT: usize = 8;

/// Writes a file, a tensor at a time, and returns its length. The config becomes JSON in `__metadata__.config`. `values`
/// hands over what the tensor of a place holds, as many values as its shape has.
///
/// # Errors
/// Those of `out`.
///
/// # Panics
/// When the values of a tensor do not fit its shape.
pub fn write(
    out: &mut dyn Write,
    config: &Value,
    tensors: &[(&str, &[usize])],
    values: impl Fn(usize) -> Vec<f32>,
) -> io::Result<u64> {
    let mut header = Map::new();
    header.insert("__metadata__".into(), json!({"config": json(config).to_string()}));
    let mut end = 0;
    for (name, shape) in tensors {
        let start = end;
        end += shape.iter().product::<usize>() * size_of::<f32>();
        let tensor = json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]});
        header.insert((*name).into(), tensor);
    }
    let mut header = Json::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(&header)?;
    for (place, (name, shape)) in tensors.iter().enumerate() {
        let values = values(place);
        assert_eq!(values.len(), shape.iter().product::<usize>(), "the values of {name}");
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        out.write_all(&bytes)?;
    }
    Ok((size_of::<u64>() + header.len() + end) as u64)
}

/// A value as JSON; what JSON does not have is null, or its name.
pub fn json(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Str(text) | Value::Opaque(text) => text.as_str().into(),
        Value::Bytes(bytes) => bytes.as_slice().into(),
        Value::List(values) => values.iter().map(json).collect(),
        Value::Dict(items) => {
            let entry = |(key, value): &(Value, Value)| match key {
                Value::Str(key) => Some((key.clone(), json(value))),
                _ => None,
            };
            Json::Object(items.iter().filter_map(entry).collect())
        }
    }
}
