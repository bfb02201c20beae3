//! `cargo xtask firmware panics`.

use xtask::firmware::panics::{self, List};
use xtask::firmware::{Image, Variant, build};
use xtask::run::Result;

/// Every place where the firmware without its log can panic, held to the list that
/// says why nothing from the network reaches it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Of these images.
    #[arg(default_value = "ngtt")]
    image: Image,

    /// Bring the list up to date; new places still want a reason.
    #[arg(long)]
    update: bool,
}

pub(crate) fn run(args: &Args) -> Result {
    let mut list = List::load(args.image)?;
    let places = panics::read(&build(args.image, Variant::Silent)?)?;
    let verdict = if args.update {
        list.update(&places);
        list.save()?;
        println!("written to {}", args.image.panics());
        list.compare(&places)
    } else {
        for (place, ways) in &places {
            let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
            println!("{place}: {}", ways.join(", "));
        }
        list.compare(&places)
    };
    println!("{} places can panic", places.len());
    verdict.outcome()
}
