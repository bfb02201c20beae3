//! Prints the public items of a crate, a line each and sorted, from the JSON file that
//! rustdoc made of it: `wigwag-public-api FILE`.
//!
//! Left out is what does not change by hand: blanket implementations, implementations
//! of auto traits, and what `derive` wrote.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("usage: wigwag-public-api FILE.json");
        return ExitCode::from(2);
    };
    let items = public_api::Builder::from_rustdoc_json(&file)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .sorted(true)
        .build();
    match items {
        Ok(items) => {
            print!("{items}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}
