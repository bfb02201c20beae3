//! `cargo xtask firmware build`.

use xtask::firmware::{Image, Variant, build};
use xtask::run::Result;

/// Build the firmware and print the path of its ELF file.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of these images.
    #[arg(default_value = "ngtt")]
    image: Image,

    /// Without the log: what `size` weighs.
    #[arg(long)]
    silent: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let variant = if args.silent {
        Variant::Silent
    } else {
        Variant::Logged
    };
    println!("{}", build(args.image, variant)?.display());
    Ok(())
}
