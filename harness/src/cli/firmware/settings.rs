//! `wigwag firmware settings OUT`.

use rustls::pki_types::UnixTime;

use crate::cli::outcome::{Failure, Outcome};
use crate::cli::output::say;
use crate::cli::provision::{Output, Who};
use crate::firmware;

/// Write the bare image of a device's settings, for the emulated board.
///
/// In it are the server, the roots that the device trusts, its certificate and
/// its private key, which is not encrypted. `wigwag provision` writes images for
/// all boards, with more in them.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    output: Output,
    #[command(flatten)]
    who: Who,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let (settings, _) = args.who.read(UnixTime::now().as_secs())?;
    let image = firmware::image(&settings).map_err(|error| Failure::Usage(error.to_string()))?;
    args.output.write(&image)?;
    say(&format!(
        "{}: {} bytes; the key in it is secret",
        args.output.path.display(),
        image.len()
    ));
    Ok(())
}
