//! `bindgen INPUT FOLDER`: makes of cargo's wasm file one for the web, and the JavaScript and the types that belong to
//! it, in a folder.
use std::env;
use std::error::Error;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let (Some(input), Some(folder)) = (env::args().nth(1), env::args().nth(2)) else {
        return Err(
            "say which file to read and which folder to write: bindgen INPUT FOLDER".into(),
        );
    };
    // As the command line does with `--target web`, whose defaults are others than the library's.
    let mut bindgen = Bindgen::new();
    bindgen
        .web(true)?
        .out_name("cpu1")
        .typescript(true)
        .omit_default_module_path(false)
        .remove_name_section(true)
        .remove_producers_section(true);
    Ok(bindgen.input_path(input).generate(folder)?)
}
